"""The slope of many series at once, as the median of the slopes of all pairs of their values.

Exists beside `statistics` because forming and choosing among so many slopes is an art of its own. Knows arrays of
numbers only: no lives, no units, no thresholds. Series are rows of equidistant values, shape (rows, n), NaN where one
is missing; there is no loop over rows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memdrift.drift.blocks import Floats
from memdrift.drift.statistics import counted, median

_NORMAL_95 = 1.96


class Slopes(NamedTuple):
    """Slopes per step with the 95 % interval around them, shape (rows,) each."""

    low: Floats
    middle: Floats
    high: Floats


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
    present = counted(np.isfinite(values))
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
    if rows < _FEW_ROWS:
        earlier, later = _pairs(size)
        slopes = small[:, later] - small[:, earlier]
    else:
        slopes = _differences(small)
    slopes *= _weights(size)
    return slopes, scales.astype(np.float32)


def _differences(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """All pairs' differences, in the order of `_pairs`: each value against the one some steps on, round a ring.

    Where the ring closes a difference is of a later and an earlier value. So every call has rows of full length, of
    which half as many are needed as of ever shorter ones.
    """
    rows, size = values.shape
    found = np.empty((rows, size * (size - 1) // 2), dtype=np.float32)
    ring = np.concatenate([values, values], axis=1)
    begin = 0
    for distance in range(1, size // 2 + 1):
        width = min(size, found.shape[1] - begin)  # half way round each pair would come twice
        np.subtract(ring[:, distance : distance + width], values[:, :width], out=found[:, begin : begin + width])
        begin += width
    return found


_FEW_ROWS = 8
"""Below which looking every pair up costs less than one call for each value."""


@lru_cache(maxsize=64)
def _pairs(size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Positions of all pairs round the ring, from and to; kept, since windows have few lengths."""
    distances = np.repeat(np.arange(1, size // 2 + 1), size)[: size * (size - 1) // 2]
    begins = np.tile(np.arange(size), size // 2)[: len(distances)]
    ends = (begins + distances) % size
    for each in (begins, ends):
        each.setflags(write=False)
    return begins, ends


@lru_cache(maxsize=64)
def _weights(size: int) -> npt.NDArray[np.float32]:
    """One over the distance of all pairs; negative where the ring has closed."""
    begins, ends = _pairs(size)
    weights = (1 / (ends - begins)).astype(np.float32)
    weights.setflags(write=False)
    return weights
