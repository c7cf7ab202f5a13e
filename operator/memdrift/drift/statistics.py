"""The few robust statistics that the gates ask for, each for many series at once.

Exists so that a gate reads as a question and its arithmetic can be tested alone. Knows arrays of numbers only: no
lives, no units, no thresholds. Series are rows of equidistant values, shape (rows, n), NaN where one is missing; there
is no loop over rows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memdrift.drift.blocks import Floats

_NORMAL_95 = 1.96

Integers = npt.NDArray[np.int64]


class Slopes(NamedTuple):
    """Slopes per step with the 95 % interval around them, shape (rows,) each."""

    low: Floats
    middle: Floats
    high: Floats


def kendall_tau(values: Floats) -> Floats:
    """Kendall's tau-a of the values against their order: +1 always rising, 0 no trend; ties count as no trend.

    Tau-a rather than tau-b, so that a long flat stretch with one jump stays below a long climb. 0 where fewer than two
    values are there. Source: Kendall, A New Measure of Rank Correlation, Biometrika 30 (1938).
    """
    size = values.shape[1]
    present = np.isfinite(values).sum(axis=1)
    steps = np.ascontiguousarray(values.T)  # a comparison then runs over neighbouring rows
    narrow = np.int8 if size < 127 else np.int32
    score = np.zeros(len(values), dtype=np.int64)
    with np.errstate(invalid="ignore"):
        for lag in range(1, size):
            later, earlier = steps[lag:], steps[:-lag]
            signs = (later > earlier).view(np.int8) - (later < earlier).view(np.int8)
            score += np.add.reduce(signs, axis=0, dtype=narrow)
    pairs = present * (present - 1) / 2
    return np.asarray(np.divide(score, pairs, out=np.zeros(len(values)), where=pairs > 0))


def tau_deviation(values: Floats) -> Floats:
    """The standard deviation of Kendall's tau of independent noise as long as each row (Kendall 1938)."""
    counts = np.maximum(np.isfinite(values).sum(axis=1), 2).astype(np.float64)
    return np.asarray(np.sqrt(2 * (2 * counts + 5) / (9 * counts * (counts - 1))))


def theil_sen(values: Floats, medians: Floats | None = None) -> Slopes:
    """The median of all pairwise slopes, with Sen's rank interval (95 %, assuming independent noise).

    0 where fewer than two values are there. Source: Sen, Estimates of the Regression Coefficient Based on Kendall's
    Tau, JASA 63 (1968).

    Args:
        values: the series.
        medians: of each row, where they are known already; only saves work.
    """
    rows, size = values.shape
    if size < 2:
        nothing = np.zeros(rows)
        return Slopes(nothing, nothing, nothing)
    present = np.isfinite(values).sum(axis=1)
    pairs = present * (present - 1) // 2
    slopes, scales = _pairwise_slopes(values, medians)
    slopes.sort(axis=1)
    spread = _NORMAL_95 * np.sqrt(present * (present - 1) * (2 * present + 5) / 18)
    last = np.maximum(pairs - 1, 0)
    low = np.clip(((pairs - spread) / 2).astype(np.intp), 0, last)
    high = np.clip(np.ceil((pairs + spread) / 2).astype(np.intp), 0, last)
    known = pairs > 0
    everyone = np.arange(rows)

    def at(index: npt.NDArray[np.intp]) -> Floats:
        return np.where(known, slopes[everyone, index] * scales, 0.0).astype(np.float64)

    return Slopes(at(low), (at(last // 2) + at((last + 1) // 2)) / 2, at(high))


def median_slopes(values: Floats) -> Floats:
    """`theil_sen` without the interval, shape (rows,): the middle is found in half the time that sorting takes."""
    rows, size = values.shape
    whole = np.isfinite(values).all(axis=1)
    if size < 2 or not whole.any():
        return theil_sen(values).middle
    found = np.empty(rows)
    found[~whole] = theil_sen(values[~whole]).middle
    slopes, scales = _pairwise_slopes(values[whole])
    pairs = slopes.shape[1]
    slopes.partition(pairs // 2, axis=1)
    upper = slopes[:, pairs // 2]
    lower = upper if pairs % 2 else slopes[:, : pairs // 2].max(axis=1)
    found[whole] = ((lower * scales).astype(np.float64) + (upper * scales).astype(np.float64)) / 2
    return found


def correlation(left: Floats, right: Floats) -> Floats:
    """Pearson's correlation over the values that both have, shape (rows,); 0 where either side is constant."""
    both = np.isfinite(left) & np.isfinite(right)
    counts = np.maximum(both.sum(axis=1), 1)

    def centred(values: Floats) -> Floats:
        means = np.where(both, values, 0.0).sum(axis=1) / counts
        return np.where(both, values - means[:, None], 0.0)

    moved_left, moved_right = centred(left), centred(right)
    powers = (moved_left * moved_left).sum(axis=1) * (moved_right * moved_right).sum(axis=1)
    products = (moved_left * moved_right).sum(axis=1)
    return np.asarray(np.divide(products, np.sqrt(powers), out=np.zeros(len(products)), where=powers > 0))


def median(values: Floats) -> Floats:
    """The median of each row's values; NaN where there is none."""
    counts = np.isfinite(values).sum(axis=1)
    ordered = np.sort(values, axis=1)
    everyone, last = np.arange(len(values)), np.maximum(counts - 1, 0)
    return np.asarray((ordered[everyone, last // 2] + ordered[everyone, (last + 1) // 2]) / 2)


def first_index(there: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Of the first True in each row; 0 where there is none."""
    return np.asarray(np.argmax(there, axis=1))


def last_index(there: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Of the last True in each row; the last position where there is none."""
    return np.asarray(there.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1))


def following(there: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """How many are True from each position to the end of its row; one row for all where everything is."""
    if there.all():
        return np.arange(there.shape[1], 0, -1)[None, :]
    return np.asarray(np.cumsum(there[:, ::-1], axis=1)[:, ::-1])


def _pairwise_slopes(
    values: Floats, medians: Floats | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """All pairwise slopes of each row, NaN where a value is missing, and what each row must be multiplied with.

    In single precision, of which the values' distance from their median has enough; it halves the cost of sorting.
    """
    rows, size = values.shape
    moved = values - (median(values) if medians is None else medians)[:, None]
    scales = np.where(np.isfinite(moved), np.abs(moved), 0.0).max(axis=1, initial=0.0)
    scales = np.where(scales > 0, scales, 1.0)
    small = (moved / scales[:, None]).astype(np.float32)
    slopes = np.empty((rows, size * (size - 1) // 2), dtype=np.float32)
    if rows < _FEW_ROWS:
        earlier, later = _pairs(size)
        np.subtract(small[:, later], small[:, earlier], out=slopes)
    else:
        begin = 0
        for first in range(size - 1):
            end = begin + size - 1 - first
            np.subtract(small[:, first + 1 :], small[:, first : first + 1], out=slopes[:, begin:end])
            begin = end
    slopes *= _weights(size)
    return slopes, scales.astype(np.float32)


_FEW_ROWS = 8
"""Below which looking every pair up costs less than one call for each value."""


@lru_cache(maxsize=64)
def _pairs(size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Positions of all pairs, earlier and later; kept, since windows have few lengths."""
    earlier, later = np.triu_indices(size, k=1)
    for each in (earlier, later):
        each.setflags(write=False)
    return earlier, later


@lru_cache(maxsize=64)
def _weights(size: int) -> npt.NDArray[np.float32]:
    """One over the distance of all pairs."""
    earlier, later = _pairs(size)
    weights = (1 / (later - earlier)).astype(np.float32)
    weights.setflags(write=False)
    return weights
