"""What must not happen between a decision and its end: the world changes, data stop, people change their minds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from memdrift.api.driftincident import (
    Approval,
    Decision,
    DriftIncident,
    DriftIncidentSpec,
    DriftIncidentStatus,
    IncidentOutcome,
    Judgement,
    ObjectMeta,
    ObjectRef,
    Stage,
)
from memdrift.reconcile import comparing
from memdrift.reconcile.gather import gather
from memdrift.reconcile.world import Fleet
from memdrift.remedy.decide import KEPT_CLOSED_INCIDENTS
from memdrift.remedy.reasons import Reason
from tests import builders
from tests.fakes import Universe
from tests.remedy.test_guards import incident

RESTARTS = {"evict", "annotate"}


def kinds(universe: Universe) -> list[str]:
    return [kind for kind, _ in universe.acts]


def in_stage(universe: Universe, *stages: Stage) -> Callable[[], bool]:
    return lambda: bool(universe.incidents) and universe.incident.status.stage in stages


async def until_stage(universe: Universe, stage: Stage) -> None:
    await universe.live(1500, until=in_stage(universe, stage))
    assert universe.incident.status.stage is stage


def rollout() -> Universe:
    return Universe(store=builders.store(remediation={"strategy": "Rollout"}))


def another_workload(universe: Universe) -> None:
    """`spec.targetRef` names another, leaking workload now."""
    pods = tuple(builders.pod(number, universe.now - timedelta(seconds=300), "other") for number in (21, 22))
    revisions = (replace(universe.target.revisions[-1], identity="other"),)
    universe.target = builders.target(*pods, uid="other-uid", name="other", revisions=revisions)


@pytest.mark.parametrize("strategy", ["WorstFirst", "Rollout"])
async def test_metrics_that_stop_between_decision_and_act_stop_the_act(strategy: str) -> None:
    universe = Universe(store=builders.store(remediation={"strategy": strategy}))
    await until_stage(universe, Stage.RESTARTING_FIRST)
    universe.failing = {"metrics"}
    await universe.live(120)
    assert not RESTARTS & set(kinds(universe))
    assert universe.incident.status.stage is Stage.HOLDING
    assert universe.incident.status.reason == Reason.METRICS_UNAVAILABLE


async def test_metrics_that_stop_between_two_pods_stop_the_second_one() -> None:
    universe = Universe()
    await until_stage(universe, Stage.COMPARING_FIRST)
    universe.failing = {"metrics"}
    await universe.live(300)
    assert kinds(universe).count("evict") == 1
    assert universe.incident.status.reason == Reason.METRICS_UNAVAILABLE
    universe.failing = set()
    await universe.live(600, until=in_stage(universe, Stage.CLOSED))
    assert kinds(universe).count("evict") == 2


async def test_a_mode_lowered_to_approve_between_two_pods_asks_a_person_first() -> None:
    universe = Universe()
    await until_stage(universe, Stage.COMPARING_FIRST)
    universe.edit(mode="Approve")
    await universe.live(300)
    assert kinds(universe).count("evict") == 1
    assert universe.incident.status.reason == Reason.APPROVAL_REQUIRED


async def test_an_approval_withdrawn_between_two_pods_stops_the_second_one() -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    plan = universe.incident.status.plan.hash
    until = universe.now.replace(year=2027)
    answer(universe, Approval(plan=plan, decision=Decision.APPROVED, by="a", expires_at=until))
    await until_stage(universe, Stage.COMPARING_FIRST)
    answer(universe, Approval(plan=plan, decision=Decision.DENIED, by="b"))
    await universe.live(300)
    assert kinds(universe).count("evict") == 1


async def test_a_no_to_an_older_plan_is_not_overruled_by_enforce() -> None:
    universe = Universe(store=builders.store(remediation={"allowedWindows": [CLOSED_NOW]}))
    await universe.live(300)
    answer(universe, Approval(plan="0123456789abcdef", decision=Decision.DENIED, by="b"))
    universe.edit(remediation={"allowedWindows": []})
    await universe.live(300)
    assert not RESTARTS & set(kinds(universe))
    assert universe.incident.status.reason == Reason.APPROVAL_STALE


CLOSED_NOW = {"days": ["Sunday"], "start": "01:00", "end": "02:00"}


def answer(universe: Universe, approval: Approval) -> None:
    incident = universe.incident
    universe.incidents[incident.metadata.name] = incident.replace(spec=incident.spec.replace(approval=approval))


@pytest.mark.parametrize("strategy", ["WorstFirst", "Rollout"])
async def test_a_restart_whose_note_was_lost_is_found_after_an_outage_longer_than_the_deadline(strategy: str) -> None:
    universe = Universe(store=builders.store(remediation={"strategy": strategy}))
    universe.crash_after = {"evict" if strategy == "WorstFirst" else "annotate"}
    await universe.live(1500, until=lambda: not universe.crash_after)
    intended = universe.now
    universe.failing = {"cluster"}
    await universe.live(1000)
    universe.failing = set()
    await universe.tick()
    assert universe.incident.status.restart_started_time is not None
    assert universe.incident.status.restart_started_time <= intended


async def test_another_target_named_between_decision_and_act_is_not_restarted() -> None:
    universe = rollout()
    await until_stage(universe, Stage.RESTARTING_FIRST)
    another_workload(universe)
    await universe.tick()
    assert not RESTARTS & set(kinds(universe))
    assert universe.incident.status.restart_started_time is None


@pytest.mark.parametrize("stage", [Stage.RESTARTING_FIRST, Stage.COMPARING_FIRST, Stage.VERIFYING])
async def test_pods_of_another_target_are_never_taken_for_the_fresh_ones(stage: Stage) -> None:
    universe = Universe()
    await until_stage(universe, stage)
    evicted = kinds(universe).count("evict")
    another_workload(universe)
    await universe.live(30)
    first = universe.incidents["features-1"].status
    assert kinds(universe).count("evict") == evicted
    assert first.outcome in {IncidentOutcome.INCONCLUSIVE, IncidentOutcome.RESOLVED}
    assert bool(first.restart_started_time) == bool(evicted)
    assert universe.slot == ""


async def test_scaled_down_while_the_first_pod_is_watched_it_ends_and_frees_the_slot() -> None:
    universe = Universe(target=builders.target(builders.pod(1), builders.pod(2), builders.pod(3)))
    await until_stage(universe, Stage.COMPARING_FIRST)
    old = tuple(pod for pod in universe.target.pods if pod.uid in {"uid-1", "uid-2", "uid-3"})
    universe.target = replace(universe.target, pods=old, desired_replicas=2, ready_replicas=2, rolling=False)
    await universe.live(1200, until=in_stage(universe, Stage.CLOSED))
    assert universe.incident.status.outcome is IncidentOutcome.INCONCLUSIVE
    assert universe.slot == ""


@pytest.mark.parametrize("stage", [Stage.RESTARTING_FIRST, Stage.COMPARING_FIRST, Stage.RESTARTING_REST])
async def test_a_store_that_cannot_be_judged_any_more_does_not_keep_the_slot(stage: Stage) -> None:
    universe = Universe()
    await until_stage(universe, stage)
    universe.edit(capture={"port": 9999})
    await universe.live(3000)
    assert universe.slot == ""
    first = universe.incidents["features-1"].status
    assert first.stage is Stage.HOLDING or first.outcome is IncidentOutcome.INCONCLUSIVE


async def test_what_a_person_judged_expected_stays_quiet_also_in_new_pods_until_it_is_beyond_that() -> None:
    universe = Universe(store=builders.store(remediation={"allowedWindows": [CLOSED_NOW]}))
    await universe.live(300)
    incident = universe.incident
    universe.incidents["features-1"] = incident.replace(spec=incident.spec.replace(judgement=Judgement.EXPECTED))
    universe.edit(remediation={"allowedWindows": []})
    await universe.live(60)
    fresh = tuple(builders.pod(number, universe.now) for number in (11, 12))
    universe.target = replace(universe.target, pods=fresh)
    await universe.live(240)
    assert list(universe.incidents) == ["features-1"]
    assert universe.incident.status.outcome is IncidentOutcome.EXPECTED
    assert Reason.JUDGED_EXPECTED in {each.reason for each in universe.store.status.conditions}
    assert len(universe.tickets) == 1
    assert not RESTARTS & set(kinds(universe))
    await universe.live(600)
    assert list(universe.incidents) == ["features-1", "features-2"]


async def test_a_denied_incident_is_not_opened_again_for_the_same_pods() -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    answer(universe, Approval(plan=universe.incident.status.plan.hash, decision=Decision.DENIED, by="b"))
    await universe.live(900)
    assert list(universe.incidents) == ["features-1"]
    assert len(universe.tickets) == 1
    remediating = next(each for each in universe.store.status.conditions if each.type == "Remediating")
    assert "features-1" in remediating.message


async def test_a_pod_that_serves_no_heap_profile_is_not_asked_again_and_again() -> None:
    universe = Universe()
    await universe.live(30)
    universe.unserved_kinds = {"heap"}
    await universe.live(260)
    assert kinds(universe).count("capture") <= 1 + 4
    assert universe.incident.status.capture_failures
    assert len(universe.incident.status.profiles) <= 2


async def test_without_heap_profiles_being_asked_for_the_others_are_taken_once() -> None:
    universe = Universe(store=builders.store(capture={"profiles": ["goroutine"], "baseline": False}))
    await universe.live(400)
    assert kinds(universe).count("capture") == len({what for kind, what in universe.acts if kind == "capture"})
    assert universe.incident.status.stage is Stage.HOLDING
    assert universe.incident.status.reason == Reason.EVIDENCE_MISSING


async def test_profiles_of_one_container_explain_nothing_of_another() -> None:
    universe = Universe(store=builders.store("Approve"))
    await until_stage(universe, Stage.ANALYSING)
    world, known = universe.world(), universe.incident
    facts = await gather(world, builders.NAMESPACE, builders.STORE, universe.fleet, universe.administration)
    sidecar = known.replace(spec=known.spec.replace(container="sidecar"))
    assert (await comparing.analyse(world, facts, known)).findings.explained_percent is not None
    assert (await comparing.analyse(world, facts, sidecar)).findings.explained_percent is None


async def test_a_baseline_that_cannot_be_taken_is_tried_once_a_period_and_never_without_metrics() -> None:
    universe = Universe(store=builders.store(evaluationPeriodSeconds=60), behaviour=builders.HEALTHY)
    universe.unserved_kinds = {"heap"}
    await universe.live(600)
    assert 1 <= kinds(universe).count("capture") <= 11
    universe.failing = {"metrics"}
    tried = kinds(universe).count("capture")
    await universe.live(300)
    assert kinds(universe).count("capture") == tried


async def test_a_baseline_that_cannot_be_taken_keeps_no_closed_incidents_for_ever() -> None:
    universe = Universe(store=builders.store(evaluationPeriodSeconds=60), behaviour=builders.HEALTHY)
    universe.failing = {"pprof"}
    for number in range(1, KEPT_CLOSED_INCIDENTS + 4):
        closed = incident(number, stage=Stage.CLOSED, outcome="Resolved", fingerprint=f"f{number}")
        universe.incidents[closed.metadata.name] = closed
    await universe.live(300)
    assert len(universe.incidents) == KEPT_CLOSED_INCIDENTS
    assert any("TakeBaseline" in message for _, _, message in universe.events)


async def test_the_newest_closed_incidents_stay_however_many_older_ones_are_needed() -> None:
    universe = Universe(store=builders.store(evaluationPeriodSeconds=60), behaviour=builders.HEALTHY)
    for number in range(1, KEPT_CLOSED_INCIDENTS + 4):
        closed = incident(number, stage=Stage.CLOSED, outcome="Expected", fingerprint=f"f{number}")
        word = Judgement.EXPECTED if number <= 2 else Judgement.NONE
        universe.incidents[closed.metadata.name] = closed.replace(spec=closed.spec.replace(judgement=word))
    await universe.live(300)
    gone = {f"features-{number}" for number in range(1, KEPT_CLOSED_INCIDENTS + 4)} - set(universe.incidents)
    assert gone == {"features-3"}


async def test_a_baseline_found_in_the_archive_is_told_as_the_pod_it_was_taken_from() -> None:
    universe = Universe(behaviour=builders.HEALTHY)
    await universe.live(60)
    first = universe.store.status.baselines
    universe.store = builders.store()  # deleted and created again
    fresh = tuple(builders.pod(number, universe.now) for number in (11, 12))
    universe.target = replace(universe.target, pods=fresh)
    await universe.live(60)
    again = universe.store.status.baselines
    told = [(row.pod_uid, row.pod_started_time, row.taken_time) for row in again]
    assert told == [(row.pod_uid, row.pod_started_time, row.taken_time) for row in first]


async def test_a_name_left_on_the_template_is_not_given_again() -> None:
    universe = rollout()
    universe.target = replace(universe.target, restarted_for="features-4")
    await universe.live(900, until=in_stage(universe, Stage.CLOSED))
    assert universe.incident.metadata.name == "features-5"
    assert universe.incident.status.outcome is IncidentOutcome.RELIEVED


async def test_every_open_incident_says_why_it_waits() -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    second = DriftIncident(
        metadata=ObjectMeta(name="features-2", namespace=builders.NAMESPACE, uid="incident-uid-2"),
        spec=DriftIncidentSpec(
            store_ref=ObjectRef(name=builders.STORE, uid="store-uid"), container="sidecar", number=2
        ),
        status=DriftIncidentStatus(
            stage=Stage.HOLDING,
            stage_entered_time=universe.now,
            archive=universe.incident.status.archive,
            ticket=universe.incident.status.ticket,
            profiles=universe.incident.status.profiles,
        ),
    )
    universe.incidents["features-2"] = second
    await universe.live(30)
    assert universe.incidents["features-1"].status.reason == Reason.APPROVAL_REQUIRED
    assert universe.incidents["features-2"].status.reason == Reason.VERDICT_CHANGED


async def test_an_archive_that_fails_one_incident_does_not_stop_anothers_restart_midway() -> None:
    universe = Universe()
    await until_stage(universe, Stage.COMPARING_FIRST)
    older = DriftIncident(
        metadata=ObjectMeta(name="features-0", namespace=builders.NAMESPACE, uid="incident-uid-0"),
        spec=DriftIncidentSpec(
            store_ref=ObjectRef(name=builders.STORE, uid="store-uid"), container="sidecar", number=1
        ),
        status=DriftIncidentStatus(stage=Stage.HOLDING, stage_entered_time=universe.now),
    )
    universe.incidents = {"features-0": older, **universe.incidents}
    universe.failing = {"archive"}
    await universe.live(300)
    assert universe.incidents["features-1"].status.stage is Stage.VERIFYING


async def test_containers_that_restarted_in_place_are_other_lives() -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    first, second = universe.target.pods
    approved = universe.incident.status.plan.hash
    again = replace(first, containers=(replace(first.containers[0], started_at=universe.now, restarts=1),))
    universe.target = replace(universe.target, pods=(again, second))
    await universe.live(20)
    assert [pod.uid for pod in universe.incident.status.plan.pods] == ["uid-2"]
    assert universe.incident.status.plan.hash != approved
    both = tuple(
        replace(pod, containers=(replace(pod.containers[0], started_at=universe.now, restarts=1),))
        for pod in (first, second)
    )
    universe.target = replace(universe.target, pods=both)
    await universe.live(20)
    assert universe.incident.status.outcome is IncidentOutcome.SUPERSEDED


async def test_a_pod_that_restarted_in_place_meanwhile_is_not_evicted_after_the_first() -> None:
    universe = Universe()
    await until_stage(universe, Stage.COMPARING_FIRST)
    left = next(pod for pod in universe.target.pods if pod.uid in {"uid-1", "uid-2"})
    again = replace(left, containers=(replace(left.containers[0], started_at=universe.now, restarts=1),))
    universe.target = replace(
        universe.target, pods=tuple(again if pod is left else pod for pod in universe.target.pods)
    )
    await universe.live(600, until=in_stage(universe, Stage.VERIFYING, Stage.CLOSED))
    assert kinds(universe).count("evict") == 1
    assert universe.incident.status.stage is Stage.VERIFYING


async def test_a_failed_step_is_the_same_word_in_the_condition() -> None:
    universe = Universe(budget_allows=0)
    await universe.live(
        400,
        until=lambda: (
            bool(universe.incidents)
            and universe.incident.status.reason is not None
            and universe.incident.status.reason.startswith("Disruption")
        ),
    )
    condition = universe.incident.status.conditions[0]
    assert (condition.status, condition.reason) == ("True", "DisruptionBudgetExhausted")


async def test_a_budget_of_nothing_does_not_write_at_every_look() -> None:
    ceiling = {"mode": "Enforce", "minProbationSeconds": 0, "minCooldownSeconds": 0, "maxPer24Hours": 0}
    universe = Universe(administration=builders.administration(defaultCeiling=ceiling))
    await universe.live(400)
    assert universe.incident.status.reason == Reason.BUDGET_24_HOURS
    universe.behaviour = builders.Behaviour(leak_mebibytes_per_minute=24.0, latency_per_mebibyte=12.0)
    incident_writes: list[str] = []
    original = universe.incidents["features-1"].status
    for _ in range(20):
        await universe.tick()
        universe.pass_time(5)
        if universe.incidents["features-1"].status.ask_again_time != original.ask_again_time:
            incident_writes.append("moved")
            original = universe.incidents["features-1"].status
    assert len(incident_writes) <= 1


async def test_pods_of_another_revision_do_not_join_an_incident() -> None:
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    old = universe.target.pods[0]
    fresh = builders.pod(11, universe.now, "r3")
    universe.target = replace(universe.target, pods=(old, fresh), rolling=True)
    await universe.live(300)
    assert "uid-11" not in {pod.uid for pod in universe.incidents["features-1"].status.affected_pods}


async def test_a_deploy_during_the_check_is_not_our_relief() -> None:
    universe = Universe()
    await until_stage(universe, Stage.RESTARTING_REST)
    fresh = tuple(builders.pod(number, universe.now, "r3") for number in (11, 12))
    revisions = (*universe.target.revisions, replace(universe.target.revisions[-1], identity="r3", number=3))
    universe.target = replace(
        universe.target, pods=fresh, revisions=revisions, ready_replicas=2, desired_replicas=2, rolling=False
    )
    universe.behaviour = builders.HEALTHY
    await universe.live(900, until=in_stage(universe, Stage.CLOSED))
    assert universe.incident.status.outcome is IncidentOutcome.INCONCLUSIVE


async def test_nothing_begins_before_the_whole_fleet_was_looked_at() -> None:
    universe = Universe(fleet=Fleet(known=False))
    await universe.live(600)
    assert not RESTARTS & set(kinds(universe))
    assert universe.incident.status.reason == Reason.STORM


async def test_a_baseline_that_cannot_be_taken_keeps_no_reason_from_being_told() -> None:
    universe = Universe(store=builders.store("Approve"))
    universe.failing = {"pprof"}
    await until_stage(universe, Stage.HOLDING)
    await universe.live(30)
    fresh = builders.pod(9, universe.now - timedelta(seconds=25))
    universe.target = builders.target(universe.target.pods[0], fresh)
    freeze = {"until": "2026-03-03T00:00:00Z", "reason": "sale"}
    universe.administration = builders.administration(freeze=freeze)
    universe.events.clear()
    await universe.live(15)
    assert any("TakeBaseline" in message for _, _, message in universe.events)
    assert universe.incident.status.reason == Reason.FROZEN
    assert universe.incident.status.ask_again_time is not None
