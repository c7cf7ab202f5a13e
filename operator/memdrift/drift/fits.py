"""Curves fitted to many series at once by least squares: a line, a hinge, a step, an approach to a bound.

Exists so that a gate can ask which shape explains a memory best. Knows arrays of numbers only: no lives, no units, no
thresholds. Series are rows of equidistant values, shape (rows, n), NaN where one is missing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memdrift.drift.blocks import Floats
from memdrift.drift.statistics import Integers, counted, first_index, last_index, summed, summed_products

_TIME_CONSTANTS = np.geomspace(0.4, 192.0, 28)
"""Of an exponential approach, in steps of the series; slower ones look like a line, faster ones like a step."""
_ROUNDING = 1e-9
"""Share of the variance below which a fit's error is rounding, not noise."""


class Approach(NamedTuple):
    """The best exponential approach to a bound, shape (rows,) each.

    Attributes:
        rises: its height; negative where it falls.
        errors: sum of squared residuals, never below what rounding leaves.
        paces: its last pace as a share of its first.
    """

    rises: Floats
    errors: Floats
    paces: Floats


class Centred(NamedTuple):
    """What every fit begins with; made once where several follow.

    Attributes:
        there: which values are there, shape (rows, n).
        weights: the same as numbers; one row for all where every value of every row is there.
        counts: how many are there, at least 1, shape (rows,).
        moved: the values' distance from their row's mean, 0 where there is none, shape (rows, n).
        totals: the sum of its squares, shape (rows,).
    """

    there: npt.NDArray[np.bool_]
    weights: Floats
    counts: Floats
    moved: Floats
    totals: Floats


def centred(values: Floats) -> Centred:
    """The rows around their means."""
    there = np.isfinite(values)
    whole = bool(there.all())
    weights = (there[:1] if whole else there).astype(np.float64)
    counts = np.maximum(counted(there), 1).astype(np.float64)
    means = summed(values if whole else np.where(there, values, 0.0)) / counts
    moved = values - means[:, None]
    if not whole:
        moved[~there] = 0.0
    return Centred(there, weights, counts, moved, summed_products(moved, moved))


def line_errors(values: Floats, known: Centred | None = None) -> Floats:
    """The sum of squared residuals of each row's least-squares line, shape (rows,)."""
    steps = np.arange(values.shape[1], dtype=np.float64)
    _, weights, counts, moved, totals = known or centred(values)
    sums, squares = summed_products(weights, steps), summed_products(weights, steps * steps)
    _, errors = _fitted(sums, squares, summed_products(moved, steps), counts, totals)
    return errors


def hinge_fits(values: Floats, known: Centred | None = None) -> tuple[Floats, Floats]:
    """Rise and error of `level + rise * max(step - hinge, 0)` for a hinge at each step, shape (rows, n) each.

    The sums over the steps behind a hinge are running sums of running sums, so that all hinges cost what one does.
    """
    _, weights, counts, moved, totals = known or centred(values)
    level = _behind(weights)
    slope = _shifted(_behind(level))
    square = _shifted(_behind(2 * slope + level))
    product = _shifted(_behind(_behind(moved)))
    return _fitted(slope, square, product, counts[:, None], totals[:, None])


def approach_fit(values: Floats, known: Centred | None = None) -> Approach:
    """The curve `level - height * exp(-t / constant)`; its level is free, so it does not matter when time begins."""
    bases = _bases(values.shape[1])
    there, weights, counts, moved, totals = known or centred(values)
    # einsum instead of a matrix product: a row's figures must not depend on the rows beside it, not in the last bit.
    product = np.einsum("rn,kn->rk", moved, bases)
    sums, squares = np.einsum("rn,kn->rk", weights, bases), np.einsum("rn,kn->rk", weights, bases * bases)
    rises, errors = _fitted(sums, squares, product, counts[:, None], totals[:, None])
    best = np.argmin(errors, axis=1)
    everyone = np.arange(len(values))
    span = np.where(there.any(axis=1), last_index(there) - first_index(there), 0)
    return Approach(rises[everyone, best], errors[everyone, best], np.exp(-span / _TIME_CONSTANTS[best]))


def step_error(values: Floats, known: Centred | None = None) -> Floats:
    """The sum of squared residuals of the best two levels with one jump, at least two values on each side."""
    _, weights, _, moved, totals = known or centred(values)
    left_sums, left_counts = np.cumsum(moved, axis=1), np.cumsum(weights, axis=1)
    counts = left_counts[:, -1:]
    right_counts = counts - left_counts
    allowed = (left_counts >= 2) & (right_counts >= 2)
    safe = np.where(allowed, left_counts * right_counts, 1.0)
    gained = np.where(allowed, left_sums * left_sums * counts / safe, 0.0)
    return np.asarray(np.maximum(totals - gained.max(axis=1, initial=0.0), totals * _ROUNDING))


def evidence_for(richer_errors: Floats, simpler_errors: Floats, counts: Floats | Integers) -> Floats:
    """How much better the richer curve is, in units of what its extra parameter costs.

    Above 1 it is preferred; 0 where it is no better. Source: the Bayesian information criterion, Schwarz (1978).
    """
    better = (richer_errors > 0) & (simpler_errors > richer_errors) & (counts > 1)
    ratio = np.divide(simpler_errors, richer_errors, out=np.ones_like(richer_errors + simpler_errors), where=better)
    counts = np.maximum(counts, 2)
    return np.asarray(np.where(better, counts * np.log(ratio) / np.log(counts), 0.0))


@lru_cache(maxsize=64)
def _bases(size: int) -> Floats:
    """The approach at each pace, shape (paces, size); kept, since windows have few lengths."""
    bases = 1 - np.exp(-np.arange(size, dtype=np.float64)[None, :] / _TIME_CONSTANTS[:, None])
    bases.setflags(write=False)
    return bases


def _fitted(sums: Floats, squares: Floats, products: Floats, counts: Floats, totals: Floats) -> tuple[Floats, Floats]:
    """Rise and error of a least-squares fit from its sums; a basis that is flat where values are counts as no fit."""
    variances = squares - sums * sums / counts
    solid = variances > _ROUNDING * np.maximum(squares, np.finfo(float).tiny)
    rises = np.where(solid, products / np.where(solid, variances, 1.0), 0.0)
    errors = rises * products
    np.subtract(totals, errors, out=errors)
    return rises, np.maximum(errors, totals * _ROUNDING, out=errors)


def _behind(values: Floats) -> Floats:
    """The sum of each value and all that follow it."""
    return np.cumsum(values[:, ::-1], axis=1)[:, ::-1]


def _shifted(values: Floats) -> Floats:
    """Each value's successor; 0 behind the last."""
    moved = np.zeros_like(values)
    moved[:, :-1] = values[:, 1:]
    return moved
