"""The few robust statistics that the gates ask for.

Exists so that a gate reads as a question and its arithmetic can be tested alone. Knows arrays of numbers only: no
lives, no units, no thresholds. Every function takes one series without NaN; pairs are formed by numpy, never by a loop.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memdrift.drift.blocks import Floats

_NORMAL_95 = 1.96
_TIME_CONSTANTS = np.geomspace(0.05, 4.0, 24)
"""Of an exponential approach, as shares of the span; slower ones look like a line in it."""
_ROUNDING = 1e-9
"""Share of the variance below which a fit's error is rounding, not noise."""


class Slope(NamedTuple):
    """A slope per second with the 95 % interval around it."""

    low: float
    middle: float
    high: float


class Fit(NamedTuple):
    """One curve `level + rise * basis` fitted by least squares.

    Attributes:
        which: which of the offered bases fitted best.
        rise: the coefficient of the basis.
        error: the sum of squared residuals, never below what rounding leaves.
    """

    which: int
    rise: float
    error: float


def kendall_tau(values: Floats) -> float:
    """Kendall's tau-a of the values against their order: +1 always rising, 0 no trend; ties count as no trend.

    Tau-a rather than tau-b, so that a long flat stretch with one jump stays below a long climb.
    """
    size = len(values)
    if size < 2:
        return 0.0
    earlier, later = _pairs(size)
    return float(np.sign(values[later] - values[earlier]).sum() * 2 / (size * (size - 1)))


def theil_sen(times: Floats, values: Floats) -> Slope:
    """The median of all pairwise slopes, with Sen's rank interval (95 %, assuming independent noise)."""
    size = len(values)
    if size < 2:
        return Slope(0.0, 0.0, 0.0)
    earlier, later = _pairs(size)
    slopes = np.sort((values[later] - values[earlier]) / (times[later] - times[earlier]))
    spread = _NORMAL_95 * np.sqrt(size * (size - 1) * (2 * size + 5) / 18)
    low = max(int((len(slopes) - spread) / 2), 0)
    high = min(int(np.ceil((len(slopes) + spread) / 2)), len(slopes) - 1)
    return Slope(float(slopes[low]), float(np.median(slopes)), float(slopes[high]))


def best_fit(bases: Floats, values: Floats) -> Fit:
    """The basis, one row each, whose least-squares curve leaves the smallest error; flat bases count as no fit."""
    centred = values - values.mean()
    moved = bases - bases.mean(axis=1, keepdims=True)
    variance = np.einsum("kn,kn->k", moved, moved)
    rises = np.divide(moved @ centred, variance, out=np.zeros(len(bases)), where=variance > 0)
    total = float(centred @ centred)
    errors = np.maximum(total - rises**2 * variance, total * _ROUNDING)
    best = int(np.argmin(errors))
    return Fit(best, float(rises[best]), float(errors[best]))


def approach_fit(times: Floats, values: Floats) -> tuple[Fit, float]:
    """The best exponential approach to a bound, and the pace at its end as a share of its first pace."""
    elapsed = times - times[0]
    constants = _TIME_CONSTANTS * max(float(elapsed[-1]), 1.0)
    fit = best_fit(1 - np.exp(-elapsed[None, :] / constants[:, None]), values)
    return fit, float(np.exp(-1 / _TIME_CONSTANTS[fit.which]))


def step_error(values: Floats) -> float:
    """The sum of squared residuals of the best two levels with one jump, at least two values on each side."""
    size = len(values)
    centred = values - values.mean()
    total = float(centred @ centred)
    if size < 4:
        return total
    left_size = np.arange(2, size - 1)
    left = np.cumsum(centred)[left_size - 1]
    gained = left**2 / left_size + left**2 / (size - left_size)
    return float(max(total - gained.max(), total * _ROUNDING))


def evidence_for(richer_error: float, simpler_error: float, size: int) -> float:
    """How much better the richer curve is, in units of what its extra parameter costs (BIC).

    Above 1 it is preferred; 0 where it is no better.
    """
    if richer_error <= 0 or simpler_error <= richer_error:
        return 0.0
    return float(size * np.log(simpler_error / richer_error) / np.log(size))


def rank_correlation(left: Floats, right: Floats) -> float:
    """Spearman's correlation, ties sharing their average rank; 0 where either side is constant."""
    return correlation(_ranks(left), _ranks(right))


def correlation(left: Floats, right: Floats) -> float:
    """Pearson's correlation; 0 where either side is constant."""
    moved_left, moved_right = left - left.mean(), right - right.mean()
    scale = float(np.sqrt((moved_left @ moved_left) * (moved_right @ moved_right)))
    return float(moved_left @ moved_right) / scale if scale > 0 else 0.0


@lru_cache(maxsize=64)
def _pairs(size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices of all pairs, earlier and later; kept, since windows have few lengths."""
    earlier, later = np.triu_indices(size, k=1)
    earlier.setflags(write=False)
    later.setflags(write=False)
    return earlier, later


def _ranks(values: Floats) -> Floats:
    _, which, sizes = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    return np.asarray((ends - (sizes - 1) / 2)[which], dtype=np.float64)
