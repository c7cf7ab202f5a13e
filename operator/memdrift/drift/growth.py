"""Gates: does memory grow, since when, and does it matter?

Source of all three: DETECTION.md. Mann-Kendall's p-value is not used: a GC sawtooth and a random walk are not
independent noise, so it calls half of all healthy series drifting; tau itself is an effect size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memdrift.drift.blocks import Floats
from memdrift.drift.phrases import size_of, span_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.statistics import Slope, approach_fit, best_fit, evidence_for, kendall_tau, theil_sen
from memdrift.drift.stretch import FEWEST_BLOCKS, Stretch
from memdrift.drift.verdict import Gate

_SMALLEST_TAU = 0.6
_BANDS_NEEDED = 2
_HINGE_EVIDENCE = 2.0
"""A hinge moves the verdict to a part of the data, so it must pay for its place twice over."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth of the judged memory since its onset.

    Attributes:
        stretch: the blocks since the onset.
        slope: bytes per second.
        amount_bytes: slope times the time since the onset.
        median_bytes: of the judged memory since the onset.
        start_bytes: where the line stands at the onset.
        delayed: whether the memory was measured, and flat, before the onset.
    """

    stretch: Stretch
    slope: Slope
    amount_bytes: float
    median_bytes: float
    start_bytes: float
    delayed: bool

    @property
    def percent_of_start(self) -> float:
        """Growth against the memory at the onset, as people say "rose 84 %"."""
        return 100.0 * self.amount_bytes / self.start_bytes if self.start_bytes > 0 else 0.0


def growth_since_onset(whole: Stretch) -> Growth:
    """The growth after the hinge; after the first block where no hinge explains the memory better.

    It must beat a line, and an exponential approach too: else a dip in a cache's warm-up would cut off its bend.
    """
    onset = _hinge_seconds(whole.times, whole.values)
    stretch = whole if onset is None else whole.after(onset)
    times, values = stretch.times, stretch.values
    slope = theil_sen(times, values)
    amount = slope.middle * stretch.span_seconds
    median = float(np.median(values))
    start = float(np.median(values - slope.middle * (times - times[0])))
    return Growth(stretch, slope, amount, median, start, delayed=onset is not None)


def onset_gate(whole: Stretch, growth: Growth) -> Gate:
    """Does memory rise after the hinge, on enough blocks to judge it?

    Source: DETECTION.md, onset: without a hinge, a leak that begins mid-window is missed (ramps of 50 %: 26 -> 97 %).
    """
    since = growth.stretch.span_seconds
    needed = float((FEWEST_BLOCKS - 1) * whole.block_seconds)
    began = "flat before" if growth.delayed else "as far back as it was measured"
    return Gate(
        name="onset",
        figure=since,
        threshold=needed,
        unit="seconds",
        passed=since >= needed and growth.slope.middle > 0,
        sentence=f"judged over its last {span_of(since)}, {began}, at {size_of(growth.slope.middle * 3600)} per hour",
    )


def trend_gate(growth: Growth) -> Gate:
    """Do two of the three bands rise monotonically?

    Source: DETECTION.md, trend: Kendall's tau of block medians >= 0.6 in two of the three bands; three of three loses
    noisy leaks.
    """
    bands = (growth.stretch.low, growth.stretch.middle, growth.stretch.high)
    taus = sorted((_tau_of_present(band) for band in bands), reverse=True)
    figure = taus[_BANDS_NEEDED - 1]
    return Gate(
        name="trend",
        figure=figure,
        threshold=_SMALLEST_TAU,
        unit="tau",
        passed=figure >= _SMALLEST_TAU,
        sentence=f"two of three bands have a Kendall's tau of at least {figure:.2f}; {_SMALLEST_TAU} is needed",
    )


def material_gate(growth: Growth, policy: DetectionPolicy, headroom_bytes: float = 0.0) -> Gate:
    """Is the growth large enough to matter, in percent and in bytes?

    Source: DETECTION.md, material: 1 % costs precision, 5 % costs recall; SAFETY.md: small processes grow by large
    percentages, so an absolute floor.

    Args:
        growth: since the onset.
        policy: its floors.
        headroom_bytes: growth that needs no explanation, added to the absolute floor.
    """
    median = max(growth.median_bytes, 1.0)
    floor = policy.minimum_growth_bytes + headroom_bytes
    figure = 100.0 * growth.amount_bytes / median
    needed = max(policy.minimum_growth_percent, 100.0 * floor / median)
    return Gate(
        name="material",
        figure=figure,
        threshold=needed,
        unit="percent",
        passed=figure >= needed,
        sentence=f"grew by {size_of(growth.amount_bytes)} ({figure:.1f} % of its median); "
        f"{policy.minimum_growth_percent:g} % and {size_of(floor)} are needed",
    )


def _tau_of_present(band: Floats) -> float:
    values = band[np.isfinite(band)]
    return kendall_tau(values) if len(values) >= FEWEST_BLOCKS else 0.0


def _hinge_seconds(times: Floats, values: Floats) -> float | None:
    candidates = times[: len(times) - max(FEWEST_BLOCKS, len(times) // 3) + 1]
    if len(candidates) < 2:
        return None
    hinge = best_fit(np.maximum(times[None, :] - candidates[:, None], 0.0), values)
    line = best_fit(times[None, :], values)
    approach, _ = approach_fit(times, values)
    preferred = evidence_for(hinge.error, line.error, len(times)) >= _HINGE_EVIDENCE
    if hinge.rise <= 0 or not preferred or (approach.rise > 0 and approach.error < hinge.error):
        return None
    return float(candidates[hinge.which])
