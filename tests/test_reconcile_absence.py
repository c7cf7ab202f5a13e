"""A fixed leak over whole sequences of ticks: its ticket is told once, by measurements, whatever is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memdrift.api.driftincident import Stage
from memdrift.reconcile.gather import gather
from memdrift.remedy.decide import next_step
from memdrift.remedy.steps import TellAbsence
from tests import builders
from tests.fakes import Universe

NEEDED = 240


def deploy(universe: Universe, identity: str, number: int) -> None:
    """Somebody rolls out another revision, all pods at once."""
    universe.born += 2
    fresh = tuple(builders.pod(universe.born - n, universe.now, identity) for n in (0, 1))
    images = ((builders.CONTAINER, f"app:{number}"),)
    revision = replace(universe.target.revisions[-1], identity=identity, number=number, images=images)
    others = tuple(each for each in universe.target.revisions if each.identity != identity)
    universe.target = builders.target(*fresh, revisions=(*others, revision))


async def filed(**spec: object) -> Universe:
    """A leak that was proved and filed, and waits for a person."""
    spec = {"filing": {"absenceSeconds": NEEDED}, "evaluationPeriodSeconds": 10, **spec}
    universe = Universe(store=builders.store("Approve", **spec))  # type: ignore[arg-type]
    await universe.live(300)
    assert universe.incident.status.ticket is not None
    return universe


async def fixed(**spec: object) -> Universe:
    """The same after a revision that does not leak was rolled out."""
    universe = await filed(**spec)
    deploy(universe, "r3", 3)
    universe.behaviour = builders.HEALTHY
    await universe.live(60, until=lambda: universe.incident.status.stage is Stage.CLOSED)
    assert universe.incident.status.stage is Stage.CLOSED
    return universe


def reasons(universe: Universe, kind: str) -> list[str]:
    return [reason for each, reason, _ in universe.events if each == kind]


async def test_a_fixed_leak_is_told_once_with_the_revision_and_the_load() -> None:
    universe = await fixed()
    assert universe.incident.status.load_per_second == "33"
    began = universe.now
    await universe.live(3600, until=lambda: bool(universe.remarks))
    (remark,) = universe.remarks
    assert (universe.now - began).total_seconds() >= NEEDED
    assert "absent for 4 min at comparable load since revision 3" in remark.body_markdown
    assert "80 % of the 33 per second" in remark.body_markdown
    assert f"gone from `{builders.NAMESPACE}/{builders.STORE}`, Deployment `features`: " in remark.body_markdown
    assert "since revision 3 (`app:3`). Nothing is said here of other stores" in remark.body_markdown
    assert remark.marker in universe.tickets
    assert remark.occurrence == "absent-incident-uid-1"
    await universe.live(3 * NEEDED)
    assert len(universe.remarks) == 1
    assert len(universe.incidents) == 1
    status = universe.incident.status
    assert status.absence is not None
    assert status.absence.told_time is not None
    assert status.actions[-1].kind == "LeakAbsent"
    assert (
        reasons(universe, "DriftIncident").count("LeakAbsent")
        == reasons(universe, "FeatureStore").count("LeakAbsent")
        == 1
    )


@pytest.mark.parametrize(("kept", "said"), [(True, "revision 3 (`app:3`)."), (False, "revision 3.")])
async def test_the_image_is_that_of_the_revision_named_and_never_a_later_one(kept: bool, said: str) -> None:
    universe = await fixed()
    await universe.live(NEEDED / 2)
    deploy(universe, "r4", 4)
    if not kept:
        others = tuple(each for each in universe.target.revisions if each.identity != "r3")
        universe.target = replace(universe.target, revisions=others)
    await universe.live(3600, until=lambda: bool(universe.remarks))
    assert f"since {said}" in universe.remarks[0].body_markdown


async def test_the_report_of_the_tick_has_the_same_word() -> None:
    universe = await fixed()
    told = []
    while not told:
        ticked = await universe.tick()
        told = [each.result for each in ticked.report.filings]
        universe.pass_time(max(ticked.due_seconds, 0.1))
    assert told == ["LeakAbsent"]
    assert ticked.report.step == "TellAbsence"


async def test_a_closed_incident_is_written_seldom_while_its_absence_is_counted() -> None:
    universe = await fixed(filing={"absenceSeconds": 2400})
    await universe.live(120)
    universe.status_writes = 0
    await universe.live(600)
    assert 600 / 60 <= universe.status_writes <= 600 / 50 + 2


@pytest.mark.parametrize("lost", ["crash", "note"])
async def test_what_is_lost_after_the_remark_makes_no_second_one(lost: str) -> None:
    universe = await fixed()
    universe.crash_after = {"remark"} if lost == "crash" else set()

    def said() -> bool:
        if lost == "note" and universe.incident.status.absence is not None:
            complete = universe.incident.status.absence.judged_seconds >= NEEDED
            universe.failing = {"writes"} if complete and not universe.remarks else universe.failing
        return bool(universe.remarks)

    await universe.live(3600, until=said)
    assert universe.remarks
    if lost == "note":
        assert universe.incident.status.absence is not None
        assert universe.incident.status.absence.told_time is None
        await universe.live(60)
        universe.failing = set()
    await universe.live(300)
    assert not universe.crash_after
    assert universe.incident.status.absence is not None
    assert universe.incident.status.absence.told_time is not None
    assert len(universe.remarks) == 1


async def test_a_process_that_is_lost_forgets_nothing_of_what_was_counted() -> None:
    universe = await fixed()
    await universe.live(NEEDED / 2)
    before = universe.incident.status.absence
    assert before is not None
    universe.pass_time(90)  # nobody looks; the window of three minutes still has it
    await universe.live(20)
    after = universe.incident.status.absence
    assert after is not None
    assert after.judged_seconds - before.judged_seconds >= 90


async def test_time_that_no_window_reaches_back_to_is_not_counted() -> None:
    universe = await fixed()
    await universe.live(NEEDED / 2)
    before = universe.incident.status.absence
    assert before is not None
    universe.pass_time(10 * NEEDED)
    await universe.live(20)
    assert not universe.remarks
    after = universe.incident.status.absence
    assert after is not None
    assert after.judged_seconds - before.judged_seconds <= builders.WINDOW_SECONDS + 20


async def test_metrics_that_are_away_are_no_absence() -> None:
    universe = await fixed()
    universe.failing = {"metrics"}
    await universe.live(3 * NEEDED)
    assert not universe.remarks
    assert universe.incident.status.absence is None or universe.incident.status.absence.judged_seconds < 60


async def test_a_restart_that_relieves_it_is_no_fix() -> None:
    universe = Universe(store=builders.store(filing={"absenceSeconds": NEEDED}, evaluationPeriodSeconds=10))
    await universe.live(900, until=lambda: bool(universe.incidents) and universe.incident.status.stage is Stage.CLOSED)
    universe.behaviour = builders.HEALTHY
    await universe.live(3 * NEEDED)
    assert universe.incident.status.ticket is not None
    assert universe.incident.status.absence is None
    assert not universe.remarks


async def test_a_rollback_is_a_newer_revision() -> None:
    universe = await filed()
    deploy(universe, "r1", 3)
    universe.behaviour = builders.HEALTHY
    await universe.live(3600, until=lambda: bool(universe.remarks))
    assert "since revision 3" in universe.remarks[0].body_markdown


async def test_a_leak_that_returns_is_filed_again_and_its_next_end_is_told_again() -> None:
    universe = await fixed()
    await universe.live(3600, until=lambda: bool(universe.remarks))
    deploy(universe, "r4", 4)
    universe.behaviour = builders.LEAKING
    await universe.live(900, until=lambda: len(universe.occurrences) == 2)
    assert len(universe.incidents) == len(universe.occurrences) == 2
    assert len(universe.tickets) == 1
    deploy(universe, "r5", 5)
    universe.behaviour = builders.HEALTHY
    await universe.live(3600, until=lambda: len(universe.remarks) == 2)
    assert [each.occurrence for each in universe.remarks] == ["absent-incident-uid-1", "absent-incident-uid-2"]
    assert "since revision 5" in universe.remarks[1].body_markdown
    await universe.live(NEEDED)
    assert len(universe.remarks) == 2


async def test_a_leak_that_returns_before_the_time_is_over_is_not_told_as_gone() -> None:
    universe = await fixed()
    await universe.live(NEEDED / 2)
    assert universe.incident.status.absence is not None
    deploy(universe, "r4", 4)
    universe.behaviour = builders.LEAKING
    await universe.live(2 * NEEDED)
    assert len(universe.incidents) == 2
    assert universe.incidents["features-1"].status.absence is None
    assert not universe.remarks


async def test_a_tracker_that_is_away_is_asked_now_and_then_and_delays_nothing() -> None:
    universe = await fixed()
    universe.failing = {"tracker"}
    await universe.live(2 * NEEDED)
    tried = [message for _, reason, message in universe.events if message.startswith("TellAbsence")]
    assert 1 <= len(tried) <= 2 * NEEDED / 60
    universe.failing = set()
    await universe.live(120, until=lambda: bool(universe.remarks))
    assert len(universe.remarks) == 1


async def test_a_pod_that_serves_no_profile_keeps_no_ticket_from_being_told() -> None:
    universe = await filed()
    universe.failing = {"pprof"}  # so that the fixed revision never has a baseline
    deploy(universe, "r3", 3)
    universe.behaviour = builders.HEALTHY
    await universe.live(1200, until=lambda: bool(universe.remarks))
    assert len(universe.remarks) == 1


async def test_the_ticket_that_was_filed_is_told_whatever_findings_say_since() -> None:
    universe = await fixed()
    incident = universe.incident
    assert incident.status.ticket is not None
    filed_as = incident.status.fingerprint
    assert incident.status.ticket.marker == filed_as
    anew = incident.replace(status=incident.status.replace(fingerprint="another"))
    universe.incidents[incident.metadata.name] = anew
    await universe.live(1200, until=lambda: bool(universe.remarks))
    (remark,) = universe.remarks
    assert remark.marker == filed_as
    assert remark.marker in universe.tickets


async def test_the_first_paragraph_which_is_all_of_a_message_names_the_store() -> None:
    universe = await fixed()
    await universe.live(1200, until=lambda: bool(universe.remarks))
    (remark,) = universe.remarks
    assert remark.body_markdown.startswith(
        "The leak is gone from `market/features`, Deployment `features`: absent for 4 min"
    )


async def test_the_ticket_is_the_last_thing_to_be_told() -> None:
    universe = await fixed()
    await universe.live(3600, until=lambda: bool(universe.remarks))
    name = universe.incident.metadata.name
    known = universe.incident.status
    assert known.absence is not None
    untold = known.replace(absence=known.absence.replace(told_time=None))
    universe.incidents[name] = universe.incident.replace(status=untold)
    world = universe.world()
    facts = await gather(world, builders.NAMESPACE, builders.STORE, universe.fleet, universe.administration)
    assert next_step(facts) == TellAbsence(name)
    assert type(next_step(replace(facts, tidying_due=True))).__name__ == "Tidy"
