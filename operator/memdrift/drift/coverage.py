"""Gates: was the life measured well enough to be judged?

A failed gate here means `Unknown`, never `Steady`. Counted over the pod's own life inside the window, after its warm-up
(DETECTION.md, "coverage"), because a window that is mostly before the pod's birth says nothing about the pod.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.phrases import span_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.stretch import FEWEST_BLOCKS, Stretch
from memdrift.drift.verdict import Gate

_SMALLEST_LIFE_SHARE = 1 / 3
_LARGEST_GAP_SHARE = 1 / 6


def age_gate(stretch: Stretch, window_seconds: int) -> Gate:
    """Does the life after its warm-up fill a third of the window, and at least eight blocks?

    Source: DETECTION.md, coverage: "the life itself >= 1/3 of the window"; Coroot requires the same and ten points.
    """
    lived = float(len(stretch.seconds) * stretch.block_seconds)
    needed = max(window_seconds * _SMALLEST_LIFE_SHARE, float(FEWEST_BLOCKS * stretch.block_seconds))
    return Gate(
        name="age",
        figure=lived,
        threshold=needed,
        unit="seconds",
        passed=lived >= needed,
        sentence=f"measurable for {span_of(lived)} after its warm-up; {span_of(needed)} are needed",
    )


def coverage_gate(stretch: Stretch, policy: DetectionPolicy) -> Gate:
    """Are enough of the life's blocks there?

    Source: DETECTION.md, coverage: 80 % of the blocks of the pod's own life.
    """
    blocks, present = len(stretch.seconds), int(stretch.present.sum())
    percent = 100.0 * present / blocks if blocks else 0.0
    return Gate(
        name="coverage",
        figure=percent,
        threshold=policy.minimum_coverage_percent,
        unit="percent",
        passed=percent >= policy.minimum_coverage_percent and present >= FEWEST_BLOCKS,
        sentence=f"{present} of {blocks} blocks are there ({percent:.0f} %); "
        f"{policy.minimum_coverage_percent:.0f} % and {FEWEST_BLOCKS} blocks are needed",
    )


def gap_gate(stretch: Stretch) -> Gate:
    """Is no hole longer than a sixth of the life, its end included?

    Source: DETECTION.md, coverage: "no gap over 1/6 of it". A hole at the end is a series gone stale.
    """
    blocks = len(stretch.seconds)
    edges = np.concatenate(([-1], np.flatnonzero(stretch.present), [blocks]))
    longest = float((np.diff(edges).max() - 1) * stretch.block_seconds)
    allowed = max(blocks * stretch.block_seconds * _LARGEST_GAP_SHARE, float(stretch.block_seconds))
    return Gate(
        name="gap",
        figure=longest,
        threshold=allowed,
        unit="seconds",
        passed=longest <= allowed,
        sentence=f"the longest hole lasts {span_of(longest)}; {span_of(allowed)} are allowed",
    )
