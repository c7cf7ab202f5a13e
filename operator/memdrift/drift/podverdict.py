"""Rows of a batch as verdicts on lives.

Exists because values for people are wanted as objects, and a fleet has too many lives to look into arrays one by one:
columns are taken out once, and gates with their sentences are built where somebody reads them. Copies and formats;
must not judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from memdrift.drift.assessment import REASONS
from memdrift.drift.blocks import Life
from memdrift.drift.columns import Columns, known_figures
from memdrift.drift.judgements import GROWTH_KINDS, KINDS, Judgements
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.projection import seconds_to_objective
from memdrift.drift.shapes import shape_of
from memdrift.drift.verdict import (
    Gate,
    GrowthKind,
    GrowthShape,
    Interval,
    PodVerdict,
    VerdictReason,
    gates_later,
)

_UNMEASURED = frozenset({VerdictReason.TOO_YOUNG, VerdictReason.COVERAGE_LOW, VerdictReason.NO_SERIES})
_NEVER_DRIFT = frozenset({GrowthKind.NONE, GrowthKind.CACHE})


@dataclass(frozen=True, slots=True)
class JudgedLife:
    """One life's verdict with what the container's verdict says of it.

    Attributes:
        reason: why the pod's verdict is what it is.
        memory: "live heap" or "resident memory": which one was judged.
        span_seconds: from the onset to the end of the window.
        refusal: tells the first gate that failed; None where none did.
    """

    pod: PodVerdict
    reason: VerdictReason
    memory: str
    span_seconds: float
    refusal: Callable[[], Gate | None]


class JudgedRows:
    """The rows of a batch, of which lives' verdicts are made; several lives may share a row.

    Args:
        judgements: of the rows.
        window_seconds: length of the window.
        began_at: the epoch second at which the window's first block starts.
        policy: thresholds.
    """

    def __init__(self, judgements: Judgements, window_seconds: int, began_at: float, policy: DetectionPolicy) -> None:
        self._judgements = judgements
        self._window_seconds = window_seconds
        self._began_at = began_at
        self._policy = policy
        self._kinds = [KINDS[code] for code in judgements.kinds.tolist()]
        self._reasons = [REASONS[code] for code in judgements.reasons.tolist()]
        self._growth_kinds = [GROWTH_KINDS[code] for code in judgements.growth_kinds.tolist()]
        self._memories = ["live heap" if on_heap else "resident memory" for on_heap in judgements.on_heap.tolist()]
        self._memory_bytes = known_figures(judgements.memory_bytes)
        self._resident_bytes = known_figures(judgements.resident_bytes)
        self._which = judgements.which.tolist()
        self._columns = Columns.of(judgements)

    def life(
        self, row: int, life: Life, gates: Callable[[], tuple[Gate, ...]], refusal: Callable[[], Gate | None]
    ) -> JudgedLife:
        """The verdict on a life whose figures stand in the row; its gates are asked for when they are read."""
        reason, columns = self._reasons[row], self._columns
        known = self._which[row] >= 0
        measured = known and reason not in _UNMEASURED
        grown = measured and self._growth_kinds[row] not in _NEVER_DRIFT
        since = grown and columns.grows[row]
        pod = PodVerdict(
            pod=life.pod,
            uid=life.uid,
            started_at=life.started_at,
            revision=life.revision,
            zone=life.zone,
            kind=self._kinds[row],
            growth_kind=self._growth_kinds[row],
            gates=gates_later(gates),
            window_seconds=self._window_seconds,
            onset_at=self._began_at + columns.onset_seconds[row] if since else None,
            memory_bytes=self._memory_bytes[row],
            growth_bytes=columns.growth_bytes[row] if measured else 0.0,
            growth_percent=columns.growth_percents[row] if measured else 0.0,
            growth_bytes_per_hour=Interval(*columns.hourly_bytes[row]) if measured else None,
            seconds_to_limit=_interval(columns.limits_seconds[row]) if grown else None,
            latency_milliseconds=columns.latencies[row] if known else None,
            load_per_second=columns.loads[row] if measured else None,
            load_change_percent=columns.load_changes[row] if measured else None,
            resident_bytes=self._resident_bytes[row],
            seconds_to_objective=self._to_objective(row) if grown else None,
            shape=self._shape(row) if since else GrowthShape.NONE,
        )
        span = columns.span_seconds[row] if measured else 0.0
        return JudgedLife(pod, reason, self._memories[row], span, refusal)

    def _to_objective(self, row: int) -> Interval | None:
        found = self._judgements.assessment(row)
        assert found is not None
        assessment, local = found
        whole, recent = assessment.whole, float(assessment.latencies[local])
        objective = self._policy.objective_milliseconds
        times = seconds_to_objective(whole.latency[local], recent, objective, whole.block_seconds)
        return None if times is None else _interval(times.tolist())

    def _shape(self, row: int) -> GrowthShape:
        found = self._judgements.assessment(row)
        assert found is not None
        assessment, local = found
        stretch = assessment.growth.stretch
        return shape_of((stretch.low if stretch.low_judged[local] else stretch.middle)[local])


def _interval(times: list[float]) -> Interval | None:
    low, middle, high = times
    return Interval(low, middle, high) if np.isfinite(middle) else None
