"""Gate: is the growth left when what load explains is taken away?

Source: DETECTION.md, load: with load doubled and 30 % of memory tied to it, false alarms 77.5 % -> 13.8 %.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.blocks import Floats
from memdrift.drift.growth import Growth
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.statistics import correlation, kendall_tau, theil_sen
from memdrift.drift.stretch import FEWEST_BLOCKS, Stretch
from memdrift.drift.verdict import Gate

_SMALLEST_TAU = 0.6
_SMALLEST_CORRELATION = 0.3
"""Of the differences; below it the regression would subtract noise."""
_RISING_LOAD_TAU = 0.4
_RISING_LOAD_SHARE = 0.05
_FEWEST_LOAD_SHARE = 0.5


def not_explained_by_load_gate(growth: Growth, policy: DetectionPolicy) -> Gate:
    """Does memory still drift after what load explains is subtracted?

    Memory is regressed on load by differences over one and two blocks (levels of two unrelated trends always
    correlate), and the residual must still rise and matter. Noise in the load hides a slow common rise from the
    differences; so where load itself rises, memory in proportion to it counts as explained too.
    """
    stretch = growth.stretch
    load = measured_load(stretch)
    if load is None:
        return Gate("not-explained-by-load", None, None, "percent", None, "load is missing: growth cannot be explained")
    residual = _residual(stretch.judged, load)
    both = np.isfinite(residual)
    times, left = stretch.seconds[both], residual[both]
    amount = theil_sen(times, left).middle * stretch.span_seconds
    amount = min(amount, growth.amount_bytes - _proportional_bytes(growth, load))
    median = max(growth.median_bytes, 1.0)
    figure = 100.0 * amount / median
    needed = max(policy.minimum_growth_percent, 100.0 * policy.minimum_growth_bytes / median)
    tau = kendall_tau(left)
    return Gate(
        name="not-explained-by-load",
        figure=figure,
        threshold=needed,
        unit="percent",
        passed=figure >= needed and tau >= _SMALLEST_TAU,
        sentence=f"load leaves {figure:.1f} % of growth unexplained (tau {tau:.2f}); "
        f"{needed:.1f} % (tau {_SMALLEST_TAU}) are needed",
    )


def measured_load(stretch: Stretch) -> Floats | None:
    """The load series that were measured in at least half of the blocks; None where there is none."""
    finite = np.isfinite(stretch.load)
    enough = finite.sum(axis=1) >= max(FEWEST_BLOCKS, _FEWEST_LOAD_SHARE * stretch.load.shape[1])
    return stretch.load[enough] if enough.any() else None


def _residual(memory: Floats, load: Floats) -> Floats:
    changes = np.concatenate([memory[lag:] - memory[:-lag] for lag in (1, 2)])
    load_changes = np.concatenate([load[:, lag:] - load[:, :-lag] for lag in (1, 2)], axis=1)
    both = np.isfinite(changes) & np.isfinite(load_changes).all(axis=0)
    if both.sum() < FEWEST_BLOCKS:
        return memory
    changes, load_changes = changes[both], load_changes[:, both]
    tied = np.array([correlation(row, changes) >= _SMALLEST_CORRELATION for row in load_changes])
    if not tied.any():
        return memory
    rises = np.linalg.lstsq(load_changes[tied].T, changes, rcond=None)[0]
    moved = load[tied] - np.nanmedian(load[tied], axis=1, keepdims=True)
    return np.asarray(memory - np.maximum(rises, 0.0) @ moved, dtype=np.float64)


def _proportional_bytes(growth: Growth, load: Floats) -> float:
    total = load.sum(axis=0)
    finite = np.isfinite(total)
    values = total[finite]
    if len(values) < FEWEST_BLOCKS or kendall_tau(values) < _RISING_LOAD_TAU:
        return 0.0
    amount = theil_sen(growth.stretch.seconds[finite], values).middle * growth.stretch.span_seconds
    start = float(np.median(values)) - amount / 2
    share = amount / start if start > 0 else np.inf
    return min(share * max(growth.start_bytes, 0.0), growth.amount_bytes) if share >= _RISING_LOAD_SHARE else 0.0
