"""What a tick tells: events, and the report behind the log line and the metrics.

Exists so that a refusal is the same word everywhere. Events are published on changes only: a hold that lasts for hours
is one event. Must not decide or write a status.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from memdrift.api.driftincident import (
    DriftIncident,
    DriftIncidentStatus,
    IncidentOutcome,
    ProfileRecord,
    Stage,
)
from memdrift.api.featurestore import Baseline, FeatureStoreStatus
from memdrift.drift.verdict import VerdictKind
from memdrift.ports import Resource
from memdrift.reconcile.world import World
from memdrift.remedy import absence, guards, stages
from memdrift.remedy.facts import Facts
from memdrift.remedy.plan import recorded
from memdrift.remedy.reasons import Reason
from memdrift.remedy.status import worst_verdict
from memdrift.remedy.steps import (
    AnnotateTemplate,
    Begin,
    Capture,
    Close,
    Done,
    Evict,
    Failed,
    File,
    PutDocument,
    Step,
    StepOutcome,
    TakeBaseline,
    TellAbsence,
    Wait,
)
from memdrift.report.tick import CaptureTold, FilingTold, RestartTold, TickReport, TickResult

_BLOCKED_BY_MODE = {Reason.MODE_FORBIDS, Reason.STRATEGY_NONE, Reason.PAUSED}


def worth_writing(before: DriftIncidentStatus, after: DriftIncidentStatus) -> bool:
    """Whether anything but a moving figure in a sentence changed."""
    return _quiet(before) != _quiet(after)


def _quiet(status: DriftIncidentStatus) -> DriftIncidentStatus:
    return status.replace(message=None, conditions=[condition.replace(message="") for condition in status.conditions])


def wants_restart(incidents: Sequence[DriftIncident]) -> bool:
    """Whether a restart is wanted or under way; a mode that forbids it does not count."""
    waiting = [
        incident
        for incident in incidents
        if incident.status.stage is Stage.HOLDING and incident.status.reason not in _BLOCKED_BY_MODE
    ]
    return bool(waiting) or any(incident.status.stage in stages.RESTARTING for incident in incidents)


async def publish(
    world: World,
    facts: Facts,
    incidents: Sequence[DriftIncident],
    written: FeatureStoreStatus | None,
    step: Step,
    outcome: StepOutcome,
) -> None:
    """Events for what changed: a step that took effect, and a hold with a new reason."""
    before = {incident.metadata.name: incident for incident in facts.incidents}
    for incident in incidents:
        known = before.get(incident.metadata.name)
        told = _incident_event(known, incident)
        if told is not None:
            await world.events.publish(_resource(incident, facts), *told)
            if facts.store is not None:
                kind, reason, message = told
                await world.events.publish(_store_resource(facts), kind, reason, f"{incident.metadata.name}: {message}")
    if facts.store is not None and written is not None:
        known_ready = {c.type: c for c in facts.store.status.conditions}
        for condition in written.conditions:
            old = known_ready.get(condition.type)
            if condition.type in {"Ready", "Drifting"} and (old is None or old.reason != condition.reason):
                kind = "Warning" if (condition.type == "Ready") != (condition.status == "True") else "Normal"
                await world.events.publish(_store_resource(facts), kind, condition.reason, condition.message)
    if isinstance(step, TellAbsence) and isinstance(outcome, Done) and facts.policy is not None:
        subject, reason = next(each for each in incidents if each.metadata.name == step.incident), Reason.LEAK_ABSENT
        message = absence.sentence(subject, facts.policy)
        await world.events.publish(_resource(subject, facts), "Normal", reason, message)
        await world.events.publish(_store_resource(facts), "Normal", reason, f"{step.incident}: {message}")
    if isinstance(outcome, Failed) and facts.store is not None:
        message = f"{type(step).__name__}: {outcome.message}"
        await world.events.publish(_store_resource(facts), "Warning", outcome.reason, message)


def _incident_event(known: DriftIncident | None, incident: DriftIncident) -> tuple[str, str, str] | None:
    """(kind, reason, message) where stage, outcome or hold reason changed."""
    status = incident.status
    if known is not None and (known.status.stage, known.status.reason) == (status.stage, status.reason):
        return None
    if status.outcome is not None:
        detail = status.actions[-1].detail if status.actions else ""
        good = status.outcome in {IncidentOutcome.RELIEVED, IncidentOutcome.RESOLVED}
        return ("Normal" if good else "Warning"), str(status.outcome), detail
    if status.reason is not None:
        return "Normal", status.reason, status.message or ""
    sentence = status.verdict.sentence if status.verdict and status.stage is Stage.CONFIRMED else ""
    kind = "Warning" if status.stage in {Stage.CONFIRMED, Stage.RESTARTING_FIRST} else "Normal"
    plan = status.plan.sentence if status.plan and status.stage is Stage.RESTARTING_FIRST else ""
    return kind, str(status.stage), sentence or plan or f"entered {status.stage}"


def _resource(incident: DriftIncident, facts: Facts) -> Resource:
    meta = incident.metadata
    return Resource(incident.api_version, incident.kind, facts.namespace, meta.name, meta.uid)


def _store_resource(facts: Facts) -> Resource:
    assert facts.store is not None
    return Resource(
        facts.store.api_version, facts.store.kind, facts.namespace, facts.store_name, facts.store.metadata.uid
    )


def report(
    facts: Facts,
    incidents: Sequence[DriftIncident],
    written: FeatureStoreStatus | None,
    step: Step,
    outcome: StepOutcome,
    seconds: float,
) -> TickReport:
    """The tick as one value."""
    verdict = worst_verdict(facts.verdicts)
    worst = verdict.pods[0] if verdict and verdict.pods else None
    growth = worst.growth_bytes_per_hour if worst else None
    limits = [pod.seconds_to_limit.middle for pod in (verdict.pods if verdict else ()) if pod.seconds_to_limit]
    shown = _shown(incidents, step)
    hold = step.hold if isinstance(step, Wait) else None
    problem = facts.metrics_problem
    known = {condition.type: condition for condition in written.conditions} if written else {}
    drifting = known.get("Drifting")
    unknown = drifting is not None and drifting.status == "Unknown"
    return TickReport(
        namespace=facts.namespace,
        store=facts.store_name,
        now=facts.now,
        seconds=seconds,
        result=TickResult.POSTPONED if isinstance(outcome, Failed) else TickResult.DONE,
        verdict=verdict.kind if verdict else VerdictKind.UNKNOWN,
        verdict_reason=str(verdict.reason) if verdict else (problem[0] if problem else ""),
        growth_bytes_per_hour=growth.middle if growth else None,
        seconds_to_limit=min(limits, default=None),
        latency_milliseconds=worst.latency_milliseconds if worst else None,
        objective_milliseconds=facts.policy.spec.objective.latency_milliseconds if facts.policy else None,
        evaluation_period_seconds=facts.policy.spec.evaluation_period_seconds if facts.policy else None,
        unknown_since=drifting.last_transition_time if drifting and unknown else None,
        incident=shown.metadata.name if shown else "",
        stage=str(shown.status.stage) if shown else "",
        outcome=str(step.outcome) if isinstance(step, Close) and isinstance(outcome, Done) else "",
        step=type(step).__name__,
        hold_reason=str(hold.reason) if hold else "",
        hold_message=hold.message if hold else "",
        hold_until=hold.until if hold else None,
        consecutive_stopgaps=written.budget.consecutive if written else 0,
        error=f"{outcome.reason}: {outcome.message}" if isinstance(outcome, Failed) else "",
        captures=_captures(step, outcome),
        restarts=_restarts(facts, step, outcome),
        filings=_filings(facts, step, outcome),
        archive_puts=_puts(step, outcome),
    )


def _shown(incidents: Sequence[DriftIncident], step: Step) -> DriftIncident | None:
    named = getattr(step, "incident", "")
    by_name = {incident.metadata.name: incident for incident in incidents}
    opened = [incident for incident in incidents if incident.status.stage is not Stage.CLOSED]
    return by_name.get(named) or next(iter(opened), None)


def _captures(step: Step, outcome: StepOutcome) -> tuple[CaptureTold, ...]:
    if not isinstance(step, Capture | TakeBaseline):
        return ()
    if isinstance(outcome, Failed):
        return (CaptureTold("Failed", outcome.reason),)
    records: list[ProfileRecord | Baseline] = [*outcome.profiles, *outcome.baselines]
    return tuple(
        CaptureTold("Stored", kind=record.kind, seconds=seconds, bytes=record.bytes)
        for record, seconds in zip(records, outcome.capture_seconds, strict=True)
    )


def _restarts(facts: Facts, step: Step, outcome: StepOutcome) -> tuple[RestartTold, ...]:
    if not isinstance(step, Evict | AnnotateTemplate) or isinstance(outcome, Failed):
        return ()
    incident = next(each for each in facts.incidents if each.metadata.name == step.incident)
    if isinstance(step, AnnotateTemplate) and incident.status.restart_started_time is not None:
        return ()  # the rollout was paused or resumed
    plan = recorded(incident)
    assert plan is not None
    assert facts.policy is not None
    assert facts.target is not None
    evidenced = guards.missing_evidence(guards.Case(facts, facts.policy, facts.target, incident, plan)) is None
    return (RestartTold(str(plan.strategy), evidenced),)


def _filings(facts: Facts, step: Step, outcome: StepOutcome) -> tuple[FilingTold, ...]:
    if not isinstance(step, File | TellAbsence) or facts.policy is None or facts.policy.spec.filing is None:
        return ()
    tracker = facts.policy.spec.filing.tracker
    if isinstance(outcome, Failed):
        return (FilingTold(tracker, "Refused" if outcome.permanent else "Unavailable"),)
    return (FilingTold(tracker, "Filed" if isinstance(step, File) else str(Reason.LEAK_ABSENT)),)


def _puts(step: Step, outcome: StepOutcome) -> tuple[str, ...]:
    if not isinstance(step, Capture | TakeBaseline | PutDocument | Begin | Close):
        return ()
    return ("Failed",) if isinstance(outcome, Failed) else ("Stored",)


def failed(namespace: str, name: str, now: datetime, seconds: float, error: Exception, *, known: bool) -> TickReport:
    """The report of a tick that could not be finished."""
    return TickReport(
        namespace=namespace,
        store=name,
        now=now,
        seconds=seconds,
        result=TickResult.POSTPONED if known else TickResult.FAILED,
        hold_reason=getattr(error, "reason", str(Reason.INTERNAL_ERROR)),
        error=str(error)[:500],
    )
