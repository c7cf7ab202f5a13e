"""Gates: does latency rise with memory, is it above the objective or heading there, and is there memory to give back?

They separate `Drifting` from `DriftingWithImpact`, the class that may restart. The claim is "rises together with",
never "is caused by": detrended correlation destroys the true cases (DETECTION.md).
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.growth import Growth
from memdrift.drift.phrases import span_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.statistics import kendall_tau, rank_correlation, theil_sen
from memdrift.drift.stretch import FEWEST_BLOCKS, Stretch
from memdrift.drift.verdict import Gate, Interval

_SMALLEST_CORRELATION = 0.4
_LAGS = (0, 1, 2, 3)
_HEADING_TAU = 0.6
_HEADING_SHARE = 0.8
"""Latency below this share of its objective is not called heading above it, however steep it rises."""
_FEWEST_YOUNG_BLOCKS = 3
_SMALLEST_RELIEF_PERCENT = 20.0


def latency_rises_gate(whole: Stretch) -> Gate:
    """Does latency rise with memory, at once or up to three blocks later?

    Source: DETECTION.md, latency: rank correlation > 0.4 at lags of 0-3 blocks; series-level false alarms x1/4.
    Asked over the whole judged stretch, since before the onset both should be low.
    """
    figures = [_lagged(whole, lag) for lag in _LAGS]
    known = [figure for figure in figures if figure is not None]
    if not known:
        return Gate("latency-rises", None, _SMALLEST_CORRELATION, "correlation", None, "latency is missing")
    figure = max(known)
    return Gate(
        name="latency-rises",
        figure=figure,
        threshold=_SMALLEST_CORRELATION,
        unit="correlation",
        passed=figure > _SMALLEST_CORRELATION,
        sentence=f"memory and latency have a rank correlation of {figure:.2f}; "
        f"more than {_SMALLEST_CORRELATION} is needed",
    )


def latency_objective_gate(whole: Stretch, policy: DetectionPolicy) -> Gate:
    """Is latency above the objective, or will its own trend take it there within one more such stretch?

    Source: DESIGN.md, impact: "above, or heading above, the objective".
    """
    objective = policy.objective_milliseconds
    recent = recent_latency(whole)
    if recent is None:
        return Gate("latency-objective", None, objective, "milliseconds", None, "latency is missing")
    expected = max(recent, _heading(whole, recent, objective))
    return Gate(
        name="latency-objective",
        figure=expected,
        threshold=objective,
        unit="milliseconds",
        passed=expected > objective,
        sentence=f"latency is {recent:.0f} ms, heading for {expected:.0f} ms; the objective is {objective:.0f} ms",
    )


def worth_relieving_gate(growth: Growth, to_limit: Interval | None, window_seconds: int) -> Gate:
    """Has memory grown by a fifth since the onset, or will it meet a limit within one more window?

    Source: SAFETY.md, detection: a restart needs a higher floor than a report (20 %) or a limit that is near; it can
    give back no more than what has grown, and services whose data and latency grow slowly together are common.
    """
    figure = growth.percent_of_start
    near = to_limit is not None and to_limit.middle <= window_seconds
    limit = f"a limit is met in {span_of(to_limit.middle)}" if to_limit else "no limit is in sight"
    return Gate(
        name="worth-relieving",
        figure=figure,
        threshold=_SMALLEST_RELIEF_PERCENT,
        unit="percent",
        passed=figure >= _SMALLEST_RELIEF_PERCENT or near,
        sentence=f"grew by {figure:.0f} % since its onset and {limit}; "
        f"{_SMALLEST_RELIEF_PERCENT:.0f} % or a limit within {span_of(window_seconds)} are needed",
    )


def recent_latency(stretch: Stretch) -> float | None:
    """Median over the youngest quarter of the blocks, in milliseconds; None with fewer than three measured."""
    youngest = stretch.latency[-max(len(stretch.latency) // 4, _FEWEST_YOUNG_BLOCKS) :]
    finite = youngest[np.isfinite(youngest)]
    return float(np.median(finite)) if len(finite) >= _FEWEST_YOUNG_BLOCKS else None


def _lagged(stretch: Stretch, lag: int) -> float | None:
    size = len(stretch.judged) - lag
    if size < FEWEST_BLOCKS:
        return None
    memory, latency = stretch.judged[:size], stretch.latency[lag:]
    both = np.isfinite(memory) & np.isfinite(latency)
    return rank_correlation(memory[both], latency[both]) if both.sum() >= FEWEST_BLOCKS else None


def _heading(stretch: Stretch, recent: float, objective: float) -> float:
    finite = np.isfinite(stretch.latency)
    if finite.sum() < FEWEST_BLOCKS or recent < _HEADING_SHARE * objective:
        return recent
    times, values = stretch.seconds[finite], stretch.latency[finite]
    if kendall_tau(values) < _HEADING_TAU:
        return recent
    return recent + theil_sen(times, values).middle * float(times[-1] - times[0])
