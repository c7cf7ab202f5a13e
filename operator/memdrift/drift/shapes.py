"""Gates: is it the shape of a leak, a line that goes on, or of something healthy?

All judge the memory since its onset. Source: DETECTION.md, ablation.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.batch import Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.explanation import load_measured
from memdrift.drift.fits import Approach, approach_fit, evidence_for, line_errors, step_error
from memdrift.drift.gates import GateRows, gate_rows
from memdrift.drift.growth import Growth
from memdrift.drift.slopes import median_slopes
from memdrift.drift.statistics import counted, first_index, following, last_index
from memdrift.drift.stretch import Stretch, rows_of
from memdrift.drift.verdict import GrowthShape

_LARGEST_STEP_RATIO = 1.0
_SMALLEST_END_PACE = 0.35
_APPROACH_EVIDENCE_PER_BLOCK = 0.2
"""Noise in memory is not independent from block to block: the more blocks, the more a wave looks like an approach."""
_SMALLEST_LAST_THIRD_PACE = 0.25
_FEWEST_LAST_BLOCKS = 5
_SPIKE_SHARE = 0.5
_LARGE_STEPS = 4
_STAIRCASE_SHARE = 0.8
"""Of the growth, made by the four largest steps from a block to the next."""


def line_not_step_gate(growth: Growth) -> GateRows:
    """Does a line explain the growth better than one jump between two levels?

    Source: DETECTION.md, shape: without it false positives x1.7.
    """
    line = growth.line_errors
    step = step_error(growth.stretch.judged, growth.centred)
    figures = np.divide(line, step, out=np.full(len(line), _LARGEST_STEP_RATIO), where=step > 0)

    def say(row: int) -> str:
        return (
            f"a line leaves {figures[row]:.2f} of the error that one step leaves; "
            f"less than {_LARGEST_STEP_RATIO:g} is needed"
        )

    return gate_rows("line-not-step", "ratio", figures, _LARGEST_STEP_RATIO, figures < _LARGEST_STEP_RATIO, say)


def not_saturating_gate(growth: Growth, growing: Bools) -> GateRows:
    """Does the growth keep its pace, instead of approaching a bound exponentially?

    Source: DETECTION.md, not saturating: a cache that warms up. An exponential approach contains the line as its
    slowest case, so "not better" means: not preferred by BIC, or slowing down by less than half within the judged span.

    A leak per request slows down when load falls or when the process thrashes, a cache approaches its bound request by
    request as well. So growth that slows down by the clock is asked again by the work done; the steadier one counts.

    Args:
        growth: since the onset.
        growing: which rows have growth that matters; only they are asked again.
    """
    figures = _end_paces(growth.stretch.judged, growth.approach, growth.line_errors)
    again = np.flatnonzero(growing & (figures < _SMALLEST_END_PACE))
    if len(again):
        some = rows_of(growth.stretch, again)
        for work in work_done(some):
            even = by_work(some, work)
            figures[again] = np.maximum(figures[again], _end_paces(even, approach_fit(even), line_errors(even)))

    def say(row: int) -> str:
        if figures[row] >= 1:
            return "an exponential approach explains it no better than a line"
        return f"by the clock and by the work done, an approach ends at {figures[row]:.2f} of its first pace"

    return gate_rows("not-saturating", "ratio", figures, _SMALLEST_END_PACE, figures >= _SMALLEST_END_PACE, say)


def still_growing_gate(growth: Growth) -> GateRows:
    """Is the last third still rising at a quarter of the whole pace?

    Source: DETECTION.md, still growing: plateaus; Coroot's rule "the tail must still climb".
    """
    values = growth.stretch.judged
    there = growth.stretch.present
    counts = counted(there)
    wanted = np.maximum(counts // 3, _FEWEST_LAST_BLOCKS)
    last = np.where(following(there) <= wanted[:, None], values, np.nan)
    paces = median_slopes(_young_end(last))
    whole = growth.slopes.middle
    figures = np.divide(paces, whole, out=np.zeros(len(values)), where=whole > 0)

    def say(row: int) -> str:
        return f"its last third grows at {figures[row]:.2f} of the whole pace; {_SMALLEST_LAST_THIRD_PACE} is needed"

    needed = _SMALLEST_LAST_THIRD_PACE
    return gate_rows("still-growing", "ratio", figures, needed, figures >= needed, say)


def shape_of(values: Floats) -> GrowthShape:
    """How one row's memory grew, from its values since the onset, shape (blocks,); it must have grown."""
    there = values[np.isfinite(values)]
    if len(there) < _FEWEST_LAST_BLOCKS:
        return GrowthShape.NONE
    low, now = float(np.median(there[:3])), float(np.median(there[-3:]))
    grown = now - low
    if grown <= 0:
        return GrowthShape.NONE
    if float(there.max()) - now > _SPIKE_SHARE * grown:
        return GrowthShape.SPIKE
    rises = np.sort(np.maximum(np.diff(there), 0.0))[-_LARGE_STEPS:]
    return GrowthShape.STAIRCASE if rises.sum() >= _STAIRCASE_SHARE * grown else GrowthShape.STEADY


def work_done(stretch: Stretch) -> list[Floats]:
    """Load summed up since the first block, shape (rows, blocks), for each load series; NaN where not measured.

    A hole counts as the load before it.
    """
    axes = []
    measured = load_measured(stretch)
    for series in range(stretch.load.shape[1]):
        load = np.where(measured[:, series, None], stretch.load[:, series, :], np.nan)
        known = np.isfinite(load)
        positions = np.maximum.accumulate(np.where(known, np.arange(load.shape[1])[None, :], 0), axis=1)
        filled = np.nan_to_num(np.take_along_axis(load, positions, axis=1))
        work = np.cumsum(filled, axis=1)
        axes.append(np.where((work[:, -1:] > 0) & stretch.present, work, np.nan))
    return axes


def by_work(stretch: Stretch, work: Floats) -> Floats:
    """The judged memory at even amounts of work done, as many as the row has blocks; NaN where there was no work.

    One row at a time: few rows are asked this, and interpolation has no form for many.
    """
    found = np.full(stretch.judged.shape, np.nan)
    steps = np.arange(work.shape[1], dtype=np.float64)
    for row, known in enumerate(np.isfinite(work)):
        axis = work[row][known]
        last = len(axis) - 1
        if last < 1 or axis[last] <= axis[0]:
            continue
        even = axis[0] + steps[: last + 1] * ((axis[last] - axis[0]) / last)
        even[last] = axis[last]
        found[row, : last + 1] = np.interp(even, axis, stretch.judged[row][known])
    return found


def _end_paces(values: Floats, approach: Approach, lines: Floats) -> Floats:
    """The pace at the end as a share of the first pace; 1 where a line explains the growth as well."""
    counts = counted(np.isfinite(values))
    needed = np.maximum(1.0, _APPROACH_EVIDENCE_PER_BLOCK * counts)
    preferred = (approach.rises > 0) & (evidence_for(approach.errors, lines, counts) > needed)
    return np.where(counts > 0, np.where(preferred, approach.paces, 1.0), 0.0)


def _young_end(last: Floats) -> Floats:
    """The rows' values moved to the left, in as few columns as they need, so that few pairs are formed."""
    there = np.isfinite(last)
    first = first_index(there)
    width = int(np.max(np.where(there.any(axis=1), last_index(there) - first + 1, 1), initial=1))
    index = first[:, None] + np.arange(width)[None, :]
    inside = index < last.shape[1]
    return np.where(inside, np.take_along_axis(last, np.minimum(index, last.shape[1] - 1), axis=1), np.nan)
