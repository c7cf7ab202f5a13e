"""From the first touch to the check that it helped: one pod after the other, or one rollout.

Exists so that whatever dies when, the next look finds what took effect and repeats at most one harmless step. Must not
begin anything: a plan was written down and agreed before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from memdrift.api.driftincident import DriftIncident, IncidentOutcome, Stage
from memdrift.api.featurestore import Strategy
from memdrift.drift.blocks import POD_TOTAL
from memdrift.drift.relief import ReliefKind
from memdrift.remedy import guards, progress, stages
from memdrift.remedy.facts import Hold
from memdrift.remedy.guards import Case
from memdrift.remedy.plan import Plan, concerns, recorded, still_runs
from memdrift.remedy.reasons import Reason
from memdrift.remedy.steps import AnnotateTemplate, Close, Enter, Evict, Intend, Step, StepBack, Wait


def paused_by_us(incident: DriftIncident) -> bool:
    """Whether the rollout that the incident began stands still because a guard said no."""
    turns = [action.kind for action in incident.status.actions if action.kind in {progress.PAUSED, progress.RESUMED}]
    return bool(turns) and turns[-1] == progress.PAUSED


def restart_first(case: Case) -> Step:
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
        if not rollout and case.target.gone(uid):
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


def compare_first(case: Case) -> Step:
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
    left = "; its rollout is paused: resume it by hand" if paused_by_us(case.incident) else ""
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


def restart_rest(case: Case) -> Step:
    """One pod after the other, each written down first, each only when the last one is back."""
    name, plan, lost = case.incident.metadata.name, recorded(case.incident), _lost(case)
    if lost is not None:
        return lost
    rollout = plan is not None and plan.strategy is Strategy.ROLLOUT
    left = [(pod, uid) for pod, uid in (plan.pods if plan else ()) if not case.target.gone(uid)]
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
    if hold is None and target.paused and paused_by_us(case.incident):
        return AnnotateTemplate(name, paused=False)
    return None


def verify(case: Case) -> Step:
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
