"""Rows judged together: what many lives, or many moments of one life, hold in a window of one length.

Exists so that a gate is asked once for a whole fleet: numpy pays for a call, not for a row. A row knows its age but no
calendar, so a recording's sliding windows are rows as well. Holds and stacks values only; must not judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from memdrift.drift.blocks import Bands, Floats, LifeBlocks

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class BandRows:
    """A memory series reduced per block, in bytes; arrays (rows, blocks), NaN and count 0 where there is no sample.

    Attributes:
        usual_high: what nine tenths of the life's blocks before the window stay below, shape (rows,); NaN where too
            little is known of them; None where nothing is known of any row.
    """

    p10: Floats
    p50: Floats
    p90: Floats
    count: Floats
    usual_high: Floats | None = None

    @property
    def exists(self) -> Bools:
        """Which rows have any sample of the series, shape (rows,)."""
        return np.asarray(np.isfinite(self.p50).any(axis=1))

    def rows(self, which: Indices | Bools | slice) -> BandRows:
        """Some of the rows; those of a slice are not copied."""
        high = None if self.usual_high is None else self.usual_high[which]
        return BandRows(self.p10[which], self.p50[which], self.p90[which], self.count[which], high)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One row per life (or moment of a life), all seen through windows of one length on blocks of one length.

    Attributes:
        ages: seconds from the life's start to the first block's start, shape (rows,); negative where the window began
            before the life. Blocks that began before the life are not its own, whatever they hold.
        live_heap, resident, working_set: None where no row has the series.
        load: per second, shape (rows, series, blocks).
        latency: milliseconds, shape (rows, blocks).
        expected_samples: samples that a complete block holds, shape (rows,).
        limits, runtime_limits: bytes, shape (rows,); NaN where there is none.
        kept_bounds, slow_bounds: milliseconds, shape (rows,); see `blocks.LifeBlocks`; NaN where buckets are not known;
            None where no row has them.
        slow_fraction: see `blocks.LifeBlocks`, shape (rows, blocks); None where no row has it.
    """

    window_seconds: int
    block_seconds: int
    ages: Floats
    live_heap: BandRows | None
    resident: BandRows | None
    working_set: BandRows | None
    load: Floats
    latency: Floats
    expected_samples: Floats
    limits: Floats
    runtime_limits: Floats
    kept_bounds: Floats | None = None
    slow_bounds: Floats | None = None
    slow_fraction: Floats | None = None

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self.ages)

    @property
    def blocks(self) -> int:
        """How many blocks a row has."""
        return int(self.latency.shape[1])

    def rows(self, which: Indices | Bools | slice) -> Batch:
        """The same window for some of the rows; those of a slice are not copied."""
        return Batch(
            window_seconds=self.window_seconds,
            block_seconds=self.block_seconds,
            ages=self.ages[which],
            live_heap=self.live_heap and self.live_heap.rows(which),
            resident=self.resident and self.resident.rows(which),
            working_set=self.working_set and self.working_set.rows(which),
            load=self.load[which],
            latency=self.latency[which],
            expected_samples=self.expected_samples[which],
            limits=self.limits[which],
            runtime_limits=self.runtime_limits[which],
            kept_bounds=None if self.kept_bounds is None else self.kept_bounds[which],
            slow_bounds=None if self.slow_bounds is None else self.slow_bounds[which],
            slow_fraction=None if self.slow_fraction is None else self.slow_fraction[which],
        )


def batch_of(
    lives: Sequence[LifeBlocks], window_seconds: int, earlier: Sequence[LifeBlocks | None] | None = None
) -> Batch:
    """The lives of one window, one row each, in their order.

    Args:
        lives: on one grid of blocks.
        window_seconds: length of the window.
        earlier: what is known of the same lives from a longer time, on any blocks; only blocks that ended before the
            window count.

    Raises:
        ValueError: when there is no life, or when they are not on one grid of blocks.
    """
    if not lives:
        raise ValueError("lives is empty: a batch has at least one row")
    first = lives[0]
    grids = {(blocks.block_seconds, int(blocks.starts[0]), len(blocks.starts)) for blocks in lives}
    if len(grids) > 1:
        raise ValueError(f"lives are on {len(grids)} different grids of blocks: reduce them on one")
    return Batch(
        window_seconds=window_seconds,
        block_seconds=first.block_seconds,
        ages=np.array([float(blocks.starts[0]) - blocks.life.started_at for blocks in lives]),
        live_heap=_stacked([blocks.live_heap for blocks in lives], _usual_highs(lives, earlier, "live_heap")),
        resident=_stacked([blocks.resident for blocks in lives], _usual_highs(lives, earlier, "resident")),
        working_set=_stacked([blocks.working_set for blocks in lives]),
        load=_loads(lives),
        latency=np.stack([blocks.latency_milliseconds for blocks in lives]),
        expected_samples=np.array([blocks.expected_samples for blocks in lives]),
        limits=_figures(blocks.life.limit_bytes or None for blocks in lives),  # 0 in a template is no limit
        runtime_limits=_figures(blocks.life.runtime_limit_bytes or None for blocks in lives),
        kept_bounds=_figures(blocks.kept_bound_milliseconds for blocks in lives),
        slow_bounds=_figures(blocks.slow_bound_milliseconds for blocks in lives),
        slow_fraction=_slow_fractions(lives),
    )


FEWEST_EARLIER_BLOCKS = 4
"""Of a longer window; fewer say nothing of what is usual."""
USUAL_QUANTILE = 0.9


def _usual_highs(
    lives: Sequence[LifeBlocks], earlier: Sequence[LifeBlocks | None] | None, series: Literal["live_heap", "resident"]
) -> Floats | None:
    """See `BandRows.usual_high`."""
    if earlier is None:
        return None
    highs = np.full(len(lives), np.nan)
    for row, (blocks, longer) in enumerate(zip(lives, earlier, strict=True)):
        if longer is None:
            continue
        bands: Bands = getattr(longer, series)
        before = longer.starts + longer.block_seconds <= blocks.starts[0]
        known = bands.p50[before & (longer.starts >= longer.life.started_at) & np.isfinite(bands.p50)]
        if len(known) >= FEWEST_EARLIER_BLOCKS:
            highs[row] = _quantile(known, USUAL_QUANTILE)
    return highs


def _quantile(values: Floats, share: float) -> float:
    """As `numpy.quantile` interpolates, whose call costs ten times as much; it is asked for every life."""
    ordered = np.sort(values)
    rank = share * (len(ordered) - 1)
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (rank - below))


def _stacked(series: Sequence[Bands], usual_high: Floats | None = None) -> BandRows | None:
    if not any(np.isfinite(bands.p50).any() for bands in series):
        return None
    return BandRows(
        p10=np.stack([bands.p10 for bands in series]),
        p50=np.stack([bands.p50 for bands in series]),
        p90=np.stack([bands.p90 for bands in series]),
        count=np.stack([bands.count for bands in series]),
        usual_high=usual_high,
    )


def _loads(lives: Sequence[LifeBlocks]) -> Floats:
    """Rows with fewer load series than others get empty ones."""
    shapes = [blocks.load.reshape(-1, len(blocks.starts)) for blocks in lives]
    loads = np.full((len(lives), max(len(load) for load in shapes), len(lives[0].starts)), np.nan)
    for row, load in enumerate(shapes):
        loads[row, : len(load)] = load
    return loads


def _slow_fractions(lives: Sequence[LifeBlocks]) -> Floats | None:
    """None where no life has one."""
    if all(blocks.slow_fraction is None for blocks in lives):
        return None
    nothing = np.full(len(lives[0].starts), np.nan)
    return np.stack([nothing if blocks.slow_fraction is None else blocks.slow_fraction for blocks in lives])


def _figures(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in values])
