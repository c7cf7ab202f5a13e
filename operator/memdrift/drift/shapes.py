"""Gates: is it the shape of a leak, a line that goes on, or of something healthy?

All judge the memory since its onset. Source: DETECTION.md, ablation.
"""

from __future__ import annotations

from memdrift.drift.growth import Growth
from memdrift.drift.statistics import approach_fit, best_fit, evidence_for, step_error, theil_sen
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
    slowest case, so "not better" means: not preferred by BIC, or slowing down by less than half within the judged span
    (a leak per request slows down when load falls).
    """
    times, values = growth.stretch.times, growth.stretch.values
    line = best_fit(times[None, :], values)
    approach, end_pace = approach_fit(times, values)
    preferred = approach.rise > 0 and evidence_for(approach.error, line.error, len(values)) > 1
    figure = end_pace if preferred else 1.0
    return Gate(
        name="not-saturating",
        figure=figure,
        threshold=_SMALLEST_END_PACE,
        unit="ratio",
        passed=figure >= _SMALLEST_END_PACE,
        sentence=f"an exponential approach ends at {figure:.2f} of its first pace"
        if preferred
        else "an exponential approach explains it no better than a line",
    )


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
