"""The verdict on one life: which memory decides, what kind of growth it is, and whether latency follows.

Stands between the gates, which know one memory, and the container's verdict, which counts lives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memdrift.drift.assessment import Assessment, assessed
from memdrift.drift.blocks import LifeBlocks
from memdrift.drift.explanation import measured_load
from memdrift.drift.impact import latency_objective_gate, latency_rises_gate, recent_latency, worth_relieving_gate
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.projection import growth_per_hour, latest_of, seconds_to_limit
from memdrift.drift.stretch import Stretch, exists
from memdrift.drift.verdict import Gate, GrowthKind, Interval, PodVerdict, VerdictKind, VerdictReason

_UNMEASURED = frozenset(
    {VerdictReason.NO_SERIES, VerdictReason.TOO_YOUNG, VerdictReason.COVERAGE_LOW, VerdictReason.LOAD_MISSING}
)
_RESIDENT_PER_LIVE = 2.0
"""At its default pace the Go collector lets the heap reach twice what lives before it collects."""


@dataclass(frozen=True, slots=True)
class JudgedLife:
    """One life's verdict with what the container's verdict says of it.

    Attributes:
        reason: why the pod's verdict is what it is.
        memory: "live heap" or "resident memory": which one was judged.
        span_seconds: from the onset to the end of the window.
    """

    pod: PodVerdict
    reason: VerdictReason
    memory: str
    span_seconds: float


def judged_life(blocks: LifeBlocks, window_seconds: int, policy: DetectionPolicy) -> JudgedLife:
    """The verdict on one life in one window."""
    assessment, growth_kind = _deciding(blocks, window_seconds, policy)
    whole, growth = assessment.whole, assessment.growth
    grown = growth is not None and growth_kind is not GrowthKind.NONE
    to_limit = seconds_to_limit(blocks, growth) if growth and grown else None
    impact = _impact_gates(assessment, to_limit, window_seconds, policy)
    on_heap = exists(blocks.live_heap) and growth_kind is not GrowthKind.NATIVE
    load, load_change = _load_of(growth.stretch) if growth else (None, None)
    life = blocks.life
    pod = PodVerdict(
        pod=life.pod,
        uid=life.uid,
        started_at=life.started_at,
        revision=life.revision,
        zone=life.zone,
        kind=_kind(assessment.reason, impact),
        growth_kind=growth_kind,
        gates=assessment.gates + impact,
        window_seconds=window_seconds,
        onset_at=_onset_at(assessment) if grown else None,
        memory_bytes=latest_of(blocks.live_heap if on_heap else blocks.resident),
        growth_bytes=growth.amount_bytes if growth else 0.0,
        growth_percent=growth.percent_of_start if growth else 0.0,
        growth_bytes_per_hour=growth_per_hour(growth) if growth else None,
        seconds_to_limit=to_limit,
        latency_milliseconds=recent_latency(whole) if whole else None,
        load_per_second=load,
        load_change_percent=load_change,
        resident_bytes=latest_of(blocks.resident),
    )
    reason = VerdictReason.GROWTH_EXPLAINED if growth_kind is GrowthKind.CACHE else assessment.reason
    span = growth.stretch.span_seconds + blocks.block_seconds if growth else 0.0
    return JudgedLife(pod, reason, "live heap" if on_heap else "resident memory", span)


def _deciding(blocks: LifeBlocks, window_seconds: int, policy: DetectionPolicy) -> tuple[Assessment, GrowthKind]:
    """The assessment of the memory that decides.

    Live heap where it exists: in use and resident memory creep for a while in a healthy process (LEAK.md). Resident
    memory beside it, less what the collector may take; the working set last, and never as drift (DETECTION.md).
    """
    resident = blocks.resident
    if not exists(blocks.live_heap):
        assessment = assessed(blocks, resident, window_seconds, policy, quieter_band=True)
        return assessment, _kind_of_growth(assessment, GrowthKind.UNSPECIFIED, blocks, window_seconds, policy)
    heap = assessed(blocks, blocks.live_heap, window_seconds, policy, quieter_band=False)
    if heap.drifts or heap.reason in _UNMEASURED or not exists(resident):
        return heap, _kind_of_growth(heap, GrowthKind.HEAP, blocks, window_seconds, policy)
    headroom = _collector_headroom_bytes(blocks) + policy.minimum_growth_bytes
    native = assessed(blocks, resident, window_seconds, policy, quieter_band=True, headroom_bytes=headroom)
    if native.drifts or native.reason is VerdictReason.LOAD_MISSING:
        return native, GrowthKind.NATIVE
    return heap, _kind_of_growth(heap, GrowthKind.HEAP, blocks, window_seconds, policy)


def _kind_of_growth(
    assessment: Assessment, grown: GrowthKind, blocks: LifeBlocks, window_seconds: int, policy: DetectionPolicy
) -> GrowthKind:
    if assessment.grows:
        return grown
    if assessment.reason is not VerdictReason.NO_GROWTH or not exists(blocks.working_set):
        return GrowthKind.NONE
    cached = assessed(blocks, blocks.working_set, window_seconds, policy, quieter_band=True)
    return GrowthKind.CACHE if cached.grows else GrowthKind.NONE


def _collector_headroom_bytes(blocks: LifeBlocks) -> float:
    """How far resident memory may still rise over this live heap without a native leak."""
    resident = blocks.resident.p10[np.isfinite(blocks.resident.p10)]
    if not len(resident):
        return 0.0
    return max(_RESIDENT_PER_LIVE * float(np.nanmax(blocks.live_heap.p50)) - float(resident[0]), 0.0)


def _impact_gates(
    assessment: Assessment, to_limit: Interval | None, window_seconds: int, policy: DetectionPolicy
) -> tuple[Gate, ...]:
    whole, growth = assessment.whole, assessment.growth
    if whole is None or growth is None:
        return ()
    return (
        latency_rises_gate(whole),
        latency_objective_gate(whole, policy),
        worth_relieving_gate(growth, to_limit, window_seconds),
    )


def _kind(reason: VerdictReason, impact: tuple[Gate, ...]) -> VerdictKind:
    if reason in _UNMEASURED:
        return VerdictKind.UNKNOWN
    if reason is not VerdictReason.GROWTH_UNEXPLAINED:
        return VerdictKind.STEADY
    return VerdictKind.DRIFTING_WITH_IMPACT if all(gate.passed for gate in impact) else VerdictKind.DRIFTING


def _onset_at(assessment: Assessment) -> float | None:
    if assessment.growth is None or not assessment.grows:
        return None
    stretch = assessment.growth.stretch
    return stretch.began_at + float(stretch.times[0]) - stretch.block_seconds / 2


def _load_of(stretch: Stretch) -> tuple[float | None, float | None]:
    """The load of the youngest quarter, and its change in percent against the first quarter since the onset."""
    load = measured_load(stretch)
    if load is None:
        return None, None
    total = load.sum(axis=0)
    total = total[np.isfinite(total)]
    quarter = max(len(total) // 4, 1)
    if not len(total):
        return None, None
    first, last = float(np.median(total[:quarter])), float(np.median(total[-quarter:]))
    return last, 100.0 * (last - first) / first if first > 0 else None
