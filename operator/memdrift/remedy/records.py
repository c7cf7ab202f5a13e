"""Verdict and findings as they are written into an incident.

Exists because the wire knows no floats and every list there is bounded. Figures are rounded to what a person would
notice, so that an unchanged incident is not written again. Must not judge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from memdrift.api.driftincident import (
    AffectedPod,
    FindingsRecord,
    GateRecord,
    LeakRecord,
    PodLife,
    StackRecord,
    SuspectRecord,
    VerdictRecord,
)
from memdrift.api.quantities import quantity_of
from memdrift.drift.verdict import PodVerdict, Verdict
from memdrift.evidence.findings import Findings, Suspect
from memdrift.remedy.target import Target

_LARGEST_PERCENT = 1_000_000.0

GROWING_GATES = frozenset({"trend", "material"})
"""A peer of the same revision that passes these grows too, though another gate does not yet say so."""


def moment(epoch_seconds: float) -> datetime:
    """An aware time of an epoch figure, to the second."""
    return datetime.fromtimestamp(int(epoch_seconds), UTC)


def two_digits(figure: float) -> float:
    """Rounded to two significant digits: smaller changes are noise to a person."""
    return float(f"{figure:.2g}")


def verdict_record(verdict: Verdict) -> VerdictRecord:
    """The verdict with every gate of the worst pod."""
    worst = verdict.pods[0] if verdict.pods else None
    return VerdictRecord(
        kind=verdict.kind,
        reason=verdict.reason,
        growth_kind=verdict.growth_kind,
        sentence=verdict.sentence,
        window_seconds=verdict.window_seconds,
        gates=[
            GateRecord(
                name=gate.name,
                figure="" if gate.figure is None else f"{gate.figure:.4g}",
                threshold="" if gate.threshold is None else f"{gate.threshold:.4g}",
                unit=gate.unit,
                passed=gate.passed,
                sentence=gate.sentence,
            )
            for gate in (worst.gates if worst else ())
        ],
        queries=list(verdict.queries),
    )


def affected(verdict: Verdict) -> list[AffectedPod]:
    """The pods that drift, worst first, then their peers of the same revision that grow as well."""
    drifting = verdict.drifting_pods
    uids, revisions = {pod.uid for pod in drifting}, {pod.revision for pod in drifting}
    peers = [pod for pod in verdict.pods if pod.uid not in uids and pod.revision in revisions and _growing(pod)]
    return [_affected_pod(pod) for pod in (*drifting, *peers)]


def _growing(pod: PodVerdict) -> bool:
    passed = {gate.name for gate in pod.gates if gate.passed}
    return passed >= GROWING_GATES


def _affected_pod(pod: PodVerdict) -> AffectedPod:
    growth = pod.growth_bytes_per_hour
    return AffectedPod(
        name=pod.pod,
        uid=pod.uid,
        started_time=moment(pod.started_at),
        revision=pod.revision,
        zone=pod.zone,
        growth_per_hour=quantity_of(two_digits(growth.middle)) if growth else None,
        memory=quantity_of(two_digits(pod.memory_bytes)) if pod.memory_bytes is not None else None,
        latency_milliseconds=rounded(pod.latency_milliseconds),
    )


def merged(known: Sequence[AffectedPod], fresh: Sequence[AffectedPod]) -> list[AffectedPod]:
    """The known pods in their order, then those that joined: a plan must not lose a pod between two looks.

    Only pods of the same revisions join, because the evidence is about those; a pod whose container restarted and
    drifts again is there as its newest life.
    """
    uids, revisions = {pod.uid for pod in known}, {pod.revision for pod in known}
    newest = {pod.uid: pod for pod in fresh}
    renewed = [
        newest[pod.uid] if pod.uid in newest and newest[pod.uid].started_time > pod.started_time else pod
        for pod in known
    ]
    joined = (pod for pod in fresh if pod.uid not in uids and (not known or pod.revision in revisions))
    return [*renewed, *joined]


def rounded(figure: float | None) -> int | None:
    """A figure as a person would say it: two digits; None stays None."""
    return None if figure is None else max(0, int(two_digits(figure)))


def figure(measured: float | None) -> str | None:
    """A measured number as the wire has it; None stays None."""
    return None if measured is None else f"{measured:.4g}"


def findings_record(findings: Findings) -> FindingsRecord:
    """The findings, cut to what a person reads."""
    return FindingsRecord(
        compared_with=findings.compared_with,
        profile_growth=quantity_of(findings.profile_growth_bytes),
        explained_percent=_percent(findings.explained_percent),
        stacks=[
            StackRecord(
                frames=list(stack.frames)[:32],
                growth=quantity_of(stack.growth_bytes),
                share_percent=percent(stack.share_percent),
                growth_per_hour=_pace(stack.growth_bytes_per_hour),
            )
            for stack in findings.stacks[:8]
        ],
        suspects=[_suspect_record(suspect) for suspect in findings.suspects[:8]],
        leaks=[
            LeakRecord(
                fingerprint=leak.fingerprint,
                owner=leak.owner,
                module=leak.module,
                version=leak.version,
                growth=quantity_of(leak.growth_bytes),
                share_percent=percent(leak.share_percent),
            )
            for leak in findings.clusters
        ],
        confidence_percent=_percent(findings.confidence_percent),
        confidence_reason=findings.confidence_reason,
        native=findings.native,
        next_steps=list(findings.next_steps),
        sentence=findings.sentence,
    )


def _suspect_record(suspect: Suspect) -> SuspectRecord:
    return SuspectRecord(
        function=suspect.function,
        module=suspect.module,
        version=suspect.version,
        growth=quantity_of(suspect.growth_bytes),
        share_percent=percent(suspect.share_percent),
        retained_by=suspect.retained_by,
        growth_per_hour=_pace(suspect.growth_bytes_per_hour),
        confidence_percent=_percent(suspect.confidence_percent),
        ownership=suspect.ownership,
        made_by=suspect.made_by,
        called_by=suspect.called_by,
    )


def _percent(figure: float | None) -> int | None:
    return None if figure is None else round(figure)


def _pace(bytes_per_hour: float | None) -> str | None:
    return None if bytes_per_hour is None else quantity_of(two_digits(bytes_per_hour))


def lives(target: Target, container: str) -> list[PodLife]:
    """The pods with the start of the judged container (of the first container for the pod's total)."""
    result = []
    for pod in target.pods:
        life = pod.container(container) or (pod.containers[0] if pod.containers else None)
        if life is not None and life.started_at is not None and not pod.deleting:
            result.append(PodLife(name=pod.name, uid=pod.uid, started_time=life.started_at))
    return result


def percent(figure: float) -> int:
    """A share or a change as a resource holds it: a load that comes from nothing rises by more than anybody reads."""
    return 0 if math.isnan(figure) else round(max(-_LARGEST_PERCENT, min(figure, _LARGEST_PERCENT)))
