"""The report of an incident that was lived through: stored at filing, stored again at its end, named in the ticket."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from memdrift.api.driftincident import Stage
from memdrift.errors import CaptureFailed, ClusterUnavailable
from memdrift.evidence.findings import Comparison
from memdrift.reconcile import reporting
from memdrift.reconcile.gather import gather
from memdrift.reconcile.world import Fleet
from memdrift.report import exhibit as exhibits
from memdrift.report.exhibit import Exhibit, GrownStack
from memdrift.report.panels import Panel, Picture
from memdrift.report.view import IncidentView
from tests import builders
from tests.fakes import Universe
from tests.report.exhibits import picture
from tests.report.incidents import incident


def stored(universe: Universe, name: str) -> list[bytes]:
    return [content for key, (content, _) in universe.objects.items() if key.rsplit("/", 1)[-1].startswith(f"{name}-")]


def newest_exhibit(universe: Universe) -> Exhibit:
    kept = universe.incident.status.exhibit
    assert kept is not None
    return exhibits.decode(universe.objects[kept.uri.removeprefix("memory:")][0])


async def test_at_filing_it_is_in_the_archive_with_chart_and_stacks_and_the_ticket_names_it() -> None:
    universe = Universe(store=builders.store("Capture"))
    await universe.live(900, until=lambda: bool(universe.tickets))

    status = universe.incident.status
    assert status.report is not None
    page = universe.objects[status.report.uri.removeprefix("memory:")][0].decode()
    assert page.startswith("<!doctype html>")
    assert 'class="chart"' in page
    assert "context.WithCancel" in page
    shown = newest_exhibit(universe)
    worst = status.affected_pods[0].name
    assert shown.pictures[0].title.startswith(worst)
    assert [word for word, _ in shown.pictures[0].marks] == ["onset"]
    assert len(shown.pictures) >= len(status.affected_pods)
    (ticket,) = universe.tickets.values()
    assert status.report.uri in ticket.body_markdown


@pytest.mark.parametrize("mode", ["Capture", "Enforce"])
async def test_every_stored_document_names_the_report_that_was_stored_before_it(mode: str) -> None:
    """At filing and at the end: whoever has the archive only finds from one file to the other."""
    universe = Universe(store=builders.store(mode))
    done = Stage.CLOSED if mode == "Enforce" else Stage.HOLDING
    await universe.live(2400, until=lambda: universe.incidents and universe.incident.status.stage is done)
    documents = [json.loads(content)["status"] for content in stored(universe, "document")]
    assert documents
    for name in ("report", "exhibit"):
        named = [status[name]["uri"].removeprefix("memory:") for status in documents]
        assert len(set(named)) == len(documents), "each document has a report of its own"
        for key, status in zip(named, documents, strict=True):
            content, _ = universe.objects[key]
            assert hashlib.sha256(content).hexdigest() == status[name]["sha256"]
    first = next(status for status in documents if "closedTime" not in status)
    assert "Closed:" not in universe.objects[first["report"]["uri"].removeprefix("memory:")][0].decode()


async def test_at_the_end_it_is_written_again_with_what_was_done() -> None:
    universe = Universe()
    await universe.live(2400, until=lambda: universe.incidents and universe.incident.status.stage is Stage.CLOSED)

    status = universe.incident.status
    assert status.report is not None
    page = universe.objects[status.report.uri.removeprefix("memory:")][0].decode()
    assert f"Closed: {status.outcome}" in page
    assert "restart" in page
    assert len(stored(universe, "report")) >= 2
    assert newest_exhibit(universe).stacks, "the stacks of before are kept"
    titles = [each.title for each in newest_exhibit(universe).pictures]
    leaked = [f"{pod.name} {universe.incident.spec.container}" for pod in status.affected_pods]
    assert not {pod.name for pod in status.affected_pods} & {pod.name for pod in universe.target.pods}, "all went"
    assert titles[: len(leaked)] == leaked, "the pods that leaked come first, though they are gone"
    assert len(titles) > len(leaked), "and the fresh ones after them"


async def test_profiles_that_cannot_be_read_again_leave_a_report_without_stacks() -> None:
    universe = Universe(store=builders.store("Capture"))

    async def broken(_analyser: object, _comparison: Comparison) -> tuple[GrownStack, ...]:
        raise CaptureFailed("TooLarge", "decoding took too much memory")

    universe._Analyser = type("Broken", (universe._Analyser,), {"grown_stacks": broken})  # type: ignore[misc]
    await universe.live(900, until=lambda: bool(universe.tickets))

    assert newest_exhibit(universe).stacks == ()
    assert "TooLarge" in newest_exhibit(universe).stacks_are
    assert universe.incident.status.report is not None


async def test_pictures_that_cannot_be_made_leave_a_report_that_says_so(caplog: pytest.LogCaptureFixture) -> None:
    universe = Universe(store=builders.store("Capture"))
    await universe.live(900, until=lambda: bool(universe.tickets))
    world, before = universe.world(), set(universe.objects)
    facts = await gather(world, builders.NAMESPACE, builders.STORE, Fleet(), universe.administration)
    unmeasurable = SimpleNamespace(seconds=builders.WINDOW_SECONDS, lives=None, past_lives=None)

    kept = await reporting.keep(world, replace(facts, windows=(unmeasurable,)), universe.incident)  # type: ignore[arg-type]

    shown = exhibits.decode(universe.objects[kept.exhibit[0].removeprefix("memory:")][0])
    assert (shown.pictures, shown.stacks) == ((), ())
    assert "could not be made" in shown.stacks_are
    assert kept.report is not None
    page = universe.objects[kept.report[0].removeprefix("memory:")][0].decode()
    assert "The measurements are not in this report" in page
    assert universe.incident.status.profiles[0].uri in page
    assert len(set(universe.objects) - before) == 2
    (told,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert universe.incident.metadata.name in told.getMessage()
    assert told.exc_info


async def test_a_picture_that_fails_keeps_no_incident_open_and_no_ticket_unfiled() -> None:
    universe = Universe()

    async def broken(_analyser: object, _comparison: Comparison) -> tuple[GrownStack, ...]:
        raise ZeroDivisionError("a stack that nobody thought of")

    universe._Analyser = type("Broken", (universe._Analyser,), {"grown_stacks": broken})  # type: ignore[misc]
    await universe.live(2400, until=lambda: universe.incidents and universe.incident.status.stage is Stage.CLOSED)

    assert universe.incident.status.stage is Stage.CLOSED
    assert universe.incident.status.report is not None
    assert len(universe.tickets) == 1
    assert universe.slot == ""
    assert "could not be made" in newest_exhibit(universe).stacks_are


async def test_what_is_known_to_fail_for_a_while_is_tried_again_by_the_next_tick() -> None:
    universe = Universe(store=builders.store("Capture"))

    async def away(_analyser: object, _comparison: Comparison) -> tuple[GrownStack, ...]:
        raise ClusterUnavailable("ApiServerTimedOut", "no answer")

    universe._Analyser = type("Away", (universe._Analyser,), {"grown_stacks": away})  # type: ignore[misc]
    await universe.live(600)

    assert universe.incident.status.report is None
    assert universe.incident.status.reason == "ApiServerTimedOut"
    assert stored(universe, "report") == []


def test_a_page_that_cannot_be_written_keeps_nothing_from_going_on() -> None:
    unlabelled = picture()
    broken = Picture(unlabelled.title, 0.0, 1.0, (), (Panel("load", np.ones(3), label=_failing),))

    assert reporting._page(IncidentView(incident(), exhibit=Exhibit(pictures=(broken,)))) is None
    assert reporting._page(IncidentView(incident(), exhibit=Exhibit(pictures=(unlabelled,))))


def _failing(_value: float) -> str:
    raise RuntimeError("a unit that nobody thought of")
