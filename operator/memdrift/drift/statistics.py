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
    rows, size = values.shape
    ordered = np.sort(values, axis=1)
    untied = (ordered[:, 1:] > ordered[:, :-1]).all(axis=1)  # and nothing missing: a NaN is above nothing
    found = np.zeros(rows)
    pairs = size * (size - 1) / 2
    if pairs and untied.any():
        some = values if untied.all() else values[untied]
        found[untied] = (2 * _risen_pairs(some) - pairs) / pairs
    if not untied.all():
        found[~untied] = _tau_of_tied(values[~untied])
    return found


def _risen_pairs(values: Floats) -> Integers:
    """How many pairs of each row rise; of rows without ties and holes these say all."""
    steps = np.ascontiguousarray(values.T)  # a comparison then runs over neighbouring rows
    risen = np.zeros(steps.shape, dtype=np.int8 if len(steps) < 127 else np.int32)
    for lag in range(1, len(steps)):
        risen[lag:] += (steps[lag:] > steps[:-lag]).view(np.int8)
    return np.asarray(risen.sum(axis=0, dtype=np.int64))


def _tau_of_tied(values: Floats) -> Floats:
    """Kendall's tau-a where values are equal or missing."""
    size = values.shape[1]
    present = np.isfinite(values).sum(axis=1)
    steps = np.ascontiguousarray(values.T)
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
    whole = np.asarray(np.isfinite(values).all(axis=1) & (size >= _FEWEST_TO_SELECT))
    found = Slopes(np.empty(rows), np.empty(rows), np.empty(rows))
    for which, slopes_of in ((whole, _selected), (~whole, _ranked)):
        if which.any():
            everything = which.all()
            known = medians if medians is None or everything else medians[which]
            for all_of, some in zip(found, slopes_of(values if everything else values[which], known), strict=True):
                all_of[which] = some
    return found


def median_slopes(values: Floats) -> Floats:
    """`theil_sen` without the interval, shape (rows,), which costs half as much again."""
    rows, size = values.shape
    whole = np.isfinite(values).all(axis=1)
    if size < 2 or not whole.any():
        return theil_sen(values).middle
    found = np.empty(rows)
    found[~whole] = theil_sen(values[~whole]).middle
    slopes, scales = _pairwise_slopes(values[whole])
    found[whole] = _middles(slopes, scales)
    return found


_FEWEST_TO_SELECT = 8
"""Values for which the ranks of Sen's interval lie on either side of the median."""


def _selected(values: Floats, medians: Floats | None) -> Slopes:
    """Of rows without holes: their ranks are the same, and finding them costs much less than sorting does."""
    size = values.shape[1]
    slopes, scales = _pairwise_slopes(values, medians)
    pairs = slopes.shape[1]
    middle = _middles(slopes, scales)
    low, high = (int(rank[0]) for rank in _interval_ranks(np.array([size])))
    below, above = slopes[:, : pairs // 2], slopes[:, pairs // 2 :]
    below.partition(low, axis=1)
    above.partition(high - pairs // 2, axis=1)
    return Slopes((slopes[:, low] * scales).astype(np.float64), middle, (slopes[:, high] * scales).astype(np.float64))


def _middles(slopes: npt.NDArray[np.float32], scales: npt.NDArray[np.float32]) -> Floats:
    """The median of each row's slopes, none missing; leaves those below it on the left."""
    pairs = slopes.shape[1]
    slopes.partition(pairs // 2, axis=1)
    upper = slopes[:, pairs // 2]
    lower = upper if pairs % 2 else slopes[:, : pairs // 2].max(axis=1)
    return np.asarray(((lower * scales).astype(np.float64) + (upper * scales).astype(np.float64)) / 2)


def _ranked(values: Floats, medians: Floats | None) -> Slopes:
    """Of any rows."""
    present = np.isfinite(values).sum(axis=1)
    pairs = present * (present - 1) // 2
    slopes, scales = _pairwise_slopes(values, medians)
    slopes.sort(axis=1)
    low, high = _interval_ranks(present)
    last = np.maximum(pairs - 1, 0)
    everyone = np.arange(len(values))

    def at(index: Integers) -> Floats:
        return np.where(pairs > 0, slopes[everyone, index] * scales, 0.0).astype(np.float64)

    return Slopes(at(low), (at(last // 2) + at((last + 1) // 2)) / 2, at(high))


def _interval_ranks(present: Integers) -> tuple[Integers, Integers]:
    """The places of Sen's bounds among the slopes of so many values."""
    pairs = present * (present - 1) // 2
    spread = _NORMAL_95 * np.sqrt(present * (present - 1) * (2 * present + 5) / 18)
    last = np.maximum(pairs - 1, 0)
    low = np.clip(((pairs - spread) / 2).astype(np.intp), 0, last)
    high = np.clip(np.ceil((pairs + spread) / 2).astype(np.intp), 0, last)
    return low, high


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
