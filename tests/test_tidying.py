"""Retention as a step: one deletion per tick, only with what is needed in sight, never during an incident."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from memdrift.api.driftincident import Stage
from memdrift.reconcile import tidying
from memdrift.remedy.target import Revision
from memdrift.report.chapters import raw_profiles
from memdrift.report.view import IncidentView
from tests import builders
from tests.fakes import Universe

DAY = 86_400


def keeping(after_days: int | None) -> dict[str, object]:
    retention = {} if after_days is None else {"retention": {"afterDays": after_days}}
    return {"archives": [{"name": "folder", "url": "file:///archive", **retention}]}


_lived: list[Universe] = []


async def closed_incident(after_days: int | None) -> Universe:
    """A leak on four pods, proved and over, with more profiles than must stay; lived through once for all tests."""
    if not _lived:
        _lived.append(await _closed_incident())
    universe = copy.deepcopy(_lived[0])
    universe.administration = builders.administration(**keeping(after_days))
    return universe


async def _closed_incident() -> Universe:
    pods = [builders.pod(number) for number in (1, 2, 3, 4)]
    universe = Universe(target=builders.target(*pods))
    universe.edit(capture={"maxPods": 4})
    await universe.live(7200, until=lambda: bool(universe.incidents) and universe.incident.status.stage is Stage.CLOSED)
    assert universe.incident.status.stage is Stage.CLOSED
    universe.behaviour = builders.HEALTHY
    return universe


def discarded(universe: Universe) -> list[str]:
    return [what for kind, what in universe.acts if kind == "discard"]


async def later(universe: Universe, days: float) -> None:
    """So long afterwards, with a few looks every twelve hours."""
    for _ in range(int(days * 2)):
        universe.pass_time(12 * 3600)
        await universe.live(20)


async def test_by_default_nothing_is_ever_deleted() -> None:
    universe = await closed_incident(None)
    stored = set(universe.objects)
    await later(universe, 3)
    assert discarded(universe) == []
    assert stored <= set(universe.objects)


async def test_first_last_and_worst_stay_and_every_look_deletes_one_file() -> None:
    universe = await closed_incident(1)
    status = universe.incident.status
    before = len(universe.acts)
    assert discarded(universe) == []
    await later(universe, 3)
    assert discarded(universe)
    assert len(universe.acts) > before
    for kind in ("heap", "goroutine"):
        of_kind = [each for each in status.profiles if str(each.kind) == kind]
        worst = min(of_kind, key=lambda each: [pod.uid for pod in status.affected_pods].index(each.pod_uid))
        needed = {
            min(of_kind, key=lambda each: each.taken_time).uri,
            max(of_kind, key=lambda each: each.taken_time).uri,
        }
        for uri in needed | {worst.uri}:
            assert uri.removeprefix("memory:") in universe.objects
    assert status.decision is not None
    assert status.decision.uri.removeprefix("memory:") in universe.objects
    assert any("/document-" in key for key in universe.objects)
    assert all(
        f"memory:{key}" not in {row.uri for row in universe.store.status.baselines} for key in discarded(universe)
    )


async def test_an_incident_whose_resource_is_gone_is_thinned_by_its_document() -> None:
    universe = await closed_incident(1)
    universe.incidents.clear()
    await later(universe, 3)
    assert any("/profiles/" in key for key in discarded(universe))


async def test_a_document_that_cannot_be_read_keeps_everything() -> None:
    universe = await closed_incident(1)
    universe.incidents.clear()
    for key in universe.objects:
        if "/document-" in key:
            universe.objects[key] = (b"{}", {})
    await later(universe, 3)
    assert not any("/profiles/" in key for key in discarded(universe))


async def test_nothing_is_deleted_while_an_incident_is_open_or_the_kill_switch_is_on() -> None:
    universe = await closed_incident(1)
    universe.administration = builders.administration(**keeping(1), killSwitch=True)
    await later(universe, 3)
    assert discarded(universe) == []


def stored_report(universe: Universe, name: str, content: bytes = b"<!doctype html>") -> str:
    """One more file in the incident's folder, as a close that was repeated leaves it."""
    decision = universe.incident.status.decision
    assert decision is not None
    key = f"{decision.uri.removeprefix('memory:').rsplit('/', 1)[0]}/{name}"
    universe.objects[key] = (content, {})
    return key


def named_by_the_incident(universe: Universe) -> set[str]:
    status = universe.incident.status
    documents = (status.report, status.exhibit, status.archive, status.decision)
    return {each.uri.removeprefix("memory:") for each in documents if each is not None}


@pytest.mark.parametrize("resource", ["is there", "is gone"])
async def test_of_repeated_closes_only_what_the_incident_names_stays(resource: str) -> None:
    universe = await closed_incident(1)
    named = named_by_the_incident(universe)
    report, exhibit = universe.incident.status.report, universe.incident.status.exhibit
    assert report is not None
    assert exhibit is not None
    repeated = [stored_report(universe, f"report-{number}.html") for number in range(3)]
    repeated += [stored_report(universe, f"exhibit-{number}.json") for number in range(3)]
    for stored in (report, exhibit):  # the last close is the one on record
        key = stored.uri.removeprefix("memory:")
        universe.objects[key] = universe.objects.pop(key)
    if resource == "is gone":
        universe.incidents.clear()
    await later(universe, 8)
    assert set(repeated) <= set(discarded(universe))
    left = {key.rsplit("/", 1)[-1].split("-")[0] for key in universe.objects if "/profiles/" not in key}
    assert {"report", "exhibit", "document", "decision"} <= left
    assert sum("/report-" in key for key in universe.objects) == 1
    assert sum("/exhibit-" in key for key in universe.objects) == 1
    assert {report.uri.removeprefix("memory:"), exhibit.uri.removeprefix("memory:")} <= set(universe.objects)
    if resource == "is there":
        assert named <= set(universe.objects)


async def test_a_newer_report_that_is_not_on_record_replaces_nothing_that_is() -> None:
    universe = await closed_incident(1)
    named = named_by_the_incident(universe)
    newer = stored_report(universe, "report-of-a-close-that-was-never-written.html")
    await later(universe, 8)
    assert named | {newer} <= set(universe.objects)


def base_of_every_command(universe: Universe) -> list[str]:
    """What the report's `go tool pprof` lines name, as keys."""
    rows = raw_profiles(IncidentView(universe.incident, universe.store))
    assert any("-diff_base=" in row.command for row in rows)
    return [row.uri.removeprefix("memory:") for row in rows if "/baselines" in row.uri or "baselines/" in row.uri]


async def deployed(universe: Universe, revisions: Sequence[str]) -> None:
    """Healthy releases, one after the other, each with a baseline; the store forgets those of the first ones."""
    universe.behaviour = builders.HEALTHY
    for number, revision in enumerate(revisions):
        pods = tuple(builders.pod(100 * (number + 1) + each, universe.now, revision) for each in (1, 2, 3, 4))
        known = (
            *universe.target.revisions,
            Revision(revision, number + 3, universe.now, ((builders.CONTAINER, "app:3"),)),
        )
        universe.target = replace(universe.target, pods=pods, revisions=known, rolling=False, paused=False)
        await universe.live(120)
    assert universe.store is not None
    status = universe.store.status
    assert {row.revision for row in status.baselines} >= set(revisions)
    universe.store = universe.store.replace(
        status=status.replace(baselines=[row for row in status.baselines if row.revision in revisions[-1:]])
    )


@pytest.mark.parametrize("resource", ["is there", "is gone"])
async def test_what_a_kept_incident_was_compared_with_stays(resource: str) -> None:
    universe = await closed_incident(1)
    bases = base_of_every_command(universe)
    assert bases
    await deployed(universe, ["r3", "r4"])
    if resource == "is gone":
        universe.incidents.clear()
    await later(universe, 8)
    dispensed = [key for key in discarded(universe) if key.startswith("baselines/")]
    assert set(bases) <= set(universe.objects)
    assert dispensed, "those of a release without an incident go"
    assert all("/r3/" in key for key in dispensed)


async def test_where_it_is_not_known_what_profiles_were_compared_with_every_baseline_stays() -> None:
    universe = await closed_incident(1)
    await deployed(universe, ["r3", "r4"])
    universe.incidents.clear()
    for key in universe.objects:
        if "/document-" in key:
            universe.objects[key] = (json.dumps({"kind": "another"}).encode(), {})
    await later(universe, 8)
    assert not any(key.startswith("baselines/") for key in discarded(universe))


async def test_an_archive_that_is_away_is_asked_again_in_an_hour_and_delays_nothing() -> None:
    universe = await closed_incident(1)
    await later(universe, 1.5)
    done = len(discarded(universe))
    universe.failing.add("archive")
    await later(universe, 2)
    assert len(discarded(universe)) == done
    universe.failing.clear()


def test_the_first_looks_of_many_stores_are_spread() -> None:
    universe = Universe(administration=builders.administration(**keeping(1)))
    world = universe.world()
    for number in range(200):
        tidying.due(world, "market", f"store-{number}", universe.administration, universe.now)
    seconds = sorted((due - universe.now).total_seconds() for due in world.tidy_next.values())
    assert seconds[0] >= 0
    assert seconds[-1] <= tidying.FIRST_WITHIN_SECONDS
    assert seconds[150] - seconds[50] > 600


@pytest.mark.parametrize("name", ["a-1", "a"])
def test_folders_of_another_store_with_a_similar_name_are_not_taken(name: str) -> None:
    pattern = tidying.folder_pattern(name)
    assert pattern.fullmatch(f"{name}-12-0a1b2c3d")
    assert not pattern.fullmatch(f"{name}-1-3-0a1b2c3d")
    assert not pattern.fullmatch(f"b{name}-1-0a1b2c3d")
