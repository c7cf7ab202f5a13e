"""Facts in, the one next step out.

Reads like the story: what the store needs first, then the incident that is open, stage by stage. Every branch either
takes a step towards an outcome or waits for a named reason. Must not act, log or ask the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from memdrift.api.driftincident import Decision, DriftIncident, IncidentOutcome, Judgement, Stage
from memdrift.api.featurestore import Mode, ProfileFormat, Strategy
from memdrift.drift.blocks import POD_TOTAL
from memdrift.drift.relief import ReliefKind
from memdrift.drift.verdict import Verdict, VerdictKind
from memdrift.remedy import baselines, guards, hits, progress, records, stages
from memdrift.remedy.facts import Facts, Hold
from memdrift.remedy.guards import Case
from memdrift.remedy.plan import Plan, concerns, plan_for, recorded, still_runs
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
    """The one step of this tick; what has begun to restart comes before everything else."""
    opened = [incident for incident in facts.incidents if incident.status.stage is not Stage.CLOSED]
    opened.sort(key=lambda incident: incident.status.stage not in stages.RESTARTING)
    if facts.store is None:
        return _farewell(opened)
    former = [each for each in opened if each.spec.store_ref.uid != facts.store.metadata.uid]
    if former:
        return _farewell(former)
    if facts.problem is not None or facts.policy is None or facts.target is None:
        problem = facts.problem or Hold(Reason.INTERNAL_ERROR, "neither a target nor a reason why not")
        return _given_up(facts, opened, problem) or Wait(problem)
    waits: list[Wait] = []
    for incident in opened:
        step = incident_step(facts, facts.policy, facts.target, incident)
        if not isinstance(step, Wait):
            return step
        waits.append(step)
    container = _confirmed(facts, facts.policy, {incident.spec.container for incident in opened})
    if container is not None:
        return OpenIncident(container)
    baseline = baselines.missing(facts, facts.policy, facts.target)
    if baseline is not None and not opened:
        return baseline
    closed = [incident for incident in facts.incidents if incident.status.stage is Stage.CLOSED]
    if len(closed) > KEPT_CLOSED_INCIDENTS:
        expendable = [incident for incident in closed if incident.spec.judgement is not Judgement.EXPECTED]
        return Prune((expendable or closed)[0].metadata.name)
    return replace(waits[0], also=tuple(waits[1:])) if waits else Wait(_idle(facts, facts.policy))


def _farewell(opened: list[DriftIncident]) -> Step:
    """A deleted store: its incidents end as `Gone`, with their evidence kept."""
    if opened:
        left = "; its rollout is paused: resume it by hand" if _paused_by_us(opened[0]) else ""
        return Close(opened[0].metadata.name, IncidentOutcome.GONE, f"the FeatureStore was deleted{left}")
    return Wait(Hold(Reason.IDLE, "the store is gone and none of its incidents is open"))


def _given_up(facts: Facts, opened: list[DriftIncident], problem: Hold) -> Step | None:
    """A restart that cannot be followed any more gives the slot back at its deadline: others wait for it.

    One that we paused keeps it, to be resumed once the store can be judged again.
    """
    if facts.policy is None or not problem.person_needed:
        return None
    for incident in opened:
        status, name = incident.status, incident.metadata.name
        paused = _paused_by_us(incident) and problem.reason is not Reason.TARGET_NOT_FOUND
        if status.stage not in stages.RESTARTING or paused or not stages.passed(status, facts.policy, facts.now):
            continue
        if status.restart_started_time is None:
            return StepBack(name, problem)
        return Close(name, IncidentOutcome.INCONCLUSIVE, f"it cannot be followed any more: {problem.message}")
    return None


def _paused_by_us(incident: DriftIncident) -> bool:
    turns = [action.kind for action in incident.status.actions if action.kind in {progress.PAUSED, progress.RESUMED}]
    return bool(turns) and turns[-1] == progress.PAUSED


def _idle(facts: Facts, policy: Policy) -> Hold:
    if facts.metrics_problem is not None:
        reason, message = facts.metrics_problem
        return Hold(Reason.METRICS_UNAVAILABLE, f"{reason}: {message}")
    hit = max(facts.store.status.hits if facts.store else (), key=lambda each: each.count, default=None)
    answered = next((name for verdict in facts.verdicts if (name := _answered(facts, verdict))), None)
    if answered is not None:
        return Hold(Reason.IDLE, f"a person has answered for the pods that drift, in {answered}")
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
        if _answered(facts, verdict) is None
    ]
    containers = [name for name in confirmed if name != POD_TOTAL]
    candidates = containers or ([] if taken else confirmed)
    return next((name for name in candidates if name not in taken), None)


def _answered(facts: Facts, verdict: Verdict) -> str | None:
    """The closed incident in which a person said no, or that it is expected, of every life that drifts now."""
    drifting = {(pod.uid, records.moment(pod.started_at)) for pod in verdict.drifting_pods}
    for incident in reversed(facts.incidents):
        said = incident.status.outcome in {IncidentOutcome.DENIED, IncidentOutcome.EXPECTED}
        if said and drifting and incident.spec.container == verdict.container:
            known = {(pod.uid, pod.started_time) for pod in incident.status.affected_pods}
            if drifting <= known:
                return incident.metadata.name
    return None


def incident_step(facts: Facts, policy: Policy, target: Target, incident: DriftIncident) -> Step:
    """The next step of one open incident."""
    status, name = incident.status, incident.metadata.name
    if status.stage_entered_time is None:
        return Enter(name, Stage.CONFIRMED)
    said = _said(facts, incident) if status.stage not in stages.RESTARTING else None
    if said is not None:
        return said
    case = Case(facts, policy, target, incident, plan_for(incident, target, policy))
    return _BY_STAGE[status.stage](case)


def _said(facts: Facts, incident: DriftIncident) -> Step | None:
    """What people said of the incident ends it, as long as nothing is being restarted."""
    name, approval = incident.metadata.name, incident.spec.approval
    if incident.spec.judgement in {Judgement.EXPECTED, Judgement.NOISE}:
        return Close(name, IncidentOutcome.EXPECTED, f"judged {incident.spec.judgement} by a person")
    for other in facts.incidents:
        same = incident.status.fingerprint is not None and other.status.fingerprint == incident.status.fingerprint
        if same and other.spec.judgement is Judgement.EXPECTED:
            return Close(name, IncidentOutcome.EXPECTED, f"the same leak was judged Expected in {other.metadata.name}")
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
    taken = {profile.pod_uid for profile in status.profiles if profile.kind == _telling_kind(case)}
    left = None
    if len(taken) < capture.max_pods and not stages.passed(status, case.policy, case.facts.now):
        left = next(
            (pod for pod in status.affected_pods if pod.uid not in taken and _worth_trying(case, pod.uid)), None
        )
    if left is not None:
        return Capture(name, left.name, left.uid)
    return Enter(name, Stage.ANALYSING if taken else Stage.FILING)


def _telling_kind(case: Case) -> str:
    """The kind of profile without which a pod counts as not profiled: the heap, where it is asked for at all."""
    asked = [str(kind) for kind in case.policy.spec.capture.profiles]
    return "heap" if "heap" in asked else next(iter(asked), "heap")


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
    if not wanted or any(profile.kind == _telling_kind(case) for profile in status.profiles):
        return False
    failed = max((failure.time for failure in status.capture_failures), default=None)
    rested = failed is None or now - failed >= timedelta(seconds=stages.RECAPTURE_SECONDS)
    living = any(not _gone(case, pod.uid) for pod in status.affected_pods)
    return rested and living and guards.first_hold(HANDS_OFF, case) is None


def _retry_due(case: Case, kind: str) -> bool:
    tried = [action.time for action in case.status.actions if action.kind == kind]
    return not tried or case.facts.now - max(tried) >= timedelta(seconds=RETRY_SECONDS)


def _ended(case: Case) -> Step | None:
    """The drift is gone without us: the lives ended, or a third of a window in a row was steady."""
    name, affected, container = case.incident.metadata.name, case.status.affected_pods, case.incident.spec.container
    if affected and not any(still_runs(pod, case.target, container) for pod in affected):
        revisions = {pod.revision for pod in affected}
        same = any(pod.revision in revisions for pod in case.target.pods)
        outcome = IncidentOutcome.SUPERSEDED if same else IncidentOutcome.RESOLVED
        how = "they were restarted" if same else "the target has other pods of another revision, or none"
        return Close(name, outcome, f"none of the affected pods runs on as it was: {how}")
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
    """The first touch: a plan that was begun and written down, one pod or one annotation.

    What took effect is found first, whatever else is true now: its note may have been lost with a process.
    """
    name, plan, begun = case.incident.metadata.name, recorded(case.incident), case.status.restart_started_time
    if plan is None or not plan.pods:
        return StepBack(name, Hold(Reason.VERDICT_CHANGED, "the plan is empty"))
    rollout, (pod, uid) = plan.strategy is Strategy.ROLLOUT, plan.pods[0]
    if concerns(plan, case.incident, case.target):
        if rollout and case.target.restarted_for == name:
            return Enter(name, Stage.RESTARTING_REST)
        if not rollout and _gone(case, uid):
            return Enter(name, Stage.COMPARING_FIRST if len(plan.pods) > 1 else Stage.RESTARTING_REST)
    late = stages.passed(case.status, case.policy, case.facts.now)
    if begun is not None and late:
        return Close(name, IncidentOutcome.INCONCLUSIVE, "the first pod was told to go and did not")
    hold = _not_as_planned(case, plan, late=late) if begun is None else guards.first_hold(guards.NEXT, case)
    if hold is not None:
        return StepBack(name, hold) if begun is None else Wait(hold, name)
    return AnnotateTemplate(name) if rollout else Evict(name, pod, uid)


def _not_as_planned(case: Case, plan: Plan, *, late: bool) -> Hold | None:
    """Before the first touch every hold gives the slot back, and `Holding` decides anew, never by an old decision."""
    hold = guards.first_hold(guards.FIRST, case)
    if hold is not None:
        return hold
    if case.plan.hash != plan.hash:
        return Hold(Reason.VERDICT_CHANGED, "the pods or the target are not those of the plan any more")
    if late:
        return Hold(Reason.SLOT_TAKEN, "the first pod could not be taken away in time")
    return None


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
    lost, hold, fresh = _lost(case), _recovered(case), _fresh_since(case)
    late = stages.passed(case.status, case.policy, now)
    if lost is not None:
        return lost
    if hold is not None:
        if late:
            return Close(
                name, IncidentOutcome.NOT_RELIEVED, f"the first replacement did not become ready: {hold.message}"
            )
        return Wait(hold, name)
    if fresh is None:  # scaled down meanwhile
        end = stages.deadline(case.status, case.policy)
        missing = Hold(Reason.REPLACEMENT_NOT_READY, "no pod took the place of the first one", end)
        return Close(name, IncidentOutcome.INCONCLUSIVE, missing.message) if late else Wait(missing, name)
    until = fresh + timedelta(seconds=case.policy.spec.remediation.soak_seconds)
    if now >= until:
        return Enter(name, Stage.RESTARTING_REST)
    if late:
        return Close(name, IncidentOutcome.NOT_RELIEVED, "no fresh pod ran through its soak without a restart")
    return Wait(Hold(Reason.SOAKING, f"the fresh pod is watched until {until:%H:%M:%S}", until), name)


def _lost(case: Case) -> Step | None:
    """Another workload than the plan's is seen now: its pods say nothing about ours, and must not be touched for it."""
    plan = recorded(case.incident)
    if plan is None or concerns(plan, case.incident, case.target):
        return None
    left = "; its rollout is paused: resume it by hand" if _paused_by_us(case.incident) else ""
    name = case.incident.metadata.name
    return Close(name, IncidentOutcome.INCONCLUSIVE, f"`spec.targetRef` names another workload now{left}")


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
    name, plan, lost = case.incident.metadata.name, recorded(case.incident), _lost(case)
    if lost is not None:
        return lost
    rollout = plan is not None and plan.strategy is Strategy.ROLLOUT
    left = [(pod, uid) for pod, uid in (plan.pods if plan else ()) if not _gone(case, uid)]
    ended = {
        pod.uid for pod in case.status.affected_pods if not still_runs(pod, case.target, case.incident.spec.container)
    }
    remaining = left if rollout else [(pod, uid) for pod, uid in left if uid not in ended]
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
    hold = guards.first_hold((*guards.STOP, guards.agreed), case)
    if hold is not None and target.kind == "Deployment" and target.rolling:
        return Wait(hold, name) if target.paused else AnnotateTemplate(name, paused=True)
    if hold is None and target.paused and _paused_by_us(case.incident):
        return AnnotateTemplate(name, paused=False)
    return None


def _verify(case: Case) -> Step:
    """Did it help, by samples after the restart only?"""
    name, status, now = case.incident.metadata.name, case.status, case.facts.now
    overtaken = _lost(case) or _overtaken(case)
    if overtaken is not None:
        return overtaken
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


def _overtaken(case: Case) -> Step | None:
    """Another revision was deployed meanwhile: what is measured now is its doing, not ours."""
    revisions = {pod.revision for pod in case.status.affected_pods} - {""}
    if case.target.rolling or not revisions or case.target.revision in revisions | {""}:
        return None
    message = "another revision was deployed before the restart could be judged"
    return Close(case.incident.metadata.name, IncidentOutcome.INCONCLUSIVE, message)


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
