"""Gates: does memory grow, since when, and does it matter?

Source of all three: DETECTION.md. Mann-Kendall's p-value is not used: a GC sawtooth and a random walk are not
independent noise, so it calls half of all healthy series drifting; tau itself is an effect size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memdrift.drift.batch import Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.fits import Approach, Centred, approach_fit, centred, line_errors
from memdrift.drift.gates import GateRows, gate_rows
from memdrift.drift.hinges import hinge_blocks
from memdrift.drift.phrases import size_of, span_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.slopes import Slopes, theil_sen
from memdrift.drift.statistics import counted, first_index, kendall_tau, median
from memdrift.drift.stretch import FEWEST_BLOCKS, Stretch

_SMALLEST_TAU = 0.6
_BANDS_NEEDED = 2
DAY_SECONDS = 86_400
_SHORT_WINDOW_PERCENT = 8.0
"""Of growth in a window shorter than a day, where an ordinary morning looks like a leak."""


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """Growth of the judged memory since its onset; arrays of shape (rows,) unless said.

    Attributes:
        stretch: the blocks since the onset.
        slopes: bytes per block.
        span_blocks: from the onset to the last block.
        amounts: bytes: slope times span, never more than the values' own range.
        medians: bytes, of the judged memory since the onset.
        starts: bytes, where the line stands at the onset.
        delayed: whether the memory was measured, and flat, before the onset.
        band_taus: Kendall's tau of the lower, the middle and the upper band, shape (3, rows).
        approach: the exponential approach that fits best.
        centred: the judged memory around its mean.
        line_errors: what a straight line leaves of it.
    """

    stretch: Stretch
    slopes: Slopes
    span_blocks: Floats
    amounts: Floats
    medians: Floats
    starts: Floats
    delayed: Bools
    band_taus: Floats
    approach: Approach
    centred: Centred
    line_errors: Floats

    @property
    def percents_of_start(self) -> Floats:
        """Growth against the memory at the onset, as people say "rose 84 %"."""
        return np.divide(100.0 * self.amounts, self.starts, out=np.zeros_like(self.amounts), where=self.starts > 0)


def growth_since_onset(whole: Stretch) -> Growth:
    """The growth after the hinge; after the first block where no hinge explains the memory better.

    It must beat a line, and an exponential approach too: else a dip in a cache's warm-up would cut off its bend.
    """
    known = centred(whole.judged)
    approach, lines = approach_fit(whole.judged, known), line_errors(whole.judged, known)
    hinges = hinge_blocks(whole.judged, approach, lines, known)
    delayed = hinges > 0
    stretch = whole.after(hinges)
    if delayed.any():
        known = centred(stretch.judged)
        _refit(approach, lines, stretch.judged, delayed)
    values = stretch.judged
    medians = median(values)
    slopes = theil_sen(values, medians)
    span = stretch.span_blocks
    there = stretch.present
    measured = there.any(axis=1)
    largest, smallest = (
        np.fmax.reduce(values, axis=1),
        np.fmin.reduce(values, axis=1),
    )  # which pass over what is missing
    ranges = np.subtract(largest, smallest, out=np.zeros(len(values)), where=measured)
    amounts = np.clip(slopes.middle * span, -ranges, ranges)
    first = first_index(there)[:, None]
    steps = np.arange(values.shape[1])[None, :] - first
    return Growth(
        stretch=stretch,
        slopes=slopes,
        span_blocks=span,
        amounts=amounts,
        medians=np.where(measured, medians, 0.0),
        starts=np.where(measured, median(values - slopes.middle[:, None] * steps), 0.0),
        delayed=delayed,
        band_taus=_taus_of(stretch.low, stretch.middle, stretch.high),
        approach=approach,
        centred=known,
        line_errors=lines,
    )


def trends_since_onset(whole: Stretch) -> Bools:
    """Which rows will pass `trend_gate`, at less than half of the price of their growth."""
    known = centred(whole.judged)
    approach, lines = approach_fit(whole.judged, known), line_errors(whole.judged, known)
    since = whole.after(hinge_blocks(whole.judged, approach, lines, known))
    return np.asarray(_agreed_tau(_taus_of(since.low, since.middle, since.high)) >= _SMALLEST_TAU)


def onset_gate(growth: Growth) -> GateRows:
    """Does memory rise after the hinge, on enough blocks to judge it?

    Source: DETECTION.md, onset: without a hinge, a leak that begins mid-window is missed (ramps of 50 %: 26 -> 97 %).
    """
    seconds = growth.stretch.block_seconds
    since = growth.span_blocks * seconds
    needed = float((FEWEST_BLOCKS - 1) * seconds)
    per_hour = growth.slopes.middle * (3600.0 / seconds)

    def say(row: int) -> str:
        began = "flat before" if growth.delayed[row] else "as far back as it was measured"
        return f"judged over its last {span_of(since[row])}, {began}, at {size_of(per_hour[row])} per hour"

    return gate_rows("onset", "seconds", since, needed, (since >= needed) & (per_hour > 0), say)


def trend_gate(growth: Growth) -> GateRows:
    """Do two of the three bands rise monotonically?

    Source: DETECTION.md, trend: Kendall's tau of block medians >= 0.6 in two of the three bands; three of three loses
    noisy leaks.
    """
    figures = _agreed_tau(growth.band_taus)

    def say(row: int) -> str:
        return f"two of three bands have a Kendall's tau of at least {figures[row]:.2f}; {_SMALLEST_TAU} is needed"

    return gate_rows("trend", "tau", figures, _SMALLEST_TAU, figures >= _SMALLEST_TAU, say)


def material_gate(growth: Growth, window_seconds: int, policy: DetectionPolicy, headroom_bytes: Floats) -> GateRows:
    """Is the growth large enough to matter, in percent and in bytes?

    Source: DETECTION.md, material: 1 % costs precision, 5 % costs recall; SAFETY.md: small processes grow by large
    percentages, so an absolute floor. A window shorter than a day asks for more: see `least_percent`.

    Args:
        growth: since the onset.
        window_seconds: length of the window.
        policy: its floors.
        headroom_bytes: growth that needs no explanation, added to the absolute floor, shape (rows,).
    """
    medians = np.maximum(growth.medians, 1.0)
    floors = policy.minimum_growth_bytes + headroom_bytes
    percent = least_percent(window_seconds, policy)
    figures = 100.0 * growth.amounts / medians
    needed = np.maximum(percent, 100.0 * floors / medians)

    def say(row: int) -> str:
        return (
            f"grew by {size_of(growth.amounts[row])} ({figures[row]:.1f} % of its median); "
            f"{percent:g} % and {size_of(floors[row])} are needed"
        )

    return gate_rows("material", "percent", figures, needed, figures >= needed, say)


def least_percent(window_seconds: int, policy: DetectionPolicy) -> float:
    """The least growth in a window of this length, in percent of its median.

    A window that does not hold a whole day cannot tell a leak from a morning, except by its size.
    """
    least = _SHORT_WINDOW_PERCENT if window_seconds < DAY_SECONDS else 0.0
    return max(policy.minimum_growth_percent, least)


def judged_tau(growth: Growth) -> Floats:
    """Kendall's tau of the judged band, shape (rows,)."""
    return np.asarray(np.where(growth.stretch.low_judged, growth.band_taus[0], growth.band_taus[1]))


def _refit(approach: Approach, lines: Floats, values: Floats, delayed: Bools) -> None:
    """Replace the approach and the line of the rows that lost their beginning."""
    which = np.flatnonzero(delayed)
    some = values[which]
    known = centred(some)
    lines[which] = line_errors(some, known)
    for old, new in zip(approach, approach_fit(some, known), strict=True):
        old[which] = new


def _agreed_tau(band_taus: Floats) -> Floats:
    """What two of the three bands have at least."""
    return np.asarray(np.sort(band_taus, axis=0)[-_BANDS_NEEDED])


def _taus_of(*bands: Floats) -> Floats:
    """Kendall's tau of each band, shape (bands, rows); 0 where a band has too few blocks."""
    together = np.concatenate(bands)
    enough = counted(np.isfinite(together)) >= FEWEST_BLOCKS
    return np.where(enough, kendall_tau(together), 0.0).reshape(len(bands), -1)
