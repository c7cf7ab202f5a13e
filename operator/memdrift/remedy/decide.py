"""Facts in, the one next step out.

Reads like the story: what the store needs first, then the incident that is open, stage by stage. Every branch either
takes a step towards an outcome or waits for a named reason. Must not act, log or ask the time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from memdrift.api.driftincident import Decision, DriftIncident, IncidentOutcome, Judgement, Stage
from memdrift.api.featurestore import Mode, ProfileFormat, Strategy
from memdrift.drift.blocks import POD_TOTAL
from memdrift.drift.relief import ReliefKind
from memdrift.drift.verdict import VerdictKind
from memdrift.remedy import baselines, guards, hits, progress, stages
from memdrift.remedy.facts import Facts, Hold
from memdrift.remedy.guards import Case
from memdrift.remedy.plan import plan_for, recorded
from memdrift.remedy.policy import Policy
from memdrift.remedy.reasons import Reason
from memdrift.remedy.steps import (
    Analyse,
    AnnotateTemplate,
    Begin,
    Capture,
    Close,
    Enter,
    Evict,
    File,
    Intend,
    OpenIncident,
    Prune,
    PutDocument,
    Step,
    StepBack,
    Wait,
)
from memdrift.remedy.target import Target

KEPT_CLOSED_INCIDENTS = 20
RETRY_SECONDS = 60.0


def next_step(facts: Facts) -> Step:
    """The one step of this tick."""
    opened = [incident for incident in facts.incidents if incident.status.stage is not Stage.CLOSED]
    if facts.store is None:
        return _farewell(opened)
    if facts.problem is not None or facts.policy is None or facts.target is None:
        return Wait(facts.problem or Hold(Reason.INTERNAL_ERROR, "neither a target nor a reason why not"))
    former = [each for each in opened if each.spec.store_ref.uid != facts.store.metadata.uid]
    if former:
        return _farewell(former)
    waits = []
    for incident in opened:
        step = incident_step(facts, facts.policy, facts.target, incident)
        if not isinstance(step, Wait):
            return step
        waits.append(step)
    container = _confirmed(facts, facts.policy, {incident.spec.container for incident in opened})
    if container is not None:
        return OpenIncident(container)
    baseline = baselines.missing(facts, facts.policy, facts.target)
    if baseline is not None:
        return baseline
    closed = [incident for incident in facts.incidents if incident.status.stage is Stage.CLOSED]
    if len(closed) > KEPT_CLOSED_INCIDENTS:
        return Prune(closed[0].metadata.name)
    return waits[0] if waits else Wait(_idle(facts, facts.policy))


def _farewell(opened: list[DriftIncident]) -> Step:
    """A deleted store: its incidents end as `Gone`, with their evidence kept."""
    if opened:
        return Close(opened[0].metadata.name, IncidentOutcome.GONE, "the FeatureStore was deleted")
    return Wait(Hold(Reason.IDLE, "the store is gone and none of its incidents is open"))


def _idle(facts: Facts, policy: Policy) -> Hold:
    if facts.metrics_problem is not None:
        reason, message = facts.metrics_problem
        return Hold(Reason.METRICS_UNAVAILABLE, f"{reason}: {message}")
    hit = max(facts.store.status.hits if facts.store else (), key=lambda each: each.count, default=None)
    if any(verdict.drifting for verdict in facts.verdicts):
        needed = policy.spec.detection.confirm_after_new_blocks
        return Hold(Reason.NOT_CONFIRMED, f"drift seen in {hit.count if hit else 0} of {needed} new blocks")
    return Hold(Reason.IDLE, "no incident is open")


def _confirmed(facts: Facts, policy: Policy, taken: set[str]) -> str | None:
    """The container with confirmed drift and no open incident; the pods' total only where no container drifts."""
    store = facts.store
    if store is None:
        return None
    counts = {hit.container: hit.count for hit in hits.all_counted(facts.verdicts, store.status.hits, facts.now)}
    confirmed = [
        verdict.container
        for verdict in facts.verdicts
        if verdict.drifting and counts.get(verdict.container, 0) >= policy.spec.detection.confirm_after_new_blocks
    ]
    containers = [name for name in confirmed if name != POD_TOTAL]
    candidates = containers or ([] if taken else confirmed)
    return next((name for name in candidates if name not in taken), None)


def incident_step(facts: Facts, policy: Policy, target: Target, incident: DriftIncident) -> Step:
    """The next step of one open incident."""
    status, name = incident.status, incident.metadata.name
    if status.stage_entered_time is None:
        return Enter(name, Stage.CONFIRMED)
    said = _said(incident) if status.stage not in stages.RESTARTING else None
    if said is not None:
        return said
    case = Case(facts, policy, target, incident, plan_for(incident, target, policy))
    return _BY_STAGE[status.stage](case)


def _said(incident: DriftIncident) -> Step | None:
    """What people said of the incident ends it, as long as nothing is being restarted."""
    name, approval = incident.metadata.name, incident.spec.approval
    if incident.spec.judgement in {Judgement.EXPECTED, Judgement.NOISE}:
        return Close(name, IncidentOutcome.EXPECTED, f"judged {incident.spec.judgement} by a person")
    plan = incident.status.plan
    if (
        approval is not None
        and approval.decision is Decision.DENIED
        and plan is not None
        and approval.plan == plan.hash
    ):
        return Close(name, IncidentOutcome.DENIED, f"denied by {approval.by}")
    return None


def _confirm(case: Case) -> Step:
    name = case.incident.metadata.name
    if not case.policy.allows(Mode.CAPTURE):
        return Enter(name, Stage.HOLDING)
    if case.policy.spec.capture.format is ProfileFormat.NONE:
        return Enter(name, Stage.FILING)
    return Enter(name, Stage.CAPTURING)


HANDS_OFF: tuple[guards.Guard, ...] = (guards.kill_switch, guards.paused)


def _capture(case: Case) -> Step:
    """Worst pods first, until enough are profiled, nothing is left to try, or the time is over."""
    status, name, capture = case.status, case.incident.metadata.name, case.policy.spec.capture
    held = guards.first_hold(HANDS_OFF, case)
    if held is not None:
        return Wait(held, name)
    if not case.policy.allows(Mode.CAPTURE):
        return Enter(name, Stage.HOLDING)
    taken = {profile.pod_uid for profile in status.profiles if profile.kind == "heap"}
    left = None
    if len(taken) < capture.max_pods and not stages.passed(status, case.policy, case.facts.now):
        left = next(
            (pod for pod in status.affected_pods if pod.uid not in taken and _worth_trying(case, pod.uid)), None
        )
    if left is not None:
        return Capture(name, left.name, left.uid)
    return Enter(name, Stage.ANALYSING if taken else Stage.FILING)


def _worth_trying(case: Case, uid: str) -> bool:
    pod = case.target.pod(uid)
    entered = case.status.stage_entered_time
    recent = (each for each in case.status.capture_failures if entered is None or each.time >= entered)
    failures = sum(1 for failure in recent if failure.pod_uid == uid)
    return pod is not None and not pod.deleting and failures < stages.CAPTURE_ATTEMPTS


def _analyse(case: Case) -> Step:
    name = case.incident.metadata.name
    if case.status.findings is None and not stages.passed(case.status, case.policy, case.facts.now):
        unmeasured = guards.metrics(case)  # what the profiles must explain is a measurement
        return Analyse(name) if unmeasured is None else Wait(unmeasured, name)
    return Enter(name, Stage.FILING)


def _file(case: Case) -> Step:
    status, name = case.status, case.incident.metadata.name
    late = stages.passed(status, case.policy, case.facts.now)
    if status.archive is None and not late:
        return PutDocument(name)
    if _unfiled(case) and not late:
        return File(name)
    return Enter(name, Stage.HOLDING)


def _unfiled(case: Case) -> bool:
    return case.status.ticket is None and case.policy.spec.filing is not None and case.policy.allows(Mode.CAPTURE)


def _hold(case: Case) -> Step:
    """Wait for agreement, for a person, or for the end of the drift; what is not stored or filed is caught up."""
    name = case.incident.metadata.name
    ended = _ended(case)
    if ended is not None:
        return ended
    if case.policy.allows(Mode.CAPTURE) and case.status.archive is None and guards.first_hold(HANDS_OFF, case) is None:
        return PutDocument(name)
    if _evidence_due(case):
        return Enter(name, Stage.CAPTURING)
    hold = guards.first_hold(guards.GO, case)
    if hold is None:
        return Begin(name, case.plan)
    if _unfiled(case) and _retry_due(case, "File") and guards.first_hold(HANDS_OFF, case) is None:
        return File(name)
    return Wait(hold, name)


def _evidence_due(case: Case) -> bool:
    """Whether profiles that could not be taken or stored are worth another round: faults pass, evidence does not."""
    status, now = case.status, case.facts.now
    wanted = case.policy.allows(Mode.CAPTURE) and case.policy.spec.capture.format is not ProfileFormat.NONE
    if not wanted or any(profile.kind == "heap" for profile in status.profiles):
        return False
    failed = max((failure.time for failure in status.capture_failures), default=None)
    rested = failed is None or now - failed >= timedelta(seconds=stages.RECAPTURE_SECONDS)
    living = any(not _gone(case, pod.uid) for pod in status.affected_pods)
    return rested and living and guards.first_hold(HANDS_OFF, case) is None


def _retry_due(case: Case, kind: str) -> bool:
    tried = [action.time for action in case.status.actions if action.kind == kind]
    return not tried or case.facts.now - max(tried) >= timedelta(seconds=RETRY_SECONDS)


def _ended(case: Case) -> Step | None:
    """The drift is gone without us: the pods were replaced, or a third of a window in a row was steady."""
    name = case.incident.metadata.name
    affected = {pod.uid for pod in case.status.affected_pods}
    if affected and not any(pod.uid in affected for pod in case.target.pods):
        revisions = {pod.revision for pod in case.status.affected_pods}
        same = any(pod.revision in revisions for pod in case.target.pods)
        outcome = IncidentOutcome.SUPERSEDED if same else IncidentOutcome.RESOLVED
        how = "somebody restarted them" if same else "another revision runs"
        return Close(name, outcome, f"none of the affected pods runs any more: {how}")
    newest = case.verdict
    if newest is None or newest.kind is not VerdictKind.STEADY:
        return None
    detection = case.policy.spec.detection
    steady = hits.one_more(newest, case.status.steady, case.facts.now)
    span = (steady.block_end_time - steady.since_time).total_seconds()
    if steady.count > detection.confirm_after_new_blocks and span >= min(detection.window_seconds) / 3:
        return Close(name, IncidentOutcome.RESOLVED, "memory no longer drifts")
    return None


def _restart_first(case: Case) -> Step:
    """The first touch: a plan that was begun and written down, one pod or one annotation."""
    name, plan = case.incident.metadata.name, recorded(case.incident)
    if plan is None or not plan.pods:
        return StepBack(name, Hold(Reason.VERDICT_CHANGED, "the plan is empty"))
    if case.status.restart_started_time is None:
        # Waiting here would end in a restart by an old decision: `Holding` asks every guard again.
        if case.status.reason == Reason.SLOT_TAKEN:
            return StepBack(name, Hold(Reason.SLOT_TAKEN, "another incident took the slot first"))
        if stages.passed(case.status, case.policy, case.facts.now):
            return StepBack(name, Hold(Reason.SLOT_TAKEN, "the first pod could not be taken away in time"))
    if plan.strategy is Strategy.ROLLOUT:
        if case.target.restarted_for == name:
            return Enter(name, Stage.RESTARTING_REST)
        return _unless_held(case, (*guards.STOP, guards.rolling, guards.disruption_budget), AnnotateTemplate(name))
    pod, uid = plan.pods[0]
    if _gone(case, uid):
        return Enter(name, Stage.COMPARING_FIRST if len(plan.pods) > 1 else Stage.RESTARTING_REST)
    return _unless_held(case, guards.NEXT, Evict(name, pod, uid))


def _unless_held(case: Case, chain: tuple[guards.Guard, ...], step: Step) -> Step:
    """Before the first touch a hold gives the slot back: a stopgap that cannot start must not block the others."""
    hold = guards.first_hold(chain, case)
    return step if hold is None else StepBack(case.incident.metadata.name, hold)


def _gone(case: Case, uid: str) -> bool:
    pod = case.target.pod(uid)
    return pod is None or pod.deleting


def _recovered(case: Case) -> Hold | None:
    """None once as many pods as wanted are ready and none is on its way out."""
    target = case.target
    leaving = sum(1 for pod in target.pods if pod.deleting)
    if target.rolling or leaving or target.ready_replicas < target.desired_replicas:
        return Hold(
            Reason.REPLACEMENT_NOT_READY,
            f"{target.ready_replicas} of {target.desired_replicas} pods are ready, {leaving} are terminating",
            stages.deadline(case.status, case.policy),
        )
    return None


def _compare_first(case: Case) -> Step:
    """Watch the first fresh pod for the soak before the others follow."""
    name, now = case.incident.metadata.name, case.facts.now
    hold = _recovered(case)
    if hold is not None:
        if stages.passed(case.status, case.policy, now):
            return Close(
                name, IncidentOutcome.NOT_RELIEVED, f"the first replacement did not become ready: {hold.message}"
            )
        return Wait(hold, name)
    fresh = _fresh_since(case)
    until = (fresh or now) + timedelta(seconds=case.policy.spec.remediation.soak_seconds)
    if now < until:
        return Wait(Hold(Reason.SOAKING, f"the fresh pod is watched until {until:%H:%M:%S}", until), name)
    return Enter(name, Stage.RESTARTING_REST)


def _fresh_since(case: Case) -> datetime | None:
    """When the youngest container that is not from before the restart started."""
    before = {pod.uid for pod in case.status.pods_before}
    container = case.incident.spec.container
    starts = [
        life.started_at
        for pod in case.target.pods
        if pod.uid not in before
        for life in pod.containers
        if life.started_at is not None and container in {life.name, POD_TOTAL}
    ]
    return max(starts, default=None)


def _restart_rest(case: Case) -> Step:
    """One pod after the other, each written down first, each only when the last one is back."""
    name, plan = case.incident.metadata.name, recorded(case.incident)
    remaining = [(pod, uid) for pod, uid in (plan.pods if plan else ()) if not _gone(case, uid)]
    rollout = plan is not None and plan.strategy is Strategy.ROLLOUT
    steered = _steer_rollout(case) if rollout else None
    if steered is not None:
        return steered
    if stages.passed(case.status, case.policy, case.facts.now):
        return Close(name, IncidentOutcome.INCONCLUSIVE, f"{len(remaining)} pods were not replaced in time")
    recovering = _recovered(case)
    if not remaining and recovering is None:
        return Enter(name, Stage.VERIFYING)
    if recovering is not None or rollout:
        return Wait(recovering or Hold(Reason.ROLLOUT_IN_PROGRESS, f"{len(remaining)} old pods remain"), name)
    hold = guards.first_hold(guards.NEXT, case)
    if hold is not None:
        return Wait(hold, name)
    pod, uid = remaining[0]
    intended = any(action.kind == "Evict" and action.pod_uid == uid for action in case.status.actions)
    return Evict(name, pod, uid) if intended else Intend(name, pod, uid)


def _steer_rollout(case: Case) -> Step | None:
    """A rollout that has begun is paused while a guard says no, and goes on when it agrees again.

    Only a Deployment can pause; the others finish what they began.
    """
    name, target = case.incident.metadata.name, case.target
    hold = guards.first_hold(guards.STOP, case)
    turns = [action.kind for action in case.status.actions if action.kind in {progress.PAUSED, progress.RESUMED}]
    paused_by_us = bool(turns) and turns[-1] == progress.PAUSED
    if hold is not None and target.kind == "Deployment" and target.rolling:
        return Wait(hold, name) if target.paused else AnnotateTemplate(name, paused=True)
    if hold is None and target.paused and paused_by_us:
        return AnnotateTemplate(name, paused=False)
    return None


def _verify(case: Case) -> Step:
    """Did it help, by samples after the restart only?"""
    name, status, now = case.incident.metadata.name, case.status, case.facts.now
    finished = status.restart_finished_time or now
    until = finished + timedelta(seconds=case.policy.spec.remediation.soak_seconds)
    if now < until:
        return Wait(Hold(Reason.SOAKING, f"the fresh pods are watched until {until:%H:%M:%S}", until), name)
    relief = case.facts.relief.get(name)
    if relief is not None and relief.kind is not ReliefKind.INCONCLUSIVE:
        relieved = relief.kind is ReliefKind.RELIEVED
        return Close(name, IncidentOutcome.RELIEVED if relieved else IncidentOutcome.NOT_RELIEVED, relief.sentence)
    if stages.passed(status, case.policy, now):
        return Close(name, IncidentOutcome.INCONCLUSIVE, relief.sentence if relief else "it could not be measured")
    held = guards.metrics(case)
    why = held or Hold(Reason.SOAKING, relief.sentence if relief else "no measurements after the restart yet")
    return Wait(why, name)


_BY_STAGE: dict[Stage, Callable[[Case], Step]] = {
    Stage.CONFIRMED: _confirm,
    Stage.CAPTURING: _capture,
    Stage.ANALYSING: _analyse,
    Stage.FILING: _file,
    Stage.HOLDING: _hold,
    Stage.RESTARTING_FIRST: _restart_first,
    Stage.COMPARING_FIRST: _compare_first,
    Stage.RESTARTING_REST: _restart_rest,
    Stage.VERIFYING: _verify,
}
