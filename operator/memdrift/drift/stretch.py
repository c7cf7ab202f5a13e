"""The part of each life that is judged: one memory, its load and its latency on the same blocks.

Exists so that gates see neither warm-up, nor blocks of another life, nor samples too thin to count. Cuts, shifts and
masks only; must not judge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from memdrift.drift.batch import BandRows, Batch, Bools, Indices
from memdrift.drift.blocks import Bands, Floats
from memdrift.drift.statistics import counted, first_index, last_index, summed

FEWEST_BLOCKS = 8
"""Below this, Kendall's tau of pure noise reaches its threshold too often to mean anything."""
_THIN_SHARE = 0.5
"""A block with fewer of its expected samples is a hole: its quantiles would be those of a moment."""


@dataclass(frozen=True, eq=False)  # no slots: what every gate asks for is kept
class Stretch:
    """Rows of blocks that begin with the first judged one; NaN where a block is missing, and behind the last.

    Attributes:
        offsets: how many blocks of the window come before the stretch, shape (rows,).
        lengths: how many blocks the stretch has, present or not, shape (rows,).
        low, middle, high: the 10th, 50th and 90th percentile in bytes, shape (rows, blocks).
        low_judged: which rows are judged by their lower band instead of the middle one, shape (rows,).
        load: per second, shape (rows, series, blocks).
        latency: milliseconds, shape (rows, blocks).
        slow_fraction: share of requests above the slow bound, shape (rows, blocks); None where no row has it.
    """

    block_seconds: int
    offsets: Indices
    lengths: Indices
    low: Floats
    middle: Floats
    high: Floats
    low_judged: Bools
    load: Floats
    latency: Floats
    slow_fraction: Floats | None = None

    @cached_property
    def judged(self) -> Floats:
        """The band whose shape is judged: the middle of live heap, the quieter lower or middle one of others."""
        if not self.low_judged.any():
            return self.middle
        return np.where(self.low_judged[:, None], self.low, self.middle)

    @cached_property
    def present(self) -> Bools:
        """Which blocks have the judged memory."""
        return np.isfinite(self.judged)

    @property
    def span_blocks(self) -> Floats:
        """From the first present block to the last, in blocks; 0 where there is none."""
        there = self.present
        return np.where(there.any(axis=1), last_index(there) - first_index(there), 0).astype(np.float64)

    def after(self, blocks: Indices) -> Stretch:
        """The stretch without each row's first blocks; itself where no row loses one."""
        if not blocks.any():
            return self
        size = self.middle.shape[1]
        which = np.flatnonzero(blocks)
        index = np.arange(size)[None, :] + blocks[which][:, None]
        inside = index < size
        index = np.minimum(index, size - 1)

        def moved(values: Floats) -> Floats:
            found = values.copy()
            found[which] = np.where(inside, np.take_along_axis(values[which], index, axis=1), np.nan)
            return found

        load = self.load.copy()
        for series in range(load.shape[1]):
            load[:, series] = moved(load[:, series])
        return Stretch(
            block_seconds=self.block_seconds,
            offsets=self.offsets + blocks,
            lengths=np.maximum(self.lengths - blocks, 0),
            low=moved(self.low),
            middle=moved(self.middle),
            high=moved(self.high),
            low_judged=self.low_judged,
            load=load,
            latency=moved(self.latency),
            slow_fraction=None if self.slow_fraction is None else moved(self.slow_fraction),
        )


def exists(bands: Bands) -> bool:
    """Whether the series has any sample at all."""
    return bool(bands.p50.size) and not math.isnan(np.fmax.reduce(bands.p50))


def stretch_of(batch: Batch, bands: BandRows, warm_up_seconds: float, quieter: Bools) -> Stretch:
    """The judged stretch of one memory; without blocks where a life is younger than its warm-up.

    Args:
        batch: the window.
        bands: the memory to judge.
        warm_up_seconds: the part of every life that is not judged.
        quieter: the rows that are judged by their lower band where it jumps less, shape (rows,).
    """
    enough = bands.count >= _THIN_SHARE * batch.expected_samples[:, None]
    low, middle, high = (_where(enough & np.isfinite(band), band) for band in (bands.p10, bands.p50, bands.p90))
    size = batch.blocks
    warm = np.ceil((warm_up_seconds - batch.ages) / batch.block_seconds)
    own = np.clip(warm, 0, size).astype(np.intp)
    whole = Stretch(
        block_seconds=batch.block_seconds,
        offsets=np.zeros(batch.size, dtype=np.intp),
        lengths=np.full(batch.size, size, dtype=np.intp),
        low=low,
        middle=middle,
        high=high,
        low_judged=np.zeros(batch.size, dtype=bool),
        load=_where(np.isfinite(batch.load), batch.load),
        latency=_where(np.isfinite(batch.latency), batch.latency),
        slow_fraction=batch.slow_fraction,
    )
    cut = whole.after(own)
    return replace(cut, low_judged=quieter & (_roughness(cut.low) < _roughness(cut.middle)))


def _where(there: Bools, values: Floats) -> Floats:
    """The values that are there, NaN elsewhere; themselves, not a copy, where all are."""
    return values if there.all() else np.where(there, values, np.nan)


def rows_of(stretch: Stretch, which: Indices | Bools) -> Stretch:
    """Some rows of a stretch."""
    return Stretch(
        stretch.block_seconds,
        stretch.offsets[which],
        stretch.lengths[which],
        stretch.low[which],
        stretch.middle[which],
        stretch.high[which],
        stretch.low_judged[which],
        stretch.load[which],
        stretch.latency[which],
        None if stretch.slow_fraction is None else stretch.slow_fraction[which],
    )


def _roughness(band: Floats) -> Floats:
    """The mean jump from a block to the next, over the blocks that have a neighbour; 0 where none has."""
    jumps = np.abs(np.diff(band, axis=1))
    known = np.isfinite(jumps)
    counts = counted(known)
    sums = summed(np.where(known, jumps, 0.0))
    return np.asarray(np.divide(sums, counts, out=np.zeros(len(band)), where=counts > 0))
