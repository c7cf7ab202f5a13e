"""One row of a batch as the verdict on a life, with every gate's sentence.

Exists because sentences and values for people are wanted for a few lives, figures for all. Copies and formats; must
not judge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from memdrift.drift.assessment import REASONS, Assessment
from memdrift.drift.blocks import Floats, Life
from memdrift.drift.explanation import fewest_load_blocks
from memdrift.drift.judgements import GROWTH_KINDS, KINDS, Judgements
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.projection import seconds_to_objective
from memdrift.drift.shapes import shape_of
from memdrift.drift.verdict import GrowthKind, GrowthShape, Interval, PodVerdict, VerdictReason

_UNMEASURED = frozenset({VerdictReason.TOO_YOUNG, VerdictReason.COVERAGE_LOW, VerdictReason.NO_SERIES})


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


def judged_life(
    judgements: Judgements, row: int, life: Life, window_seconds: int, began_at: float, policy: DetectionPolicy
) -> JudgedLife:
    """The verdict on one life; `began_at` is the epoch second at which the window's first block starts."""
    reason = REASONS[judgements.reasons[row]]
    growth_kind = GROWTH_KINDS[judgements.growth_kinds[row]]
    pod = _bare(judgements, row, life, window_seconds)
    memory = "live heap" if judgements.on_heap[row] else "resident memory"
    found = judgements.assessment(row)
    if found is None:
        return JudgedLife(pod, reason, memory, 0.0)
    assessment, local = found
    latency = _number(assessment.latencies[local])
    if reason in _UNMEASURED:
        return JudgedLife(replace(pod, latency_milliseconds=latency), reason, memory, 0.0)
    growth = assessment.growth
    seconds = judgements.block_seconds
    grown = growth_kind not in {GrowthKind.NONE, GrowthKind.CACHE}
    slopes = [float(bound[local]) * 3600.0 / seconds for bound in growth.slopes]
    load, change = _load_of(assessment, local)
    missing = int(np.argmax(growth.stretch.present[local]))
    onset_at = began_at + seconds * float(assessment.onset_blocks[local] + missing)
    whole = replace(
        pod,
        onset_at=onset_at if grown and assessment.grows[local] else None,
        growth_bytes=float(growth.amounts[local]),
        growth_percent=float(growth.percents_of_start[local]),
        growth_bytes_per_hour=Interval(*slopes),
        seconds_to_limit=_interval(assessment.limits[:, local]) if grown else None,
        latency_milliseconds=latency,
        load_per_second=load,
        load_change_percent=change,
        seconds_to_objective=_to_objective(assessment, local, policy) if grown else None,
        shape=shape_of(growth.stretch.judged[local]) if grown and assessment.grows[local] else GrowthShape.NONE,
    )
    return JudgedLife(whole, reason, memory, float(growth.span_blocks[local] + 1) * seconds)


def _bare(judgements: Judgements, row: int, life: Life, window_seconds: int) -> PodVerdict:
    return PodVerdict(
        pod=life.pod,
        uid=life.uid,
        started_at=life.started_at,
        revision=life.revision,
        zone=life.zone,
        kind=KINDS[judgements.kinds[row]],
        growth_kind=GROWTH_KINDS[judgements.growth_kinds[row]],
        gates=judgements.gates_of(row),
        window_seconds=window_seconds,
        onset_at=None,
        memory_bytes=_number(judgements.memory_bytes[row]),
        growth_bytes=0.0,
        growth_percent=0.0,
        growth_bytes_per_hour=None,
        seconds_to_limit=None,
        latency_milliseconds=None,
        load_per_second=None,
        load_change_percent=None,
        resident_bytes=_number(judgements.resident_bytes[row]),
    )


def _load_of(assessment: Assessment, row: int) -> tuple[float | None, float | None]:
    """The load of the youngest quarter, and its change in percent against the first quarter since the onset."""
    stretch = assessment.growth.stretch
    finite = np.isfinite(stretch.load[row])
    known = finite.sum(axis=1) >= fewest_load_blocks(int(stretch.lengths[row]))
    total = stretch.load[row][known].sum(axis=0) if known.any() else np.empty(0)
    total = total[np.isfinite(total)]
    if not len(total):
        return None, None
    quarter = max(len(total) // 4, 1)
    first, last = float(np.median(total[:quarter])), float(np.median(total[-quarter:]))
    return last, 100.0 * (last - first) / first if first > 0 else None


def _to_objective(assessment: Assessment, row: int, policy: DetectionPolicy) -> Interval | None:
    whole, recent = assessment.whole, float(assessment.latencies[row])
    times = seconds_to_objective(whole.latency[row], recent, policy.objective_milliseconds, whole.block_seconds)
    return None if times is None else _interval(times)


def _interval(times: Floats) -> Interval | None:
    low, middle, high = (float(time) for time in times)
    return Interval(low, middle, high) if np.isfinite(middle) else None


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
