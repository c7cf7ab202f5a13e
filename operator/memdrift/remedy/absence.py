"""Whether a leak that was filed has stayed away: for long enough, since a newer revision, at comparable load.

Exists so that a ticket is told once that its leak is gone, by measurements and not by silence. Only blocks that were
measured count, only while the verdict is `Steady`; load that is not known is never comparable. Must not count for an
incident that was pruned (nobody knows its revisions any more), nor send anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from memdrift.api.driftincident import AbsenceRecord, DriftIncident, IncidentOutcome, Stage
from memdrift.api.featurestore import Mode
from memdrift.drift.blocks import Window
from memdrift.drift.phrases import span_of
from memdrift.drift.verdict import VerdictKind
from memdrift.drift.weeks import WEEK_SECONDS
from memdrift.remedy import inforce, measured, records, stages
from memdrift.remedy.facts import Facts
from memdrift.remedy.policy import Policy
from memdrift.remedy.target import Revision, Target

COMPARABLE_SHARE = 0.8
"""Load of a pod from this share on of the load at confirmation is comparable."""
LOOKS = 48
"""Into so many parts the time is cut at which progress is written down: once an hour of 48 h."""
LEAST_RETRY_SECONDS = 60.0


def due(facts: Facts, policy: Policy) -> DriftIncident | None:
    """The incident whose ticket may be told now that its leak is gone; None where there is none.

    Nothing is told where captures and filings are not allowed, nor while the store's pods are being restarted.
    """
    if policy.kill_switch or policy.spec.pause_requests or not policy.allows(Mode.CAPTURE):
        return None
    if any(incident.status.stage in stages.RESTARTING for incident in facts.incidents):
        return None
    return next((incident for incident in facts.incidents if _complete(incident, facts, policy)), None)


def _complete(incident: DriftIncident, facts: Facts, policy: Policy) -> bool:
    record, confirmed = incident.status.absence, incident.status.verdict
    if record is None or record.told_time is not None or confirmed is None or not _followable(incident, facts):
        return False
    retry = timedelta(seconds=max(LEAST_RETRY_SECONDS, needed_seconds(policy) / LOOKS))
    if record.tried_time is not None and facts.now - record.tried_time < retry:
        return False
    enough = record.judged_seconds >= needed_seconds(policy)
    comparable = record.comparable_seconds >= comparable_seconds(incident, policy)
    return enough and comparable and _seen_as_then(incident, facts) and bool(_steady(incident, facts))


def _seen_as_then(incident: DriftIncident, facts: Facts) -> bool:
    """Whether the verdict looks as far back as the one that confirmed: a slow leak shows in long windows only."""
    verdict, confirmed = facts.verdict(incident.spec.container), incident.status.verdict
    longest = max((window.seconds for window in facts.windows if window.seconds < WEEK_SECONDS), default=0)
    if verdict is None or confirmed is None:
        return False
    return verdict.window_seconds >= (min(confirmed.window_seconds, longest) if longest else confirmed.window_seconds)


def needed_seconds(policy: Policy) -> int:
    """How much judged time the owner asks for."""
    return policy.spec.filing.absence_seconds if policy.spec.filing else 0


def comparable_seconds(incident: DriftIncident, policy: Policy) -> int:
    """How much of it must be at comparable load: as long as the load at confirmation was taken over, at most half."""
    confirmed = incident.status.verdict
    quarter = confirmed.window_seconds // 4 if confirmed else 0
    half = needed_seconds(policy) // 2
    return max(1, min(quarter, half) if quarter else half)


def load_of(incident: DriftIncident) -> float | None:
    """Load at confirmation, per second; None where it was not measured."""
    try:
        load = float(incident.status.load_per_second or "nan")
    except ValueError:
        return None
    return load if np.isfinite(load) else None


def followed(incident: DriftIncident, facts: Facts) -> AbsenceRecord | None:
    """What is known of the absence after this look: longer, the same where nothing was measured, None where it ended.

    It is the same object where nothing is to be written.
    """
    record, target = incident.status.absence, facts.target
    told = record is not None and record.told_time is not None
    if told or target is None or not _followable(incident, facts):
        return record
    if _back(incident, facts, target):
        return None
    uids, policy = _steady(incident, facts), facts.policy
    if not uids or policy is None:
        return record
    finest = min(facts.windows, key=lambda window: (window.block_seconds, window.seconds))
    if record is None or record.workload_uid != target.uid:
        return _begun(incident, target, finest)
    return _longer(record, incident, policy, finest, uids)


def _followable(incident: DriftIncident, facts: Facts) -> bool:
    """Whether there is a ticket to be told of this incident, and what its leak's absence could be measured against."""
    status, store, policy = incident.status, facts.store, facts.policy
    if store is None or policy is None or facts.target is None or policy.spec.filing is None or status.ticket is None:
        return False
    accepted = status.outcome is IncidentOutcome.EXPECTED or incident.spec.judgement in inforce.QUIET
    if status.stage is not Stage.CLOSED or accepted or status.ticket.tracker != policy.spec.filing.tracker:
        return False
    if incident.spec.store_ref.uid != store.metadata.uid or status.verdict is None:
        return False
    return bool(guilty(incident)) and load_of(incident) is not None and not _newer_one(incident, facts.incidents)


def _newer_one(incident: DriftIncident, incidents: Sequence[DriftIncident]) -> bool:
    """Whether the leak was seen again since, or something of the container is open: then that incident is the one."""
    leaks = inforce.leaks_of(incident)
    return any(
        (each.spec.number > incident.spec.number and leaks & inforce.leaks_of(each))
        or (each.status.stage is not Stage.CLOSED and each.spec.container == incident.spec.container)
        for each in incidents
    )


def guilty(incident: DriftIncident) -> frozenset[str]:
    """The revisions that leaked."""
    return frozenset(pod.revision for pod in incident.status.affected_pods if pod.revision)


def _back(incident: DriftIncident, facts: Facts, target: Target) -> bool:
    """Whether something drifts again, or a revision that leaked is the current one again."""
    verdict = facts.verdict(incident.spec.container)
    drifts = verdict is not None and bool(verdict.drifting or verdict.drifting_pods)
    return drifts or target.revision in guilty(incident)


def _steady(incident: DriftIncident, facts: Facts) -> frozenset[str]:
    """UIDs of the pods that were measured and are steady, all of the target's pods being of other revisions; else none.

    Without a verdict, with an `Unknown` one, or within a rollout nothing is said.
    """
    verdict, target, leaked = facts.verdict(incident.spec.container), facts.target, guilty(incident)
    if verdict is None or target is None or not facts.windows or verdict.kind is not VerdictKind.STEADY:
        return frozenset()
    if target.rolling or not target.revision or _back(incident, facts, target):
        return frozenset()
    if any(pod.revision in leaked for pod in target.pods):
        return frozenset()
    return frozenset(pod.uid for pod in verdict.pods if pod.kind is VerdictKind.STEADY and pod.revision not in leaked)


def _begun(incident: DriftIncident, target: Target, finest: Window) -> AbsenceRecord | None:
    """The first look at which it is absent, where the current revision is known to be newer than those that leaked."""
    leaked = [each for each in target.revisions if each.identity in guilty(incident)]
    current: Revision | None = target.revisions[-1] if target.revisions else None
    if not leaked or current is None or current.number <= max(each.number for each in leaked):
        return None  # another workload, or one that keeps no old revisions: which came first is not known
    ended = records.moment(finest.ended_at)
    return AbsenceRecord(
        workload_uid=target.uid,
        revision=current.identity,
        revision_number=current.number,
        since_time=ended,
        block_end_time=ended,
    )


def _longer(
    record: AbsenceRecord, incident: DriftIncident, policy: Policy, finest: Window, uids: frozenset[str]
) -> AbsenceRecord:
    """With the blocks measured since the last one that was counted; unchanged where there is nothing new to write."""
    needed, since = needed_seconds(policy), record.block_end_time.timestamp()
    if finest.ended_at - since < min(needed / LOOKS, finest.seconds / 2):
        return record
    load = load_of(incident)
    least = np.inf if load is None else COMPARABLE_SHARE * load
    seconds = measured.seconds_since(finest, incident.spec.container, uids, since, least)
    judged = min(needed, record.judged_seconds + seconds.in_all)
    alike = min(needed, record.comparable_seconds + seconds.loaded)
    if judged <= record.judged_seconds and alike <= record.comparable_seconds:
        return record
    return record.replace(
        judged_seconds=max(judged, record.judged_seconds),
        comparable_seconds=max(alike, record.comparable_seconds),
        block_end_time=records.moment(finest.ended_at),
    )


def sentence(incident: DriftIncident, policy: Policy) -> str:
    """What is told: "absent for 48 h at comparable load since revision 15"."""
    record = incident.status.absence
    assert record is not None
    return f"absent for {_hours(needed_seconds(policy))} at comparable load since revision {record.revision_number}"


def grounds(incident: DriftIncident, policy: Policy) -> str:
    """What the sentence rests on."""
    record, load = incident.status.absence, load_of(incident)
    assert record is not None
    return (
        f"No verdict saw drift since {record.since_time:%Y-%m-%d %H:%M} UTC; only time that was measured and judged "
        f"Steady is counted. For {_hours(comparable_seconds(incident, policy))} of it or more a pod's load was at "
        f"least {COMPARABLE_SHARE:.0%} of the {load:.4g} per second at which the drift was confirmed."
    ).replace("%", " %")


def _hours(seconds: int) -> str:
    """Whole hours as hours, as people say "48 h"."""
    return f"{seconds // 3600} h" if seconds >= 3600 and seconds % 3600 == 0 else span_of(seconds)
