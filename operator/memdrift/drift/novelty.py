"""Gate: does memory go where it has not usually been?

Exists because memory that comes back after a dip rises as straight as a leak does, and as far. A leak leaves its usual
range behind; a recovery ends in it.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.batch import FEWEST_EARLIER_BLOCKS, USUAL_QUANTILE, Indices
from memdrift.drift.blocks import Floats
from memdrift.drift.gates import GateRows, gate_rows
from memdrift.drift.growth import Growth
from memdrift.drift.phrases import size_of
from memdrift.drift.statistics import counted, following, median
from memdrift.drift.stretch import Stretch

_LATEST_BLOCKS = 3
_NEW_PERCENT = 50.0


def new_high_gate(whole: Stretch, growth: Growth, usual_high: Floats | None) -> GateRows:
    """Has at least half of the growth taken memory above what nine tenths of its life's earlier blocks stay below?

    Earlier are the blocks before the window, as far as a longer window knows them, and those of the window before the
    onset. Nine tenths, so that a short spike in the past does not hide a leak. It passes where nothing earlier is
    known.

    Source: the training maximum of Precog (Jindal et al., arXiv 2106.08938), made robust.

    Args:
        whole: the judged stretch.
        growth: since the onset.
        usual_high: see `batch.BandRows`.
    """
    high = _high_before_onset(whole, growth.stretch.offsets - whole.offsets)
    if usual_high is not None:
        high = np.fmax(high, usual_high)
    latest = _latest(whole.judged)
    known = np.isfinite(high) & np.isfinite(latest)
    growing = known & (growth.amounts > 0)
    figures = np.divide(100.0 * (latest - high), growth.amounts, out=np.full(len(high), np.nan), where=growing)
    passed = ~known | (growing & (figures >= _NEW_PERCENT))

    def say(row: int) -> str:
        if not known[row]:
            return "nothing earlier is known of this life"
        return (
            f"now at {size_of(latest[row])}; nine tenths of its earlier life stay below {size_of(high[row])}, "
            f"and {_NEW_PERCENT:.0f} % of the growth of {size_of(growth.amounts[row])} must be above that"
        )

    return gate_rows("new-high", "percent", figures, _NEW_PERCENT, passed, say)


def _high_before_onset(whole: Stretch, onsets: Indices) -> Floats:
    """Of the window's blocks before each row's onset, or before its lowest block; NaN where there are too few.

    Memory that was given back and taken again has its lowest block in between.
    """
    lowest = np.argmin(np.where(whole.present, whole.judged, np.inf), axis=1)
    onsets = np.maximum(onsets, lowest)
    found = np.full(len(onsets), np.nan)
    which = np.flatnonzero(onsets >= FEWEST_EARLIER_BLOCKS)
    if not len(which):
        return found
    values = whole.judged[which]
    before = np.arange(values.shape[1])[None, :] < onsets[which][:, None]
    ordered = np.sort(np.where(before, values, np.nan), axis=1)
    counts = counted(np.isfinite(ordered))
    index = np.maximum(np.ceil(USUAL_QUANTILE * counts).astype(np.intp) - 1, 0)
    highs = ordered[np.arange(len(which)), index]
    found[which] = np.where(counts >= FEWEST_EARLIER_BLOCKS, highs, np.nan)
    return found


def _latest(values: Floats) -> Floats:
    """The median of each row's youngest present blocks."""
    there = np.isfinite(values)
    up_to_date = there[:, -_LATEST_BLOCKS:].all(axis=1)
    found = np.empty(len(values))
    found[up_to_date] = median(values[up_to_date, -_LATEST_BLOCKS:])
    late, there = values[~up_to_date], there[~up_to_date]
    found[~up_to_date] = median(np.where(there & (following(there) <= _LATEST_BLOCKS), late, np.nan))
    return found
