"""Waiting for agreement: the stage without a deadline, which never expires into acting.

Exists so that an incident that must not act still ends: by the guards, by a person, or because the drift is gone. Must
not touch a pod.
"""

from __future__ import annotations

from datetime import timedelta

from memdrift.api.driftincident import IncidentOutcome, Stage
from memdrift.api.featurestore import Mode, ProfileFormat
from memdrift.drift.verdict import VerdictKind, VerdictReason
from memdrift.remedy import baselines, guards, hits, stages
from memdrift.remedy.facts import Hold
from memdrift.remedy.guards import Case
from memdrift.remedy.plan import still_runs
from memdrift.remedy.proving import HANDS_OFF, telling_kind, unfiled
from memdrift.remedy.reasons import Reason
from memdrift.remedy.steps import Analyse, Begin, Close, Enter, File, PutDocument, Step, Wait

RETRY_SECONDS = 60.0


def hold(case: Case) -> Step:
    """Wait for agreement, for a person, or for the end of the drift; what is not stored or filed is caught up."""
    name = case.incident.metadata.name
    ended = _ended(case)
    if ended is not None:
        return ended
    if case.policy.allows(Mode.CAPTURE) and case.status.archive is None and guards.first_hold(HANDS_OFF, case) is None:
        return PutDocument(name)
    if _evidence_due(case):
        return Enter(name, Stage.CAPTURING)
    stale = _baselines_came(case)
    if stale and _retry_due(case, "Analyse"):
        return Analyse(name)
    if unfiled(case) and _retry_due(case, "File") and guards.first_hold(HANDS_OFF, case) is None:
        return File(name)  # also where an archive that was away left no time for it, and a restart may begin now
    if stale:
        again = case.facts.now + timedelta(seconds=RETRY_SECONDS)
        why = "a baseline came after the findings, and they could not be made anew yet"
        return Wait(Hold(Reason.EVIDENCE_MISSING, why, again), name)
    held = guards.first_hold(guards.GO, case)
    return Begin(name, case.plan) if held is None else Wait(held, name)


def _evidence_due(case: Case) -> bool:
    """Whether profiles that could not be taken or stored are worth another round: faults pass, evidence does not."""
    status, now = case.status, case.facts.now
    wanted = case.policy.allows(Mode.CAPTURE) and case.policy.spec.capture.format is not ProfileFormat.NONE
    if not wanted or any(profile.kind == telling_kind(case) for profile in status.profiles):
        return False
    failed = max((failure.time for failure in status.capture_failures), default=None)
    rested = failed is None or now - failed >= timedelta(seconds=stages.RECAPTURE_SECONDS)
    living = any(not case.target.gone(pod.uid) for pod in status.affected_pods)
    return rested and living and guards.first_hold(HANDS_OFF, case) is None


def _baselines_came(case: Case) -> bool:
    """Whether the findings were made with other baselines than there are now: what came late may explain what grows."""
    findings, store = case.status.findings, case.facts.store
    if findings is None or store is None or not case.status.profiles or guards.metrics(case) is not None:
        return False
    container = baselines.profiled_container(case.policy, case.target) or case.incident.spec.container
    revision = case.status.profiles[0].revision
    return findings.inputs != baselines.inputs(store.status.baselines, revision, container, case.facts.incidents)


def _retry_due(case: Case, kind: str) -> bool:
    tried = [action.time for action in case.status.actions if action.kind == kind]
    return not tried or case.facts.now - max(tried) >= timedelta(seconds=RETRY_SECONDS)


OVER_LIVES = frozenset({VerdictReason.GROWTH_BY_AGE, VerdictReason.KILLS_RECUR})
"""What is seen over many lives goes on when each of them ends: else every kill would open and close an incident."""


def _ended(case: Case) -> Step | None:
    """The drift is gone without us: the lives ended, or a third of a window in a row was steady."""
    name, affected, container = case.incident.metadata.name, case.status.affected_pods, case.incident.spec.container
    newest = case.verdict
    silent = newest is None or newest.kind is VerdictKind.UNKNOWN
    recorded = case.status.verdict
    over_lives = (newest is not None and newest.reason in OVER_LIVES) or (
        silent and recorded is not None and recorded.reason in OVER_LIVES
    )
    if affected and not over_lives and not any(still_runs(pod, case.target, container) for pod in affected):
        revisions = {pod.revision for pod in affected}
        same = any(pod.revision in revisions for pod in case.target.pods)
        outcome = IncidentOutcome.SUPERSEDED if same else IncidentOutcome.RESOLVED
        how = "they were restarted" if same else "the target has other pods of another revision, or none"
        return Close(name, outcome, f"none of the affected pods runs on as it was: {how}")
    if newest is None or newest.kind is not VerdictKind.STEADY:
        return None
    detection = case.policy.spec.detection
    steady = hits.one_more(newest, case.status.steady, case.facts.now)
    span = (steady.block_end_time - steady.since_time).total_seconds()
    if steady.count > detection.confirm_after_new_blocks and span >= min(detection.window_seconds) / 3:
        return Close(name, IncidentOutcome.RESOLVED, "memory no longer drifts")
    return None
