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
