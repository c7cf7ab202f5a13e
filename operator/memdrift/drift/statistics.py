"""The few robust statistics that the gates ask for, each for many series at once.

Exists so that a gate reads as a question and its arithmetic can be tested alone. Knows arrays of numbers only: no
lives, no units, no thresholds. Series are rows of equidistant values, shape (rows, n), NaN where one is missing; there
is no loop over rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memdrift.drift.blocks import Floats

Integers = npt.NDArray[np.int64]


def counted(there: npt.NDArray[np.bool_]) -> Integers:
    """How many are True along the last axis; in a third of the time that `sum` takes for short rows."""
    return np.asarray(np.einsum("...n->...", there.view(np.int8), dtype=np.int64))


def summed(values: Floats) -> Floats:
    """The sum along the last axis, of each row alone: in a third of the time that `sum` takes for short rows."""
    return np.asarray(np.einsum("...n->...", values))


def summed_products(left: Floats, right: Floats) -> Floats:
    """The sum of the products along the last axis, without the products in between."""
    return np.asarray(np.einsum("...n,...n->...", left, right))


def kendall_tau(values: Floats) -> Floats:
    """Kendall's tau-a of the values against their order: +1 always rising, 0 no trend; ties count as no trend.

    Tau-a rather than tau-b, so that a long flat stretch with one jump stays below a long climb. 0 where fewer than two
    values are there. Source: Kendall, A New Measure of Rank Correlation, Biometrika 30 (1938).
    """
    narrow = values.astype(np.float32)  # which orders values as they are, but for those it cannot tell apart
    ordered = np.sort(narrow, axis=1)
    untied = np.asarray((ordered[:, 1:] > ordered[:, :-1]).all(axis=1))  # and nothing missing: a NaN is above nothing
    sizes = np.full(len(values), values.shape[1])
    if not untied.all():
        rest = np.flatnonzero(~untied)
        sizes[rest] = counted(np.isfinite(values[rest]))
        last = ordered[rest]
        untied[rest] = ((last[:, 1:] > last[:, :-1]) | np.isnan(last[:, 1:])).all(axis=1)
    found = np.zeros(len(values))
    some = np.flatnonzero(untied & (sizes > 1))
    if len(some):
        pairs = sizes[some] * (sizes[some] - 1) / 2
        found[some] = (2 * _risen_pairs(narrow if len(some) == len(values) else narrow[some]) - pairs) / pairs
    tied = np.flatnonzero(~untied)
    if len(tied):
        found[tied] = _tau_of_tied(values[tied], sizes[tied])
    return found


def _risen_pairs(values: npt.NDArray[np.float32]) -> Integers:
    """How many pairs of each row rise; a missing value rises against none. Without ties these say all."""
    cuts = range(0, len(values), _ROWS_AT_ONCE)
    return np.concatenate([_risen_pairs_of_few(values[first : first + _ROWS_AT_ONCE]) for first in cuts])


_ROWS_AT_ONCE = 1024
"""Of a day's half hours; so many stay in the processor's cache."""


def _risen_pairs_of_few(values: npt.NDArray[np.float32]) -> Integers:
    steps = np.ascontiguousarray(values.T)  # a comparison then runs over neighbouring rows
    risen = np.zeros(steps.shape, dtype=np.int8 if len(steps) < 127 else np.int32)
    with np.errstate(invalid="ignore"):
        for lag in range(1, len(steps)):
            risen[lag:] += (steps[lag:] > steps[:-lag]).view(np.int8)
    return np.asarray(risen.sum(axis=0, dtype=np.int64))


def _tau_of_tied(values: Floats, present: Integers) -> Floats:
    """Kendall's tau-a where values are equal; so many of each row are there."""
    size = values.shape[1]
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
    counts = np.maximum(counted(np.isfinite(values)), 2).astype(np.float64)
    return np.asarray(np.sqrt(2 * (2 * counts + 5) / (9 * counts * (counts - 1))))


def correlation(left: Floats, right: Floats) -> Floats:
    """Pearson's correlation over the values that both have, shape (rows,); 0 where either side is constant."""
    both = np.isfinite(left) & np.isfinite(right)
    counts = np.maximum(counted(both), 1)

    def centred(values: Floats) -> Floats:
        means = summed(np.where(both, values, 0.0)) / counts
        return np.where(both, values - means[:, None], 0.0)

    moved_left, moved_right = centred(left), centred(right)
    powers = summed_products(moved_left, moved_left) * summed_products(moved_right, moved_right)
    products = summed_products(moved_left, moved_right)
    return np.asarray(np.divide(products, np.sqrt(powers), out=np.zeros(len(products)), where=powers > 0))


def median(values: Floats) -> Floats:
    """The median of each row's values; NaN where there is none."""
    ordered = np.sort(values, axis=1)
    there = np.isfinite(ordered)
    if values.shape[1] and there.all():
        below, above = (values.shape[1] - 1) // 2, values.shape[1] // 2
        return np.asarray((ordered[:, below] + ordered[:, above]) / 2)
    counts = counted(there)
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
