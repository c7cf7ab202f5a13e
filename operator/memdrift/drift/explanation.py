"""Gate: is the growth left when what load explains is taken away?

Source: DETECTION.md, load: with load doubled and 30 % of memory tied to it, false alarms 77.5 % -> 13.8 %.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.batch import Bools, Indices
from memdrift.drift.blocks import Floats
from memdrift.drift.gates import GateRows, gate_rows
from memdrift.drift.growth import Growth, judged_tau, least_percent
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.slopes import median_slopes
from memdrift.drift.statistics import correlation, counted, following, kendall_tau, median, tau_deviation
from memdrift.drift.stretch import FEWEST_BLOCKS, Stretch, rows_of

_SMALLEST_TAU = 0.6
_SMALLEST_CORRELATION = 0.3
"""Of the differences; below it the regression would subtract noise."""
_RISING_LOAD_DEVIATIONS = 2.3
"""Of Kendall's tau of noise; a load whose tau is further from 0 rises, however noisy it is."""
_RISING_LOAD_SHARE = 0.05
_FEWEST_LOAD_SHARE = 0.5
_LEVEL_BLOCKS = 5
"""Blocks whose median is the level of a noisy load."""
_RIDGE = 1e-9
"""Share of the largest variance, added so that two equal load series share what they explain."""


def not_explained_by_load_gate(
    whole: Stretch, growth: Growth, window_seconds: int, policy: DetectionPolicy, growing: Bools
) -> GateRows:
    """Does memory still drift after what load explains is subtracted?

    Memory is regressed on all load series together, by differences over one and two blocks (levels of two unrelated
    trends always correlate), and the residual must still rise and matter. Noise in the load hides a slow common rise
    from the differences; so where load itself rises, memory in proportion to it counts as explained too, unless the
    window has seen that load before the onset, with less memory.

    Args:
        whole: the judged stretch, with what was before the onset.
        growth: since the onset.
        window_seconds: length of the window.
        policy: its floors.
        growing: which rows have growth that matters; in the others there is nothing to explain, and all of it is left.
    """
    stretch = growth.stretch
    known = load_measured(stretch)
    asked = load_known(stretch)
    taus, lefts = judged_tau(growth).copy(), growth.amounts.copy()
    rises = np.zeros(known.shape)
    some = np.flatnonzero(growing & asked)
    rises[some] = _rises_with_load(rows_of(stretch, some), known[some])
    tied = np.flatnonzero((rises > 0).any(axis=1))
    if len(tied):
        load = np.where(known[tied][:, :, None], stretch.load[tied], np.nan)
        moved = load - _levels(load)
        rise = rises[tied][:, :, None]
        residual = stretch.judged[tied] - np.where(rise > 0, rise * moved, 0.0).sum(axis=1)
        taus[tied] = kendall_tau(residual)
        lefts[tied] = median_slopes(residual) * growth.span_blocks[tied]
    lefts[some] = np.minimum(lefts[some], growth.amounts[some] - _proportional_bytes(whole, growth, some))
    medians = np.maximum(growth.medians, 1.0)
    figures = 100.0 * lefts / medians
    needed = np.maximum(least_percent(window_seconds, policy), 100.0 * policy.minimum_growth_bytes / medians)

    def say(row: int) -> str:
        if not asked[row]:
            return "load is missing: growth cannot be explained"
        return (
            f"load leaves {figures[row]:.1f} % of growth unexplained (tau {taus[row]:.2f}); "
            f"{needed[row]:.1f} % (tau {_SMALLEST_TAU}) are needed"
        )

    passed = (figures >= needed) & (taus >= _SMALLEST_TAU)
    return gate_rows("not-explained-by-load", "percent", figures, needed, passed, say, asked)


def load_measured(stretch: Stretch) -> Bools:
    """Which load series were measured in at least half of the stretch's blocks, shape (rows, series)."""
    finite = counted(np.isfinite(stretch.load))
    return np.asarray(finite >= np.maximum(FEWEST_BLOCKS, _FEWEST_LOAD_SHARE * stretch.lengths)[:, None])


def load_known(stretch: Stretch) -> Bools:
    """Where all load series together were measured well enough to say that load does not explain a growth.

    In half of the blocks at once, and in half of the youngest third: a series that is missing may be the one.
    """
    if not stretch.load.shape[1]:
        return np.zeros(len(stretch.lengths), dtype=bool)
    jointly = np.asarray(np.isfinite(stretch.load).all(axis=1))
    third = np.maximum(stretch.lengths // 3, 1)
    young = np.arange(jointly.shape[1])[None, :] >= (stretch.lengths - third)[:, None]
    enough = counted(jointly) >= np.maximum(FEWEST_BLOCKS, _FEWEST_LOAD_SHARE * stretch.lengths)
    return np.asarray(enough & (counted(jointly & young) >= _FEWEST_LOAD_SHARE * third))


def fewest_load_blocks(blocks: int) -> float:
    """How many of a stretch's blocks must have a load for it to count as measured."""
    return max(FEWEST_BLOCKS, _FEWEST_LOAD_SHARE * blocks)


def total_load(stretch: Stretch) -> Floats:
    """The measured load series added up, shape (rows, blocks); NaN where one is missing, or none was measured."""
    known = load_measured(stretch)
    total = np.where(known[:, :, None], stretch.load, 0.0).sum(axis=1)
    return np.where(known.any(axis=1, keepdims=True), total, np.nan)


def _levels(load: Floats) -> Floats:
    rows, series, blocks = load.shape
    return median(load.reshape(rows * series, blocks)).reshape(rows, series, 1)


def _rises_with_load(stretch: Stretch, known: Bools) -> Floats:
    """Bytes of memory per unit of each load series, shape (rows, series); 0 where load explains nothing."""
    rows, series = known.shape
    if not series:
        return np.zeros((rows, 0))
    changes = _differences(stretch.judged)
    load_changes = [_differences(np.where(known[:, one, None], stretch.load[:, one], np.nan)) for one in range(series)]
    tied = np.stack([correlation(each, changes) >= _SMALLEST_CORRELATION for each in load_changes], axis=1)
    usable = np.isfinite(changes)
    for one, each in enumerate(load_changes):
        usable &= np.isfinite(each) | ~known[:, one, None]
    tied &= (counted(usable) >= FEWEST_BLOCKS)[:, None]
    which = np.flatnonzero(tied.any(axis=1))
    rises = np.zeros((rows, series))
    if len(which):
        chosen = usable[which][:, None, :] & tied[which][:, :, None]
        regressors = np.where(chosen, np.stack([each[which] for each in load_changes], axis=1), 0.0)
        answers = np.where(usable[which], changes[which], 0.0)
        rises[which] = np.where(tied[which], _least_squares(regressors, answers), 0.0)
    return np.maximum(rises, 0.0)


def _least_squares(regressors: Floats, answers: Floats) -> Floats:
    """The coefficients of each row's regressors, (rows, series, n), for its answers, (rows, n)."""
    gram = np.einsum("rsn,rtn->rst", regressors, regressors)
    largest = np.maximum(np.einsum("rss->rs", gram).max(axis=1), np.finfo(float).tiny)
    gram += np.eye(gram.shape[1]) * (_RIDGE * largest)[:, None, None]
    right = np.einsum("rsn,rn->rs", regressors, answers)
    return np.asarray(np.linalg.solve(gram, right[:, :, None])[:, :, 0])


def _differences(values: Floats) -> Floats:
    return np.concatenate([values[:, lag:] - values[:, :-lag] for lag in (1, 2)], axis=1)


def _proportional_bytes(whole: Stretch, growth: Growth, rows: Indices) -> Floats:
    """Growth that memory in proportion to load would have, where load rises; one for each of the rows."""
    total = total_load(rows_of(growth.stretch, rows))
    found = np.zeros(len(total))
    enough = counted(np.isfinite(total)) >= FEWEST_BLOCKS
    rising = np.flatnonzero(enough & (kendall_tau(total) >= _RISING_LOAD_DEVIATIONS * tau_deviation(total)))
    if not len(rising):
        return found
    here = rows[rising]
    amounts = median_slopes(total[rising]) * growth.span_blocks[here]
    starts = median(total[rising]) - amounts / 2
    shares = np.divide(amounts, starts, out=np.full(len(rising), np.inf), where=starts > 0)
    in_proportion = np.where(np.isfinite(shares), shares, 0.0) * np.maximum(growth.starts[here], 0.0)
    explained = np.where(np.isfinite(shares), in_proportion, growth.amounts[here])
    explained = np.minimum(explained, _bytes_when_as_loaded(rows_of(whole, here), growth, here))
    found[rising] = np.where(shares >= _RISING_LOAD_SHARE, np.minimum(explained, growth.amounts[here]), 0.0)
    return found


def _bytes_when_as_loaded(whole: Stretch, growth: Growth, rows: Indices) -> Floats:
    """How much more memory than at the onset there was before it, under a load as high as at the end; else infinite.

    Load is noisy, so it must have been that high over five blocks together, several times.

    Args:
        whole: of the rows only.
        growth: of all rows.
        rows: which rows of the growth are asked.
    """
    since = rows_of(growth.stretch, rows)
    known = load_measured(whole).all(axis=1)
    ends = median(_last_third(total_load(since)))
    loads = total_load(whole)
    most = np.full(len(rows), np.inf)
    before = since.offsets - whole.offsets
    which = np.flatnonzero(known & np.isfinite(ends) & (before >= _LEVEL_BLOCKS + FEWEST_BLOCKS))
    if not len(which):
        return most
    levels, memories = _levels_of_five(loads[which]), _levels_of_five(whole.judged[which])
    early = np.arange(levels.shape[1])[None, :] <= (before[which] - _LEVEL_BLOCKS)[:, None]
    as_loaded = early & (levels >= ends[which][:, None]) & np.isfinite(memories)
    often = counted(as_loaded) >= FEWEST_BLOCKS
    which, then = which[often], median(np.where(as_loaded, memories, np.nan)[often])
    most[which] = np.maximum(then - growth.starts[rows[which]], 0.0)
    return most


def _levels_of_five(values: Floats) -> Floats:
    """The median of each five neighbouring blocks, shape (rows, blocks - 4)."""
    windows = np.lib.stride_tricks.sliding_window_view(values, _LEVEL_BLOCKS, axis=1)
    return median(windows.reshape(-1, _LEVEL_BLOCKS)).reshape(windows.shape[:2])


def _last_third(values: Floats) -> Floats:
    """The youngest third of each row's present values, NaN elsewhere."""
    there = np.isfinite(values)
    return np.where(there & (following(there) <= np.maximum(counted(there) // 3, 1)[:, None]), values, np.nan)
