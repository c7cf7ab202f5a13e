"""The tick against a small world: stories, faults, crashes, and the promises as properties over random sequences."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memdrift.api.driftincident import Approval, Decision, IncidentOutcome, Judgement, Stage
from memdrift.remedy.reasons import Reason
from memdrift.remedy.stages import RESTARTING
from memdrift.remedy.target import Target
from tests import builders
from tests.fakes import Universe

TOUCHES = {"evict", "annotate", "capture"}
RESTARTS = {"evict", "annotate"}


def kinds(universe: Universe) -> list[str]:
    return [kind for kind, _ in universe.acts]


def closed(universe: Universe) -> bool:
    return bool(universe.incidents) and universe.incident.status.stage is Stage.CLOSED


async def test_a_leak_is_found_proved_filed_relieved_and_the_ledger_kept() -> None:
    universe = Universe()
    await universe.live(900, until=lambda: closed(universe))
    status = universe.incident.status
    assert status.outcome is IncidentOutcome.RELIEVED
    assert [what for kind, what in universe.acts if kind == "evict"] == ["uid-1", "uid-2"] or [
        what for kind, what in universe.acts if kind == "evict"
    ] == ["uid-2", "uid-1"]
    order = kinds(universe)
    assert order.index("put document") < order.index("evict")
    assert order.index("file") < order.index("evict")
    assert max(profile.taken_time for profile in status.profiles) < status.restart_started_time
    assert {pod.uid for pod in status.pods_after}.isdisjoint(pod.uid for pod in status.pods_before)
    assert universe.slot == ""
    assert universe.store.status.budget.used_last_24_hours == 1
    assert universe.store.status.ledger[0].outcome == "Relieved"
    assert status.change.modules[0].module == "github.com/grab/async"


async def test_growth_is_measured_from_the_baseline_even_where_the_windows_begin_after_it() -> None:
    universe = Universe(store=builders.store("Capture"))
    await universe.live(15)
    baseline = universe.store.status.baselines[0]
    assert baseline.memory is not None
    universe.failing = {"metrics"}
    await universe.live(400)  # the window of three minutes has left the baseline behind
    universe.failing = set()
    grown: list[float | None] = []
    analyse = universe._Analyser.analyse

    async def watched(analyser: object, comparison: object) -> object:
        grown.append(comparison.metric_growth_bytes)  # type: ignore[attr-defined]
        return await analyse(analyser, comparison)  # type: ignore[arg-type]

    universe._Analyser = type("Watched", (universe._Analyser,), {"analyse": watched})  # type: ignore[misc]
    await universe.live(120, until=lambda: bool(grown))
    in_window = 24 * 3 * builders.MEBIBYTE
    assert grown
    assert grown[0] is not None
    assert grown[0] > 2 * in_window


async def test_a_healthy_store_is_left_alone_and_written_seldom() -> None:
    universe = Universe(behaviour=builders.HEALTHY)
    await universe.live(300)
    universe.status_writes = 0
    await universe.live(1200)
    assert not universe.incidents
    assert kinds(universe).count("capture") == 1  # the baseline
    assert universe.store.status.baselines[0].healthy
    assert universe.status_writes <= 3  # the heartbeat


async def test_rollout_restarts_all_pods_by_one_annotation() -> None:
    universe = Universe(store=builders.store(remediation={"strategy": "Rollout"}))
    await universe.live(900, until=lambda: closed(universe))
    assert kinds(universe).count("annotate") == 1
    assert universe.incident.status.outcome is IncidentOutcome.RELIEVED
    assert universe.target.restarted_for == "features-1"


@pytest.mark.parametrize(("mode", "touched"), [("Observe", set()), ("Capture", {"capture"}), ("Approve", {"capture"})])
async def test_a_mode_below_enforce_never_restarts(mode: str, touched: set[str]) -> None:
    universe = Universe(store=builders.store(mode))
    await universe.live(600)
    assert universe.incident.status.stage is Stage.HOLDING
    assert TOUCHES & set(kinds(universe)) == touched
    assert bool(universe.tickets) == (mode != "Observe")
    expected = Reason.APPROVAL_REQUIRED if mode == "Approve" else Reason.MODE_FORBIDS
    assert universe.incident.status.reason == expected


async def test_an_approval_of_the_shown_plan_restarts() -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    incident = universe.incident
    assert incident.status.plan is not None
    until = universe.now.replace(year=2027)
    given_ = Approval(plan=incident.status.plan.hash, decision=Decision.APPROVED, by="alice", expires_at=until)
    universe.incidents[incident.metadata.name] = incident.replace(spec=incident.spec.replace(approval=given_))
    await universe.live(600, until=lambda: closed(universe))
    assert universe.incident.status.outcome is IncidentOutcome.RELIEVED


@pytest.mark.parametrize(
    ("decision", "judgement", "outcome"),
    [
        (Decision.DENIED, Judgement.NONE, IncidentOutcome.DENIED),
        (None, Judgement.EXPECTED, IncidentOutcome.EXPECTED),
        (None, Judgement.NOISE, IncidentOutcome.EXPECTED),
    ],
)
async def test_a_person_can_end_it(decision: Decision | None, judgement: Judgement, outcome: IncidentOutcome) -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    incident = universe.incident
    plan = incident.status.plan
    assert plan is not None
    answer = Approval(plan=plan.hash, decision=decision, by="bob") if decision else None
    spec = incident.spec.replace(approval=answer, judgement=judgement)
    universe.incidents[incident.metadata.name] = incident.replace(spec=spec)
    await universe.tick()
    assert universe.incidents[incident.metadata.name].status.outcome is outcome


async def test_a_deleted_store_closes_its_incident_as_gone_with_its_evidence_kept() -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    universe.store = None
    await universe.tick()
    assert universe.incident.status.outcome is IncidentOutcome.GONE
    documents = [key for key in universe.objects if "/document-" in key]
    assert len(documents) == 2
    assert (await universe.tick()).gone


async def test_a_rollback_by_somebody_else_resolves_it() -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    fresh = tuple(builders.pod(number, universe.now, "r1") for number in (11, 12))
    revisions = universe.target.revisions[::-1]
    universe.target = replace(universe.target, pods=fresh, revisions=revisions)
    universe.behaviour = builders.HEALTHY
    await universe.live(60, until=lambda: closed(universe))
    assert universe.incident.status.outcome is IncidentOutcome.RESOLVED


async def test_drift_that_ends_by_itself_resolves_it() -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    universe.behaviour = builders.HEALTHY
    await universe.live(400, until=lambda: closed(universe))
    assert universe.incident.status.outcome is IncidentOutcome.RESOLVED


async def test_the_kill_switch_stops_between_two_pods() -> None:
    universe = Universe()
    await universe.live(900, until=lambda: "evict" in kinds(universe))
    universe.administration = builders.administration(killSwitch=True)
    await universe.live(300)
    assert kinds(universe).count("evict") == 1
    assert universe.incident.status.reason == Reason.KILL_SWITCH
    universe.administration = builders.administration()
    await universe.live(600, until=lambda: closed(universe))
    assert kinds(universe).count("evict") == 2


async def test_an_exhausted_budget_at_the_eviction_gives_the_slot_back_or_waits() -> None:
    universe = Universe(budget_allows=0)
    await universe.live(400)
    assert "evict" not in kinds(universe)
    assert universe.incident.status.actions[-1].detail.startswith("DisruptionBudgetExhausted")
    universe.budget_allows = 1
    await universe.live(600, until=lambda: closed(universe))
    assert kinds(universe).count("evict") == 2


async def test_the_kill_switch_pauses_a_rollout_midway_and_lets_it_go_on() -> None:
    universe = Universe(store=builders.store(remediation={"strategy": "Rollout"}))
    await universe.live(900, until=lambda: "annotate" in kinds(universe))
    universe.administration = builders.administration(killSwitch=True)
    await universe.live(60)
    assert universe.target.paused
    assert universe.incident.status.reason == Reason.KILL_SWITCH
    universe.administration = builders.administration()
    await universe.live(600, until=lambda: closed(universe))
    assert not universe.target.paused
    assert kinds(universe).count("annotate") == 1
    assert universe.incident.status.outcome is IncidentOutcome.RELIEVED


async def test_a_taken_slot_holds() -> None:
    universe = Universe(slot="other/incident-1")
    await universe.live(400)
    assert "evict" not in kinds(universe)
    assert universe.incident.status.reason == Reason.SLOT_TAKEN


async def test_a_slot_lost_at_the_act_asks_every_guard_again() -> None:
    universe = Universe()

    def begun() -> bool:
        return bool(universe.incidents) and universe.incident.status.stage is Stage.RESTARTING_FIRST

    await universe.live(900, until=begun)
    universe.slot = "other/incident-1"
    await universe.tick()
    assert universe.incident.status.reason == Reason.SLOT_TAKEN
    universe.behaviour = builders.HEALTHY
    await universe.tick()
    assert universe.incident.status.stage is Stage.HOLDING
    universe.slot = ""
    await universe.live(600)
    assert not RESTARTS & set(kinds(universe))


@pytest.mark.parametrize("port", ["metrics", "archive", "pprof", "cluster"])
async def test_while_it_fails_nothing_restarts_and_afterwards_it_recovers_without_help(port: str) -> None:
    universe = Universe()
    await universe.live(20)  # only the baseline is taken
    universe.failing = {port}
    await universe.live(300)
    assert not RESTARTS & set(kinds(universe))
    universe.failing = set()
    await universe.live(1500, until=lambda: closed(universe))
    assert universe.incidents["features-1"].status.outcome is IncidentOutcome.RELIEVED


async def test_a_tracker_that_is_down_delays_the_ticket_and_not_for_ever_the_relief() -> None:
    universe = Universe(failing={"tracker"})
    await universe.live(2400, until=lambda: closed(universe))
    assert universe.incident.status.outcome is IncidentOutcome.RELIEVED
    assert universe.incident.status.ticket is None


async def test_profiles_that_explain_too_little_block_the_restart() -> None:
    universe = Universe(explained_percent=20.0)
    await universe.live(600)
    assert not RESTARTS & set(kinds(universe))
    assert universe.incident.status.reason == Reason.EVIDENCE_DOES_NOT_EXPLAIN


@pytest.mark.parametrize("strategy", ["WorstFirst", "Rollout"])
@pytest.mark.parametrize("act", ["open", "put features", "put document", "file", "put decision", "restart"])
async def test_a_crash_right_after_an_effect_repeats_nothing(act: str, strategy: str) -> None:
    universe = Universe(store=builders.store(remediation={"strategy": strategy}))
    universe.crash_after = {("evict" if strategy == "WorstFirst" else "annotate") if act == "restart" else act}
    await universe.live(1200, until=lambda: closed(universe))
    assert not universe.crash_after
    assert len(universe.incidents) == 1
    assert len(universe.tickets) == 1
    assert universe.incident.status.outcome is IncidentOutcome.RELIEVED
    touched = [what for kind, what in universe.acts if kind in RESTARTS]
    assert len(touched) == len(set(touched)) == (2 if strategy == "WorstFirst" else 1)
    assert universe.slot == ""


async def test_refusals_before_anything_is_asked_name_the_field() -> None:
    rows = {
        "spec.capture.port": builders.store(capture={"port": 9999}),
        "spec.capture.basePath": builders.store(capture={"basePath": "/admin"}),
        "spec.metrics.source": builders.store(metrics={"source": "other"}),
        "spec.filing.tracker": builders.store(filing={"tracker": "other"}),
        "spec.remediation.allowedWindows[].timeZone": builders.store(
            remediation={"allowedWindows": [{"start": "01:00", "end": "02:00", "timeZone": "Mars/Olympus"}]}
        ),
        "spec.remediation.strategy": builders.store(remediation={"strategy": "Quarantine"}),
        "spec.remediation.dependencyGroup": builders.store(remediation={"dependencyGroup": "g"}),
    }
    for field, store in rows.items():
        universe = Universe(store=store)
        await universe.live(300)
        ready = next(each for each in universe.store.status.conditions if each.type == "Ready")
        assert ready.status == "False"
        assert field in ready.message
        assert not universe.acts
        assert any(each.type == "Stalled" for each in universe.store.status.conditions)


OPERATIONS = st.sampled_from(
    ["wait", "wait", "wait", "metrics", "archive", "cluster", "tracker", "pprof", "writes", "heal", "heal", "kill",
     "unkill", "pause", "unpause", "crash evict", "crash put features", "crash file", "budget 0", "budget 1",
     "observe", "enforce", "approve mode", "in place", "deploy", "replaced", "scale up", "scale down"]
)  # fmt: skip


def apply(universe: Universe, operation: str) -> None:
    """One thing that happens to the world."""
    if operation in {"metrics", "archive", "cluster", "tracker", "pprof", "writes"}:
        universe.failing.add(operation)
    elif operation == "heal":
        universe.failing.clear()
    elif operation in {"kill", "unkill"}:
        universe.administration = builders.administration(killSwitch=operation == "kill")
    elif operation in {"pause", "unpause"}:
        universe.edit(pauseRequests=["hands off"] if operation == "pause" else [])
    elif operation.startswith("crash"):
        universe.crash_after = {operation.removeprefix("crash ")}
    elif operation.startswith("budget"):
        universe.budget_allows = int(operation[-1])
    elif operation in {"observe", "enforce", "approve mode"}:
        universe.edit(mode={"observe": "Observe", "enforce": "Enforce", "approve mode": "Approve"}[operation])

    elif operation in {"in place", "deploy", "replaced", "scale up", "scale down"}:
        universe.target = moved(universe, operation)


def moved(universe: Universe, operation: str) -> Target:
    """The workload after others did something to it; a rollout of ours that is paused stays as it is."""
    target, now = universe.target, universe.now
    first, *others = target.pods
    universe.born += 1
    if operation == "in place":
        first = replace(first, containers=(replace(first.containers[0], started_at=now, restarts=1),))
        return replace(target, pods=(first, *others))
    if operation == "deploy":
        revision = replace(target.revisions[-1], identity=f"r{universe.born}", number=target.revisions[-1].number + 1)
        universe.born += len(target.pods)
        fresh = tuple(builders.pod(universe.born - n, now, revision.identity) for n in range(len(target.pods)))
        return builders.target(*fresh, revisions=(*target.revisions, revision))
    fresh = builders.pod(universe.born, now, target.revision)
    if operation == "replaced":
        pods = (*others, fresh)
    elif operation == "scale up":
        pods = (*target.pods, fresh)
    else:
        pods = tuple(others) or target.pods
    ready = sum(1 for pod in pods if pod.ready)
    return replace(target, pods=pods, desired_replicas=len(pods), ready_replicas=ready, rolling=ready < len(pods))


def promises_hold(universe: Universe, before: int, operation: str) -> None:
    """What must be true of every restart, whatever happened."""
    fresh = [(kind, what) for kind, what in universe.acts[before:] if kind in RESTARTS]
    if fresh:
        stored = [key for key in universe.objects if "/profiles/" in key and "-heap" in key]
        assert stored, "a restart without stored evidence"
        assert not universe.administration.kill_switch
        assert universe.store.spec.mode == "Enforce"
        assert not universe.store.spec.pause_requests
    if universe.slot:
        holder = universe.incidents[universe.slot.removeprefix(f"{builders.NAMESPACE}/")]
        assert holder.status.stage in RESTARTING, "the slot is held by an incident that restarts nothing"
    restarted = [what for kind, what in universe.acts if kind == "evict"]
    assert len(restarted) == len(set(restarted)), "a pod was restarted twice"
    per_incident = len({what for kind, what in universe.acts if kind == "open"})
    assert len(universe.tickets) <= per_incident
    if universe.store.spec.mode == "Observe":
        touched = [kind for kind, _ in universe.acts[before:] if kind in TOUCHES]
        assert not touched, f"Observe touched a pod after {operation}"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(OPERATIONS, st.integers(5, 90)), min_size=3, max_size=15))
def test_promises_hold_over_random_sequences(sequence: list[tuple[str, int]]) -> None:
    async def run() -> None:
        universe = Universe()
        for operation, seconds in sequence:
            before = len(universe.acts)
            apply(universe, operation)
            await universe.live(seconds)
            promises_hold(universe, before, operation)

    asyncio.run(run())


@settings(max_examples=5, deadline=None)
@given(st.integers(1, 3), st.integers(200, 1800))
def test_budgets_and_cooldowns_hold_for_a_leak_that_returns(maximum: int, cooldown: int) -> None:
    async def run() -> None:
        remediation = {"maxPer24Hours": maximum, "cooldownSeconds": cooldown, "maxConsecutive": 20}
        universe = Universe(store=builders.store(remediation=remediation, evaluationPeriodSeconds=30))
        await universe.live(3 * 3600)
        starts = sorted(
            incident.status.restart_started_time
            for incident in universe.incidents.values()
            if incident.status.restart_started_time is not None
        )
        assert 1 <= len(starts) <= maximum
        assert all((later - earlier).total_seconds() >= cooldown for earlier, later in pairwise(starts))

    asyncio.run(run())
