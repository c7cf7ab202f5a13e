"""One memory of one life, put through every drift gate.

Exists so that live heap and resident memory are asked exactly the same questions. Judges one memory; which memory
decides is not its business.
"""

from __future__ import annotations

from dataclasses import dataclass

from memdrift.drift.blocks import Bands, LifeBlocks
from memdrift.drift.coverage import age_gate, coverage_gate, gap_gate
from memdrift.drift.explanation import not_explained_by_load_gate
from memdrift.drift.growth import Growth, growth_since_onset, material_gate, onset_gate, trend_gate
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.shapes import line_not_step_gate, not_saturating_gate, still_growing_gate
from memdrift.drift.stretch import Stretch, exists, stretch_of
from memdrift.drift.verdict import Gate, VerdictReason

_GROWS = frozenset({"onset", "trend", "material"})


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the drift gates say of one memory.

    Attributes:
        reason: `GROWTH_UNEXPLAINED` only when every gate passed.
        whole: the judged stretch, None where the series does not exist.
        growth: None where the memory was not measured well enough.
    """

    reason: VerdictReason
    gates: tuple[Gate, ...]
    whole: Stretch | None
    growth: Growth | None

    @property
    def drifts(self) -> bool:
        """Whether every drift gate passed."""
        return self.reason is VerdictReason.GROWTH_UNEXPLAINED

    @property
    def grows(self) -> bool:
        """Whether there is a trend that matters, explained or not."""
        return self.reason not in {VerdictReason.NO_GROWTH, VerdictReason.NO_SERIES} and self.growth is not None


def assessed(
    blocks: LifeBlocks,
    bands: Bands,
    window_seconds: int,
    policy: DetectionPolicy,
    *,
    quieter_band: bool,
    headroom_bytes: float = 0.0,
) -> Assessment:
    """Every drift gate's answer on one memory of a life.

    Args:
        blocks: the life, with its load.
        bands: the memory to judge.
        window_seconds: of which the life must fill a third.
        policy: thresholds.
        quieter_band: judge the shape of the 10th percentile where it jumps less than the median's.
        headroom_bytes: growth that needs no explanation.
    """
    if not exists(bands):
        return Assessment(VerdictReason.NO_SERIES, (), None, None)
    whole = stretch_of(blocks, bands, policy, quieter_band=quieter_band)
    measured = (age_gate(whole, window_seconds), coverage_gate(whole, policy), gap_gate(whole))
    if not measured[0].passed:
        return Assessment(VerdictReason.TOO_YOUNG, measured, whole, None)
    if not all(gate.passed for gate in measured):
        return Assessment(VerdictReason.COVERAGE_LOW, measured, whole, None)
    growth = growth_since_onset(whole)
    asked = (
        onset_gate(whole, growth),
        trend_gate(growth),
        material_gate(growth, policy, headroom_bytes),
        line_not_step_gate(growth),
        not_saturating_gate(growth),
        still_growing_gate(growth),
        not_explained_by_load_gate(growth, policy),
    )
    return Assessment(_reason(asked), measured + asked, whole, growth)


def _reason(asked: tuple[Gate, ...]) -> VerdictReason:
    failed = {gate.name for gate in asked if gate.passed is False}
    if failed & _GROWS:
        return VerdictReason.NO_GROWTH
    if failed:
        return VerdictReason.GROWTH_EXPLAINED
    if any(gate.passed is None for gate in asked):
        return VerdictReason.LOAD_MISSING
    return VerdictReason.GROWTH_UNEXPLAINED
