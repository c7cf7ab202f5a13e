"""Gates: does latency rise with memory, is it above the objective or heading there, and is there memory to give back?

They separate `Drifting` from `DriftingWithImpact`, the class that may restart. The claim is "rises together with",
never "is caused by": detrended correlation destroys the true cases (DETECTION.md).
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.batch import Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.buckets import Buckets
from memdrift.drift.gates import GateRows, gate_rows
from memdrift.drift.growth import Growth
from memdrift.drift.phrases import span_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.ranking import lagged_rank_correlation, ranks
from memdrift.drift.slopes import median_slopes
from memdrift.drift.statistics import counted, kendall_tau, last_index, median
from memdrift.drift.stretch import FEWEST_BLOCKS, Stretch

_SMALLEST_CORRELATION = 0.4
_LAGS = (0, 1, 2, 3)
_HEADING_TAU = 0.6
_HEADING_SHARE = 0.8
"""Latency below this share of its objective is not called heading above it, however steep it rises."""
_FEWEST_YOUNG_BLOCKS = 3
_FEWEST_SHARE = 0.5
_LARGEST_AGE_SHARE = 1 / 6
_SMALLEST_RELIEF_PERCENT = 20.0


def latency_rises_gate(whole: Stretch) -> GateRows:
    """Does latency rise with memory, at once or up to three blocks later?

    Source: DETECTION.md, latency: rank correlation > 0.4 at lags of 0-3 blocks; series-level false alarms x1/4.
    Asked over the whole judged stretch, since before the onset both should be low. Ranks are taken once, over the whole
    stretch, for all lags.
    """
    memory, latency = ranks(whole.judged), ranks(np.where(latency_measured(whole)[:, None], whole.latency, np.nan))
    figures = lagged_rank_correlation(memory, latency, _LAGS, FEWEST_BLOCKS)
    asked = np.isfinite(figures)

    def say(row: int) -> str:
        if not asked[row]:
            return "latency is missing"
        return (
            f"memory and latency have a rank correlation of {figures[row]:.2f}; "
            f"more than {_SMALLEST_CORRELATION} is needed"
        )

    passed = figures > _SMALLEST_CORRELATION
    return gate_rows("latency-rises", "correlation", figures, _SMALLEST_CORRELATION, passed, say, asked)


def latency_objective_gate(whole: Stretch, recent: Floats, buckets: Buckets, policy: DetectionPolicy) -> GateRows:
    """Is latency above the objective, or will its own trend take it there within one more such stretch?

    Where a histogram's bucket reaches across the objective, only its real bounds and counts are believed.

    Source: DESIGN.md, impact: "above, or heading above, the objective"; "quantiles interpolated inside a coarse bucket
    are not trusted across the objective".

    Args:
        whole: the judged stretch.
        recent: what `recent_latency` says of it.
        buckets: the real bounds around the objective.
        policy: the objective.
    """
    objective = policy.objective_milliseconds
    expected = np.fmax(recent, _heading(whole, recent, objective))
    asked = np.isfinite(recent)
    coarse, certain = buckets.coarse, buckets.certainly_broken(recent, policy.objective_quantile)
    passed = np.where(coarse, certain, expected > objective)

    def say(row: int) -> str:
        if not asked[row]:
            return "latency is missing"
        heading = f", heading for {expected[row]:.0f} ms" if expected[row] > recent[row] else ""
        told = f"latency is {recent[row]:.0f} ms{heading}; the objective is {objective:.0f} ms"
        if not coarse[row] or certain[row] or expected[row] <= np.nan_to_num(buckets.kept[row]):
            return told
        return f"{told}, inside a bucket from {np.nan_to_num(buckets.kept[row]):.0f} to {buckets.slow[row]:.0f} ms"

    return gate_rows("latency-objective", "milliseconds", expected, objective, np.asarray(passed), say, asked)


def worth_relieving_gate(growth: Growth, seconds_to_limit: Floats, window_seconds: int) -> GateRows:
    """Has memory grown by a fifth since the onset, or will it meet a limit within one more window?

    Source: SAFETY.md, detection: a restart needs a higher floor than a report (20 %) or a limit that is near; it can
    give back no more than what has grown, and services whose data and latency grow slowly together are common.

    Args:
        growth: since the onset.
        seconds_to_limit: the middle of the projection, NaN where no limit is in sight.
        window_seconds: length of the window.
    """
    figures = growth.percents_of_start
    near = np.isfinite(seconds_to_limit) & (seconds_to_limit <= window_seconds)

    def say(row: int) -> str:
        known = np.isfinite(seconds_to_limit[row])
        limit = f"a limit is met in {span_of(seconds_to_limit[row])}" if known else "no limit is in sight"
        return (
            f"grew by {figures[row]:.0f} % since its onset and {limit}; "
            f"{_SMALLEST_RELIEF_PERCENT:.0f} % or a limit within {span_of(window_seconds)} are needed"
        )

    passed = (figures >= _SMALLEST_RELIEF_PERCENT) | near
    return gate_rows("worth-relieving", "percent", figures, _SMALLEST_RELIEF_PERCENT, passed, say)


def recent_latency(stretch: Stretch) -> Floats:
    """Median over the youngest quarter of the blocks, in milliseconds.

    NaN with fewer than three measured, and where latency was not measured well enough to be judged.
    """
    wanted = np.maximum(stretch.lengths // 4, _FEWEST_YOUNG_BLOCKS)
    begins = stretch.lengths - wanted
    first = max(int(begins.min(initial=stretch.latency.shape[1])), 0)  # columns before it are young in no row
    positions = np.arange(first, stretch.latency.shape[1])[None, :]
    youngest = (positions < stretch.lengths[:, None]) & (positions >= begins[:, None])
    values = np.where(youngest, stretch.latency[:, first:], np.nan)
    enough = (counted(np.isfinite(values)) >= _FEWEST_YOUNG_BLOCKS) & latency_measured(stretch)
    return np.where(enough, median(values), np.nan)


def latency_measured(stretch: Stretch) -> Bools:
    """Where latency is known in half of the stretch's blocks and in its youngest sixth; few blocks fit by chance."""
    there = np.isfinite(stretch.latency)
    missing_since = stretch.lengths - 1 - last_index(there)
    fresh = there.any(axis=1) & (missing_since <= np.maximum(stretch.lengths * _LARGEST_AGE_SHARE, 1))
    return np.asarray(fresh & (counted(there) >= _FEWEST_SHARE * stretch.lengths))


def _heading(stretch: Stretch, recent: Floats, objective: float) -> Floats:
    """Where latency below its objective will be after one more stretch, by its own trend; NaN where none says so."""
    found = np.full(len(recent), np.nan)
    now = np.nan_to_num(recent)
    near = (now >= _HEADING_SHARE * objective) & (now <= objective)
    which = np.flatnonzero(near & (counted(np.isfinite(stretch.latency)) >= FEWEST_BLOCKS))
    if not len(which):
        return found
    values = stretch.latency[which]
    there = np.isfinite(values)
    span = values.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1) - np.argmax(there, axis=1)
    rising = kendall_tau(values) >= _HEADING_TAU
    which = which[rising]
    found[which] = recent[which] + median_slopes(values[rising]) * span[rising]
    return found
