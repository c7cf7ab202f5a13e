"""Gates: was the life measured well enough to be judged?

A failed gate here means `Unknown`, never `Steady`. Counted over the pod's own life inside the window, after its warm-up
(DETECTION.md, "coverage"), because a window that is mostly before the pod's birth says nothing about the pod.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.gates import GateRows, gate_rows
from memdrift.drift.phrases import span_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.statistics import counted
from memdrift.drift.stretch import FEWEST_BLOCKS, Stretch

_SMALLEST_LIFE_SHARE = 1 / 3
_LARGEST_GAP_SHARE = 1 / 6


def age_gate(stretch: Stretch, window_seconds: int) -> GateRows:
    """Does the life after its warm-up fill a third of the window, and at least eight blocks?

    Source: DETECTION.md, coverage: "the life itself >= 1/3 of the window"; Coroot requires the same and ten points.
    """
    lived = (stretch.lengths * stretch.block_seconds).astype(np.float64)
    needed = max(window_seconds * _SMALLEST_LIFE_SHARE, float(FEWEST_BLOCKS * stretch.block_seconds))

    def say(row: int) -> str:
        return f"measurable for {span_of(lived[row])} after its warm-up; {span_of(needed)} are needed"

    return gate_rows("age", "seconds", lived, needed, lived >= needed, say)


def coverage_gate(stretch: Stretch, policy: DetectionPolicy) -> GateRows:
    """Are enough of the life's blocks there?

    Source: DETECTION.md, coverage: 80 % of the blocks of the pod's own life.
    """
    present = counted(stretch.present)
    percents = 100.0 * present / np.maximum(stretch.lengths, 1)
    needed = policy.minimum_coverage_percent

    def say(row: int) -> str:
        return (
            f"{present[row]} of {stretch.lengths[row]} blocks are there ({percents[row]:.0f} %); "
            f"{needed:.0f} % and {FEWEST_BLOCKS} blocks are needed"
        )

    return gate_rows("coverage", "percent", percents, needed, (percents >= needed) & (present >= FEWEST_BLOCKS), say)


def gap_gate(stretch: Stretch) -> GateRows:
    """Is no hole longer than a sixth of the life, its end included?

    Source: DETECTION.md, coverage: "no gap over 1/6 of it". A hole at the end is a series gone stale.
    """
    size = stretch.judged.shape[1]
    positions = np.arange(size)[None, :]
    inside = positions < stretch.lengths[:, None]
    anchors = np.where(stretch.present & inside, positions, -1)
    holes = np.where(inside, positions - np.maximum.accumulate(anchors, axis=1), 0)
    longest = holes.max(axis=1, initial=0).astype(np.float64) * stretch.block_seconds
    allowed = np.maximum(stretch.lengths * stretch.block_seconds * _LARGEST_GAP_SHARE, float(stretch.block_seconds))

    def say(row: int) -> str:
        return f"the longest hole lasts {span_of(longest[row])}; {span_of(allowed[row])} are allowed"

    return gate_rows("gap", "seconds", longest, allowed, longest <= allowed, say)
