"""Facts in, the one next step out.

Reads like the story: what the store needs first, then the incident that is open, stage by stage. Every branch either
takes a step towards an outcome or waits for a named reason. Must not act, log or ask the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from memdrift.api.driftincident import Decision, DriftIncident, IncidentOutcome, Judgement, Stage
from memdrift.drift.blocks import POD_TOTAL
from memdrift.drift.verdict import Verdict
from memdrift.remedy import absence, baselines, hits, holding, inforce, judgements, proving, records, restarting, stages
from memdrift.remedy.facts import Facts, Hold
from memdrift.remedy.guards import Case
from memdrift.remedy.plan import plan_for
from memdrift.remedy.policy import Policy
from memdrift.remedy.reasons import Reason
from memdrift.remedy.restarting import paused_by_us
from memdrift.remedy.steps import Close, Enter, OpenIncident, Prune, Step, StepBack, TellAbsence, Tidy, Wait
from memdrift.remedy.target import Target

KEPT_CLOSED_INCIDENTS = 20


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
    forgettable = _forgettable(facts)
    if forgettable is not None:
        return Prune(forgettable.metadata.name)
    if facts.tidying_due and not opened and not facts.policy.kill_switch:
        return Tidy()
    gone = absence.due(facts, facts.policy)
    if gone is not None:
        return TellAbsence(gone.metadata.name)
    # Last, because a pod that serves no profile is asked for one at every look: nothing else may wait for that.
    baseline = baselines.missing(facts, facts.policy, facts.target)
    if baseline is not None and not any(incident.status.stage in stages.RESTARTING for incident in opened):
        return replace(baseline, meanwhile=tuple(waits))
    return replace(waits[0], also=tuple(waits[1:])) if waits else Wait(_idle(facts, facts.policy))


def _forgettable(facts: Facts) -> DriftIncident | None:
    """The oldest closed incident that nothing needs; the newest ones stay, however many older ones are needed.

    Else one that has just been closed were forgotten at once, and with it what a person answered in it.
    """
    older = [each for each in facts.incidents if each.status.stage is Stage.CLOSED][:-KEPT_CLOSED_INCIDENTS]
    found = inforce.expendable(facts.incidents) if older else None
    return next((each for each in older if each is found), None)


def _farewell(opened: list[DriftIncident]) -> Step:
    """A deleted store: its incidents end as `Gone`, with their evidence kept."""
    if opened:
        left = "; its rollout is paused: resume it by hand" if paused_by_us(opened[0]) else ""
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
        paused = paused_by_us(incident) and problem.reason is not Reason.TARGET_NOT_FOUND
        if status.stage not in stages.RESTARTING or paused or not stages.passed(status, facts.policy, facts.now):
            continue
        if status.restart_started_time is None:
            return StepBack(name, problem)
        return Close(name, IncidentOutcome.INCONCLUSIVE, f"it cannot be followed any more: {problem.message}")
    return None


def _idle(facts: Facts, policy: Policy) -> Hold:
    if facts.metrics_problem is not None:
        reason, message = facts.metrics_problem
        return Hold(Reason.METRICS_UNAVAILABLE, f"{reason}: {message}")
    hit = max(facts.store.status.hits if facts.store else (), key=lambda each: each.count, default=None)
    answered = next((name for verdict in facts.verdicts if (name := _answered(facts, verdict))), None)
    if answered is not None:
        return Hold(Reason.IDLE, f"a person has answered for the pods that drift, in {answered}")
    judged = [hold for verdict in facts.verdicts if verdict.drifting if (hold := judgements.hold_for(facts, verdict))]
    if judged:
        return judged[0]
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
        if _answered(facts, verdict) is None and judgements.hold_for(facts, verdict) is None
    ]
    containers = [name for name in confirmed if name != POD_TOTAL]
    candidates = containers or ([] if taken else confirmed)
    return next((name for name in candidates if name not in taken), None)


def _answered(facts: Facts, verdict: Verdict) -> str | None:
    """The closed incident in which a person said no of every life that drifts now."""
    drifting = {(pod.uid, records.moment(pod.started_at)) for pod in verdict.drifting_pods}
    for incident in reversed(facts.incidents):
        said = incident.status.outcome is IncidentOutcome.DENIED
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
    if incident.spec.judgement in inforce.QUIET:
        return Close(name, IncidentOutcome.EXPECTED, f"judged {incident.spec.judgement} by a person")
    quiet = judgements.quiet_about(incident, facts) if incident.spec.judgement is Judgement.NONE else None
    if quiet is not None and not quiet[1]:
        said = f"the same leak was judged {quiet[0].spec.judgement} in {quiet[0].metadata.name}"
        return Close(name, IncidentOutcome.EXPECTED, said)
    plan = incident.status.plan
    if (
        approval is not None
        and approval.decision is Decision.DENIED
        and plan is not None
        and approval.plan == plan.hash
    ):
        return Close(name, IncidentOutcome.DENIED, f"denied by {approval.by}")
    return None


_BY_STAGE: dict[Stage, Callable[[Case], Step]] = {
    Stage.CONFIRMED: proving.confirm,
    Stage.CAPTURING: proving.capture,
    Stage.ANALYSING: proving.analyse,
    Stage.FILING: proving.file,
    Stage.HOLDING: holding.hold,
    Stage.RESTARTING_FIRST: restarting.restart_first,
    Stage.COMPARING_FIRST: restarting.compare_first,
    Stage.RESTARTING_REST: restarting.restart_rest,
    Stage.VERIFYING: restarting.verify,
}
