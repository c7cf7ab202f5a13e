"""Ranks of many series at once, and how far those of two go together.

Exists beside `statistics` because a rank is exact: sums of ranks need no care for rounding. Knows arrays of numbers
only: no lives, no units, no thresholds. Series are rows, shape (rows, n), NaN where a value is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from memdrift.drift.blocks import Floats
from memdrift.drift.statistics import summed, summed_products


def ranks(values: Floats) -> Floats:
    """The rank of each value in its row, ties sharing their average; NaN where the value is missing."""
    rows, size = values.shape
    order = np.argsort(values, axis=1)
    order += size * np.arange(rows)[:, None]  # one index into all values is much cheaper than one per axis
    ordered = np.take(values, order)
    places = np.tile(np.arange(size, dtype=np.float64), (rows, 1))
    tied = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    if len(tied):
        places[tied] = _shared_places(ordered[tied])
    found = np.empty(rows * size)
    found[order] = places
    ranked = found.reshape(rows, size)
    there = np.isfinite(values)
    return ranked if there.all() else np.where(there, ranked, np.nan)


def _shared_places(ordered: Floats) -> Floats:
    """The position of each of the ascending values, equal ones sharing their average."""
    size = ordered.shape[1]
    positions = np.broadcast_to(np.arange(size), ordered.shape)
    first = np.ones(ordered.shape, dtype=bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    last = np.ones(ordered.shape, dtype=bool)
    last[:, :-1] = first[:, 1:]
    starts = np.maximum.accumulate(np.where(first, positions, 0), axis=1)
    ends = np.minimum.accumulate(np.where(last, positions, size)[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((starts + ends) / 2)


def lagged_rank_correlation(left: Floats, right: Floats, lags: Sequence[int], fewest: int) -> Floats:
    """The highest of the correlations of left ranks with the right ones some steps later, shape (rows,).

    Sums of ranks are exact, so one pass finds them, and the order in which they are added up does not matter.

    Args:
        left: ranks, NaN where there is none.
        right: ranks, likewise.
        lags: steps that the right ones may come later.
        fewest: pairs that a lag needs to be asked; -inf where no lag has them.
    """
    size = left.shape[1]
    of_left, of_right = _powers(left), _powers(right)
    whole = bool(of_left.there.all() and of_right.there.all())
    found = np.full(len(left), -np.inf)
    for lag in lags:
        first, second = of_left.between(0, size - lag), of_right.between(lag, size)
        counts = np.full(len(left), float(size - lag)) if whole else summed_products(first.there, second.there)
        sums, squares = first.sums_where(None if whole else second.there)
        sums_then, squares_then = second.sums_where(None if whole else first.there)
        powers = (counts * squares - sums * sums) * (counts * squares_then - sums_then * sums_then)
        products = counts * summed_products(first.values, second.values) - sums * sums_then
        figures = np.divide(products, np.sqrt(powers), out=np.zeros(len(products)), where=powers > 0)
        found = np.maximum(found, np.where(counts >= fewest, figures, -np.inf))
    return found


class _Powers(NamedTuple):
    """Ranks to the power of 0, 1 and 2; 0 where there is none."""

    there: Floats
    values: Floats
    squares: Floats

    def between(self, begin: int, end: int) -> _Powers:
        """Some of the positions."""
        return _Powers(*(each[:, begin:end] for each in self))

    def sums_where(self, there: Floats | None) -> tuple[Floats, Floats]:
        """Of the ranks and of their squares, where the others are there as well; None where all are."""
        if there is None:
            return summed(self.values), summed(self.squares)
        return summed_products(self.values, there), summed_products(self.squares, there)


def _powers(ranked: Floats) -> _Powers:
    there = np.isfinite(ranked)
    values = np.where(there, ranked, 0.0)
    return _Powers(there.astype(np.float64), values, values * values)
