"""Gates: is it the shape of a leak, a line that goes on, or of something healthy?

All judge the memory since its onset. Source: DETECTION.md, ablation.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.blocks import Floats
from memdrift.drift.growth import Growth
from memdrift.drift.statistics import approach_fit, best_fit, evidence_for, step_error, theil_sen
from memdrift.drift.stretch import Stretch
from memdrift.drift.verdict import Gate

_LARGEST_STEP_RATIO = 1.0
_SMALLEST_END_PACE = 0.5
_SMALLEST_LAST_THIRD_PACE = 0.25
_FEWEST_LAST_BLOCKS = 5


def line_not_step_gate(growth: Growth) -> Gate:
    """Does a line explain the growth better than one jump between two levels?

    Source: DETECTION.md, shape: without it false positives x1.7.
    """
    times, values = growth.stretch.times, growth.stretch.values
    line, step = best_fit(times[None, :], values).error, step_error(values)
    figure = line / step if step > 0 else _LARGEST_STEP_RATIO
    return Gate(
        name="line-not-step",
        figure=figure,
        threshold=_LARGEST_STEP_RATIO,
        unit="ratio",
        passed=figure < _LARGEST_STEP_RATIO,
        sentence=f"a line leaves {figure:.2f} of the error that one step leaves; "
        f"less than {_LARGEST_STEP_RATIO:g} is needed",
    )


def not_saturating_gate(growth: Growth) -> Gate:
    """Does the growth keep its pace, instead of approaching a bound exponentially?

    Source: DETECTION.md, not saturating: a cache that warms up. An exponential approach contains the line as its
    slowest case, so "not better" means: not preferred by BIC, or slowing down by less than half within the judged span.

    A leak per request slows down when load falls or when the process thrashes, a cache approaches its bound request by
    request as well. So the pace is taken by the clock and by the work done, and the steadier one counts.
    """
    values = growth.stretch.values
    paces = [_end_pace(axis, values) for axis in (growth.stretch.times, *work_done(growth.stretch))]
    figure = max(paces)
    preferred = figure < 1
    return Gate(
        name="not-saturating",
        figure=figure,
        threshold=_SMALLEST_END_PACE,
        unit="ratio",
        passed=figure >= _SMALLEST_END_PACE,
        sentence=f"by the clock and by the work done, an approach ends at {figure:.2f} of its first pace"
        if preferred
        else "an exponential approach explains it no better than a line",
    )


def _end_pace(axis: Floats, values: Floats) -> float:
    """The pace at the end as a share of the first pace; 1 where a line explains the growth as well."""
    line = best_fit(axis[None, :], values)
    approach, end_pace = approach_fit(axis, values)
    preferred = approach.rise > 0 and evidence_for(approach.error, line.error, len(values)) > 1
    return end_pace if preferred else 1.0


def work_done(stretch: Stretch) -> list[Floats]:
    """Load summed up since the first block, at the present blocks, one axis for each load series that was measured.

    Scaled to the span of the clock, so that both axes ask the same curves. Holes count as their neighbours' mean.
    """
    axes = []
    for row in stretch.load:
        known = np.isfinite(row)
        if not known.any() or float(row[known].sum()) <= 0:
            continue
        filled = np.interp(stretch.seconds, stretch.seconds[known], row[known])
        work = np.cumsum(filled)[stretch.present]
        span = float(work[-1] - work[0])
        if span > 0:
            axes.append((work - work[0]) * (stretch.span_seconds / span))
    return axes


def still_growing_gate(growth: Growth) -> Gate:
    """Is the last third still rising at a quarter of the whole pace?

    Source: DETECTION.md, still growing: plateaus; Coroot's rule "the tail must still climb".
    """
    times, values = growth.stretch.times, growth.stretch.values
    last = min(max(len(values) // 3, _FEWEST_LAST_BLOCKS), len(values))
    pace = theil_sen(times[-last:], values[-last:]).middle
    whole = growth.slope.middle
    figure = pace / whole if whole > 0 else 0.0
    return Gate(
        name="still-growing",
        figure=figure,
        threshold=_SMALLEST_LAST_THIRD_PACE,
        unit="ratio",
        passed=figure >= _SMALLEST_LAST_THIRD_PACE,
        sentence=f"its last third grows at {figure:.2f} of the whole pace; {_SMALLEST_LAST_THIRD_PACE} is needed",
    )
