"""An incident's progress: its status after a step and what came of it.

Pure and total: the same incident, facts, step and outcome give the same status, so a lost write is repaired by the next
tick. The stages are drawn in `stages`. Must not decide what comes next.
"""

from __future__ import annotations

from datetime import datetime

from memdrift.api.driftincident import (
    ActionRecord,
    ActionState,
    CaptureFailure,
    Condition,
    ConditionStatus,
    DriftIncident,
    DriftIncidentStatus,
    IncidentOutcome,
    Stage,
    StoredDocument,
    TicketRecord,
)
from memdrift.api.featurestore import Mode
from memdrift.api.quantities import quantity_of
from memdrift.drift.verdict import VerdictKind
from memdrift.remedy import afterwards, baselines, blame, conditions, hits, judgements, records, stages
from memdrift.remedy.facts import Facts, Hold
from memdrift.remedy.plan import plan_for
from memdrift.remedy.reasons import Reason
from memdrift.remedy.steps import (
    Analyse,
    AnnotateTemplate,
    Begin,
    Capture,
    Close,
    Done,
    Enter,
    Evict,
    Failed,
    File,
    Intend,
    PutDocument,
    Step,
    StepBack,
    StepOutcome,
    waits_of,
)

KEPT_FAILURES = 16
PAUSED, RESUMED = "Pause", "Resume"


def advance(incident: DriftIncident, facts: Facts, step: Step, outcome: StepOutcome) -> DriftIncidentStatus:
    """The incident's status after this tick."""
    if incident.status.stage is Stage.CLOSED:
        return afterwards.advance(incident, facts, step, outcome)
    status = _refreshed(incident, facts)
    holds = [wait.hold for wait in waits_of(step) if wait.incident == incident.metadata.name]
    if holds:
        return _holding(status, holds[0], incident, facts)
    if getattr(step, "incident", "") != incident.metadata.name:
        return status
    if isinstance(outcome, Failed):
        return _failed(status, incident, facts, step, outcome)
    moved = _moved(status, incident, facts, step, outcome)
    return moved.replace(
        reason=None,
        message=None,
        ask_again_time=None,
        conditions=conditions.updated(
            moved.conditions,
            Condition(
                type="Remediating",
                status=ConditionStatus.TRUE if moved.stage in stages.RESTARTING else ConditionStatus.FALSE,
                reason=str(moved.stage) if moved.outcome is None else str(moved.outcome),
                message=_sentence(step),
                observed_generation=incident.metadata.generation,
                last_transition_time=facts.now,
            ),
        ),
    )


def _refreshed(incident: DriftIncident, facts: Facts) -> DriftIncidentStatus:
    """What the newest verdict adds while nothing is being restarted."""
    judged = judgements.noticed(incident, facts)
    status = incident.status.replace(observed_generation=incident.metadata.generation, judged=judged)
    before_acting = status.stage not in stages.RESTARTING and status.stage is not Stage.CLOSED
    verdict = facts.verdict(incident.spec.container)
    if not before_acting or verdict is None or status.stage_entered_time is None:
        return status
    steady = status.steady
    if verdict.kind is VerdictKind.STEADY:
        steady = hits.one_more(verdict, steady, facts.now)
    elif verdict.drifting:
        steady = None
    if status.verdict is None and verdict.drifting:
        status = _confirmed(status, incident, facts)  # it could not be measured when the incident was opened
    if status.load_per_second is None and verdict.drifting_pods:
        status = status.replace(load_per_second=records.figure(verdict.drifting_pods[0].load_per_second))
    pods = records.merged(status.affected_pods, records.affected(verdict) if verdict.drifting else ())
    status = status.replace(steady=steady, affected_pods=pods)
    shown = facts.policy is not None and facts.target is not None and facts.policy.allows(Mode.APPROVE)
    if status.stage is Stage.HOLDING and shown and facts.policy and facts.target:
        plan = plan_for(incident.replace(status=status), facts.target, facts.policy)
        status = status.replace(plan=plan.record() if plan.pods else None)
    return status


def _holding(status: DriftIncidentStatus, hold: Hold, incident: DriftIncident, facts: Facts) -> DriftIncidentStatus:
    told = _told(status, str(hold.reason), hold.message, incident, facts)
    return told.replace(ask_again_time=hold.until)


def _told(
    status: DriftIncidentStatus, reason: str, message: str, incident: DriftIncident, facts: Facts
) -> DriftIncidentStatus:
    """Why nothing is done, with the same word in the status and in the condition."""
    return status.replace(
        reason=reason,
        message=message,
        conditions=conditions.updated(
            status.conditions,
            Condition(
                type="Remediating",
                status=ConditionStatus.TRUE if status.stage in stages.RESTARTING else ConditionStatus.FALSE,
                reason=reason,
                message=message,
                observed_generation=incident.metadata.generation,
                last_transition_time=facts.now,
            ),
        ),
    )


def _failed(
    status: DriftIncidentStatus, incident: DriftIncident, facts: Facts, step: Step, outcome: Failed
) -> DriftIncidentStatus:
    """A step that did not take effect is on record where its attempts are counted."""
    if isinstance(step, Capture):
        failure = CaptureFailure(
            pod=step.pod, pod_uid=step.uid, reason=outcome.reason, message=outcome.message, time=facts.now
        )
        status = status.replace(capture_failures=[*status.capture_failures, failure][-KEPT_FAILURES:])
    if isinstance(step, Analyse | File | Evict | AnnotateTemplate):
        uid = step.uid if isinstance(step, Evict) else ""
        pod = step.pod if isinstance(step, Evict) else ""
        detail = f"{outcome.reason}: {outcome.message}"
        status = _acted(status, type(step).__name__, ActionState.FAILED, facts.now, pod, uid, detail)
        if outcome.reason == Reason.SLOT_TAKEN and status.restart_started_time is None:
            status = status.replace(stage=Stage.HOLDING, stage_entered_time=facts.now)
    return _told(status, outcome.reason, outcome.message, incident, facts)


def _acted(
    status: DriftIncidentStatus,
    kind: str,
    state: ActionState,
    now: datetime,
    pod: str = "",
    uid: str = "",
    detail: str = "",
) -> DriftIncidentStatus:
    """One more entry of the timeline; the same failure again only renews the last entry's time."""
    action = ActionRecord(kind=kind, pod=pod, pod_uid=uid, state=state, time=now, detail=detail)
    actions = list(status.actions)
    if state is ActionState.FAILED and actions and actions[-1].replace(time=now) == action:
        actions.pop()
    return status.replace(actions=[*actions, action])


def _moved(  # noqa: C901 - one case per step
    status: DriftIncidentStatus, incident: DriftIncident, facts: Facts, step: Step, outcome: Done
) -> DriftIncidentStatus:
    """The status after a step that took effect."""
    now = facts.now
    match step:
        case Enter(stage=stage):
            return _entered(status, incident, facts, stage)
        case Capture(pod=pod, uid=uid):
            # new evidence makes the stored document incomplete
            status = status.replace(profiles=[*status.profiles, *outcome.profiles], archive=None)
            return _acted(status, "Capture", ActionState.DONE, now, pod, uid)
        case Analyse():
            return _analysed(status, incident, facts, outcome)
        case PutDocument():
            uri, sha256 = outcome.document or ("", "")
            status = reported(status.replace(archive=StoredDocument(uri=uri, sha256=sha256)), outcome)
            return _acted(status, "Archive", ActionState.DONE, now, detail=uri)
        case File():
            filing = facts.policy.spec.filing if facts.policy else None
            tracker, project = (filing.tracker, filing.project) if filing else ("", "")
            url, marker = outcome.ticket_url, outcome.ticket_marker
            ticket = TicketRecord(tracker=tracker, url=url, filed_time=now, project=project, marker=marker)
            status = status.replace(ticket=ticket)
            return _acted(status, "File", ActionState.DONE, now, detail=outcome.ticket_url)
        case Begin():
            return _begun(status, incident, facts, step, outcome)
        case Intend(pod=pod, uid=uid):
            return _acted(status, "Evict", ActionState.INTENDED, now, pod, uid)
        case Evict(pod=pod, uid=uid):
            status = status.replace(restart_started_time=status.restart_started_time or now)
            return _acted(status, "Evict", ActionState.DONE, now, pod, uid)
        case AnnotateTemplate(paused=paused) if status.restart_started_time is not None:
            return _acted(status, PAUSED if paused else RESUMED, ActionState.DONE, now)
        case AnnotateTemplate():
            status = status.replace(restart_started_time=status.restart_started_time or now)
            return _acted(status, "Rollout", ActionState.DONE, now)
        case StepBack(hold=hold):
            status = status.replace(stage=Stage.HOLDING, stage_entered_time=now)
            return _acted(status, "StepBack", ActionState.DONE, now, detail=f"{hold.reason}: {hold.message}")
        case Close():
            return reported(_closed(status, incident, facts, step), outcome)
        case _:
            return status


def reported(status: DriftIncidentStatus, outcome: Done) -> DriftIncidentStatus:
    """With the newest report, where one was stored."""
    for name, stored in (("report", outcome.report), ("exhibit", outcome.exhibit)):
        if stored is not None:
            status = status.replace(**{name: StoredDocument(uri=stored[0], sha256=stored[1])})
    return status


def _entered(status: DriftIncidentStatus, incident: DriftIncident, facts: Facts, stage: Stage) -> DriftIncidentStatus:
    now = facts.now
    if stage is Stage.CONFIRMED:
        status = _confirmed(status, incident, facts)
    if stage in {Stage.COMPARING_FIRST, Stage.RESTARTING_REST} and status.restart_started_time is None:
        status = _found_restarted(status, now)
    if stage is Stage.VERIFYING and facts.target is not None:
        after = records.lives(facts.target, incident.spec.container)
        status = status.replace(pods_after=after, restart_finished_time=now)
    return status.replace(stage=stage, stage_entered_time=now)


def _found_restarted(status: DriftIncidentStatus, now: datetime) -> DriftIncidentStatus:
    """The act took effect and its record was lost: it happened after its intent was written, so that time stands."""
    intended = [action.time for action in status.actions if action.state is ActionState.INTENDED]
    status = status.replace(restart_started_time=max(intended, default=now))
    return _acted(status, "Found", ActionState.DONE, now, detail="the restart had taken effect already")


def _confirmed(status: DriftIncidentStatus, incident: DriftIncident, facts: Facts) -> DriftIncidentStatus:
    verdict = facts.verdict(incident.spec.container)
    status = status.replace(confirmed_time=status.confirmed_time or facts.now)
    if verdict is None:
        return status
    worst = verdict.drifting_pods[0] if verdict.drifting_pods else None
    growth = worst.growth_bytes_per_hour if worst else None
    limit = min((pod.seconds_to_limit.middle for pod in verdict.pods if pod.seconds_to_limit), default=None)
    load = worst.load_change_percent if worst else None
    return status.replace(
        verdict=records.verdict_record(verdict),
        affected_pods=records.affected(verdict),
        onset_time=records.moment(worst.onset_at) if worst and worst.onset_at is not None else None,
        growth_per_hour=quantity_of(records.two_digits(growth.middle)) if growth else None,
        growth_percent=records.percent(worst.growth_percent) if worst else None,
        seconds_to_limit=records.rounded(limit),
        latency_milliseconds=records.rounded(worst.latency_milliseconds) if worst else None,
        load_change_percent=records.percent(load) if load is not None else None,
        load_per_second=records.figure(worst.load_per_second) if worst else None,
    )


def _analysed(status: DriftIncidentStatus, incident: DriftIncident, facts: Facts, outcome: Done) -> DriftIncidentStatus:
    findings, target = outcome.findings, facts.target
    if findings is None or target is None or facts.policy is None or facts.store is None:
        return status
    revision = status.affected_pods[0].revision if status.affected_pods else target.revision
    profiled = status.profiles[0].revision if status.profiles else revision
    container = baselines.profiled_container(facts.policy, target) or incident.spec.container
    known, others = facts.store.status.baselines, [each for each in facts.incidents if each is not incident]
    history = blame.History(
        target=target,
        namespace=facts.namespace,
        revision=revision,
        onset=status.onset_time,
        healthy=baselines.last_healthy(known, revision, container, facts.incidents),
        young=baselines.earlier(known, revision, container),
        earlier=others,
    )
    change = blame.change_of(findings, history)
    growth_kind = status.verdict.growth_kind if status.verdict else ""
    inputs = baselines.inputs(known, profiled, container, facts.incidents)
    status = status.replace(
        findings=records.findings_record(findings).replace(inputs=inputs),
        change=change,
        fingerprint=findings.fingerprint or None,
        recommendation=blame.recommendation(findings, change, growth_kind),
        archive=None,  # what was stored before does not hold these findings
    )
    status = _acted(status, "Analyse", ActionState.DONE, facts.now, detail=findings.sentence)
    quiet = judgements.quiet_about(incident.replace(status=status), facts)
    if quiet is None or not quiet[1]:
        return status
    detail = f"judged {quiet[0].spec.judgement} in {quiet[0].metadata.name}, but beyond it now: {quiet[1]}"
    return _acted(status, "Judgement", ActionState.DONE, facts.now, detail=detail)


def _begun(
    status: DriftIncidentStatus, incident: DriftIncident, facts: Facts, step: Begin, outcome: Done
) -> DriftIncidentStatus:
    """Intent before the act: plan, pods, figures from before, and the first pod, all in one write."""
    verdict, target, now = facts.verdict(incident.spec.container), facts.target, facts.now
    worst = verdict.pods[0] if verdict and verdict.pods else None
    uri, sha256 = outcome.document or ("", "")
    status = status.replace(
        stage=Stage.RESTARTING_FIRST,
        stage_entered_time=now,
        plan=step.plan.record(),
        decision=StoredDocument(uri=uri, sha256=sha256) if uri else None,
        pods_before=records.lives(target, incident.spec.container) if target else [],
        latency_before_milliseconds=records.rounded(worst.latency_milliseconds) if worst else None,
        memory_before=quantity_of(worst.memory_bytes) if worst and worst.memory_bytes is not None else None,
    )
    pod, uid = step.plan.pods[0]
    if step.plan.strategy == "Rollout":
        return _acted(status, "Rollout", ActionState.INTENDED, now, detail=step.plan.sentence)
    return _acted(status, "Evict", ActionState.INTENDED, now, pod, uid, step.plan.sentence)


def _closed(status: DriftIncidentStatus, incident: DriftIncident, facts: Facts, step: Close) -> DriftIncidentStatus:
    relief = facts.relief.get(incident.metadata.name)
    if relief is not None and status.stage is Stage.VERIFYING:
        status = status.replace(
            latency_before_milliseconds=records.rounded(relief.latency_before_milliseconds),
            latency_after_milliseconds=records.rounded(relief.latency_after_milliseconds),
            memory_before=quantity_of(relief.memory_before_bytes) if relief.memory_before_bytes is not None else None,
            memory_after=quantity_of(relief.memory_after_bytes) if relief.memory_after_bytes is not None else None,
        )
    status = status.replace(
        stage=Stage.CLOSED,
        stage_entered_time=facts.now,
        closed_time=facts.now,
        outcome=step.outcome,
        judged=judgements.judged_record(incident, facts) if step.outcome is IncidentOutcome.EXPECTED else status.judged,
    )
    return _acted(status, "Close", ActionState.DONE, facts.now, detail=step.reason)


def _sentence(step: Step) -> str:
    match step:
        case Close(reason=reason):
            return reason
        case Begin(plan=plan):
            return plan.sentence
        case StepBack(hold=hold):
            return hold.message
        case Evict(pod=pod) | Capture(pod=pod):
            return f"{type(step).__name__} {pod}"
        case _:
            return ""
