"""The store's status, derived from facts, progress and the step: the only place that writes it.

Exists so that conditions, figures and counts never disagree, and so that an unchanged store is not written: figures are
rounded to what a person would notice, and a heartbeat comes every ten minutes. Must not decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from memdrift.api.driftincident import DriftIncident, Stage
from memdrift.api.featurestore import Baseline, Condition, ConditionStatus, FeatureStore, FeatureStoreStatus, Hit
from memdrift.api.quantities import quantity_of
from memdrift.drift.blocks import POD_TOTAL
from memdrift.drift.verdict import Verdict, VerdictKind, VerdictReason
from memdrift.remedy import baselines, conditions, hits, ledger, records, stages
from memdrift.remedy.facts import Facts, Hold
from memdrift.remedy.reasons import Reason
from memdrift.remedy.steps import Begin, Close, Done, Step, StepOutcome, Wait, waits_of

HEARTBEAT = timedelta(minutes=10)
SEVERITY = (VerdictKind.UNKNOWN, VerdictKind.STEADY, VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT)
REQUEST_ANNOTATION = "memdrift.io/requested-at"


def worst_verdict(verdicts: Sequence[Verdict]) -> Verdict | None:
    """The verdict that the store shows: the most severe; of equal ones a container's before the pods' total."""
    ranked = sorted(verdicts, key=lambda verdict: (verdict.container == POD_TOTAL, -SEVERITY.index(verdict.kind)))
    return max(ranked, key=lambda verdict: SEVERITY.index(verdict.kind), default=None)


def store_status(
    store: FeatureStore, facts: Facts, incidents: Sequence[DriftIncident], step: Step, outcome: StepOutcome
) -> FeatureStoreStatus:
    """The status after this tick; `incidents` are as they are after it."""
    known, verdict = store.status, worst_verdict(facts.verdicts)
    opened = [incident for incident in incidents if incident.status.stage is not Stage.CLOSED]
    rows = ledger.stopgaps(incidents, known.ledger)
    worst = verdict.pods[0] if verdict and verdict.pods else None
    growth = worst.growth_bytes_per_hour if worst and verdict and verdict.drifting else None
    limits = [pod.seconds_to_limit.middle for pod in (verdict.pods if verdict else ()) if pod.seconds_to_limit]
    newest = max((incident.spec.number for incident in incidents), default=0)
    return known.replace(
        observed_generation=store.metadata.generation,
        last_evaluation_time=facts.now,
        last_handled_request=store.metadata.annotations.get(REQUEST_ANNOTATION, known.last_handled_request),
        verdict=str(verdict.kind) if verdict else str(VerdictKind.UNKNOWN),
        growth_per_hour=quantity_of(records.two_digits(growth.middle)) if growth else None,
        seconds_to_limit=records.rounded(min(limits)) if limits and verdict and verdict.drifting else None,
        latency_milliseconds=records.rounded(worst.latency_milliseconds) if worst else None,
        incident=opened[0].metadata.name if opened else None,
        incident_count=max(known.incident_count, newest),
        observed_since=known.observed_since or facts.now,
        hits=_hits(known.hits, facts, step, outcome),
        budget=ledger.budget(rows, facts.now, ledger.leak_of(opened[0]) if opened else (rows[-1].leak if rows else "")),
        next_eligible_time=_next_eligible(facts, rows, incidents),
        ledger=ledger.entries(incidents, rows, known.ledger),
        baselines=_baselines(known, facts, outcome),
        conditions=_conditions(store, facts, opened, verdict, step),
    )


def _hits(known: Sequence[Hit], facts: Facts, step: Step, outcome: StepOutcome) -> list[Hit]:
    """A restart makes everything before it worthless as a reason for the next one."""
    if isinstance(step, Begin | Close) and isinstance(outcome, Done):
        return []
    return hits.all_counted(facts.verdicts, known, facts.now)


def _baselines(known: FeatureStoreStatus, facts: Facts, outcome: StepOutcome) -> list[Baseline]:
    """Known and new baselines; healthy is what a steady verdict said of a revision."""
    fresh = list(outcome.baselines) if isinstance(outcome, Done) else []
    rows = [*known.baselines, *fresh]
    if facts.target is None or facts.policy is None:
        return list(rows)
    container = baselines.profiled_container(facts.policy, facts.target)
    return list(baselines.with_health(rows, facts, facts.target, container))


def _next_eligible(facts: Facts, rows: Sequence[ledger.Stopgap], incidents: Sequence[DriftIncident]) -> datetime | None:
    """Before when cooldown and budgets allow nothing; None where they allow it now."""
    policy, now = facts.policy, facts.now
    if policy is None:
        return None
    last = ledger.last_disturbed_at(rows, incidents)
    ends = [
        last + timedelta(seconds=policy.cooldown_seconds) if last else None,
        ledger.frees_at(rows, now, ledger.DAY, policy.max_per_24_hours),
        ledger.frees_at(rows, now, ledger.WEEK, policy.max_per_7_days),
    ]
    return max((end for end in ends if end is not None and end > now), default=None)


def _conditions(
    store: FeatureStore, facts: Facts, opened: Sequence[DriftIncident], verdict: Verdict | None, step: Step
) -> list[Condition]:
    def condition(kind: str, status: ConditionStatus, reason: str, message: str) -> Condition:
        return Condition(
            type=kind,
            status=status,
            reason=reason,
            message=message,
            observed_generation=store.metadata.generation,
            last_transition_time=facts.now,
        )

    rows = conditions.updated(store.status.conditions, condition("Ready", *_ready(facts)))
    rows = conditions.updated(rows, condition("Drifting", *_drifting(facts, verdict)))
    rows = conditions.updated(rows, condition("Remediating", *_remediating(opened, step)))
    stalled = _stalled(facts, step)
    if stalled is None:
        return conditions.without(rows, "Stalled")
    return conditions.updated(rows, condition("Stalled", ConditionStatus.TRUE, str(stalled.reason), stalled.message))


def _ready(facts: Facts) -> tuple[ConditionStatus, str, str]:
    if facts.problem is not None:
        return ConditionStatus.FALSE, str(facts.problem.reason), facts.problem.message
    if facts.metrics_problem is not None:
        reason, message = facts.metrics_problem
        return ConditionStatus.FALSE, reason, message
    lowered = "; ".join(facts.policy.refused) if facts.policy else ""
    return ConditionStatus.TRUE, str(Reason.EVALUATED), lowered or "the store can be judged"


def _drifting(facts: Facts, verdict: Verdict | None) -> tuple[ConditionStatus, str, str]:
    if verdict is None or facts.metrics_problem is not None:
        problem = facts.metrics_problem
        if problem is not None:
            return ConditionStatus.UNKNOWN, problem[0], problem[1]
        reason = facts.problem.reason if facts.problem else VerdictReason.NO_SERIES
        return ConditionStatus.UNKNOWN, str(reason), facts.problem.message if facts.problem else "not judged yet"
    if verdict.kind is VerdictKind.UNKNOWN:
        return ConditionStatus.UNKNOWN, str(verdict.reason), verdict.sentence
    status = ConditionStatus.TRUE if verdict.drifting else ConditionStatus.FALSE
    return status, str(verdict.reason), verdict.sentence


def _remediating(opened: Sequence[DriftIncident], step: Step) -> tuple[ConditionStatus, str, str]:
    restarting = [incident for incident in opened if incident.status.stage in stages.RESTARTING]
    shown = next(iter(restarting or opened), None)
    if shown is not None:
        status = ConditionStatus.TRUE if restarting else ConditionStatus.FALSE
        name = shown.metadata.name
        return (
            status,
            shown.status.reason or str(shown.status.stage),
            f"{name}: {shown.status.message or shown.status.stage}",
        )
    if isinstance(step, Wait):
        return ConditionStatus.FALSE, str(step.hold.reason), step.hold.message
    return ConditionStatus.FALSE, str(Reason.IDLE), "no incident is open"


def _stalled(facts: Facts, step: Step) -> Hold | None:
    """Only what a person must end."""
    if facts.problem is not None and facts.problem.person_needed:
        return facts.problem
    return next((wait.hold for wait in waits_of(step) if wait.hold.person_needed), None)


def worth_writing(before: FeatureStoreStatus, after: FeatureStoreStatus) -> bool:
    """Whether anything but the time of the look changed, or the heartbeat is due."""
    if before.last_evaluation_time is None or after.last_evaluation_time is None:
        return True
    if after.last_evaluation_time - before.last_evaluation_time >= HEARTBEAT:
        return True
    return quiet(before) != quiet(after)


def quiet(status: FeatureStoreStatus) -> FeatureStoreStatus:
    """The status without what changes at every look: the time, and sentences whose figures move."""
    return status.replace(
        last_evaluation_time=None,
        conditions=[condition.replace(message="") for condition in status.conditions],
    )
