"""Every moment at which a window would have been judged, as rows of batches.

Exists because judging a month block by block costs little when all its moments are one array. A moment is a row whose
youngest block is one of the history's blocks; the first rows see the youth of the life only. Must not judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memdrift.drift.batch import FEWEST_EARLIER_BLOCKS, USUAL_QUANTILE, BandRows, Batch, Indices
from memdrift.drift.blocks import Bands, Floats, LifeBlocks

ROWS_AT_ONCE = 8_192
"""Rows of one batch: three megabytes an array, so that what the gates compute of them stays in tens of megabytes."""
BLOCKS_PER_WINDOW = 48
"""Of the longest window, whose blocks tell what is usual."""
_MEMORIES = ("live_heap", "resident", "working_set")


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Rows to judge and whose they are.

    Attributes:
        owners: which history a row belongs to, shape (rows,).
        positions: which of its owner's blocks is the youngest of the row, shape (rows,).
    """

    batch: Batch
    owners: Indices
    positions: Indices


def moments_of(
    histories: Sequence[LifeBlocks],
    window_seconds: int,
    longest_window_seconds: int = 0,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Iterator[Moments]:
    """All moments of all histories, a batch of rows at a time, but for those without a single memory sample.

    A moment without any sample can only be `Unknown`, so it is not worth a row. Histories may differ in length and
    birth, not in the length of their blocks.

    Args:
        histories: one or more lives.
        window_seconds: length of the window.
        longest_window_seconds: of all windows side by side; how far back the life's usual range is known.
        rows_at_once: of one batch.

    Raises:
        ValueError: the histories have blocks of different lengths.
    """
    if len({history.block_seconds for history in histories}) > 1:
        raise ValueError("histories have blocks of different lengths: judge each length by itself")
    if not any(len(history.starts) for history in histories):
        return
    strip = _Strip(histories, max(window_seconds // histories[0].block_seconds, 1), longest_window_seconds)
    worth = np.flatnonzero(strip.samples() > 0)
    for begin in range(0, len(worth), rows_at_once):
        kept = worth[begin : begin + rows_at_once]
        yield Moments(strip.batch(kept, window_seconds), strip.owners[kept], strip.positions[kept])


class _Strip:
    """Histories laid end to end, each behind as many empty blocks as a window may reach back before its first one.

    Attributes:
        width: blocks per window.
        owners, positions: of every moment, in order of history and time.
    """

    def __init__(self, histories: Sequence[LifeBlocks], width: int, longest_window_seconds: int) -> None:
        self.width = width
        self._before = _earlier_blocks(width, longest_window_seconds, histories[0].block_seconds)
        self._histories = histories
        lengths = np.array([len(history.starts) for history in histories])
        self.owners = np.repeat(np.arange(len(histories)), lengths)
        self.positions = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        padded = lengths + width - 1
        self._firsts = (np.cumsum(padded) - padded)[self.owners] + self.positions
        self._begins = np.repeat(np.cumsum(padded) - padded, padded)
        self._memories = {name: self._bands([getattr(each, name) for each in histories]) for name in _MEMORIES}
        self._latency = self._flat([history.latency_milliseconds for history in histories])
        self._loads = [
            self._flat([_load(history, series) for history in histories])
            for series in range(max(len(history.load) for history in histories))
        ]

    def samples(self) -> Floats:
        """How many memory samples the window of each moment holds."""
        total = np.zeros(len(self._latency) - self.width + 1)
        for bands in self._memories.values():
            if bands is not None:
                total += self._windows(bands.count).sum(axis=1)
        return np.asarray(total[self._firsts])

    def batch(self, moments: Indices, window_seconds: int) -> Batch:
        """The rows of some moments."""
        firsts, owners = self._firsts[moments], self.owners[moments]
        block_seconds = self._histories[0].block_seconds
        reach_seconds = block_seconds * (self.positions[moments] - (self.width - 1))
        lives = [history.life for history in self._histories]
        ages = [float(each.starts[0]) - each.life.started_at if len(each.starts) else 0.0 for each in self._histories]
        loads = [self._windows(load)[firsts] for load in self._loads]
        return Batch(
            window_seconds=window_seconds,
            block_seconds=block_seconds,
            ages=np.array(ages)[owners] + reach_seconds,
            live_heap=self._rows("live_heap", firsts),
            resident=self._rows("resident", firsts),
            working_set=self._rows("working_set", firsts),
            load=np.stack(loads, axis=1) if loads else np.empty((len(firsts), 0, self.width)),
            latency=self._windows(self._latency)[firsts],
            expected_samples=np.array([history.expected_samples for history in self._histories])[owners],
            limits=_figures([life.limit_bytes for life in lives])[owners],
            runtime_limits=_figures([life.runtime_limit_bytes for life in lives])[owners],
        )

    def _rows(self, name: str, firsts: Indices) -> BandRows | None:
        bands = self._memories[name]
        if bands is None:
            return None
        p10, p50, p90, count = (self._windows(band)[firsts] for band in (bands.p10, bands.p50, bands.p90, bands.count))
        return BandRows(p10, p50, p90, count, self._usual_high(bands.p50, firsts))

    def _usual_high(self, middle: Floats, firsts: Indices) -> Floats | None:
        """Of the blocks of the same history before each window, as far apart as those of the longest window."""
        if not len(self._before):
            return None
        where = firsts[:, None] - self._before[None, :]
        own = where >= self._begins[firsts][:, None]
        ordered = np.sort(np.where(own, middle[np.maximum(where, 0)], np.nan), axis=1)
        counts = np.isfinite(ordered).sum(axis=1)
        index = np.maximum(np.ceil(USUAL_QUANTILE * counts).astype(np.intp) - 1, 0)
        return np.where(counts >= FEWEST_EARLIER_BLOCKS, ordered[np.arange(len(firsts)), index], np.nan)

    def _bands(self, bands: Sequence[Bands]) -> Bands | None:
        """One memory of all histories end to end; None where none of them has it."""
        if not any(each.count.any() for each in bands):
            return None
        return Bands(
            p10=self._flat([each.p10 for each in bands]),
            p50=self._flat([each.p50 for each in bands]),
            p90=self._flat([each.p90 for each in bands]),
            count=self._flat([each.count for each in bands], absent=0.0),
        )

    def _flat(self, series: Sequence[Floats], absent: float = np.nan) -> Floats:
        before = np.full(self.width - 1, absent)
        return np.concatenate([part for each in series for part in (before, each)])

    def _windows(self, flat: Floats) -> npt.NDArray[np.float64]:
        """Every window over a flat series, as views: shape (starts, blocks)."""
        return np.lib.stride_tricks.sliding_window_view(flat, self.width)


def _earlier_blocks(width: int, longest_window_seconds: int, block_seconds: int) -> Indices:
    """How many blocks before a window's first one lie the blocks that tell what is usual, nearest first."""
    reach = longest_window_seconds // block_seconds - width
    apart = max(longest_window_seconds // (BLOCKS_PER_WINDOW * block_seconds), 1)
    return np.arange(1, reach + 1, apart, dtype=np.intp)


def _load(history: LifeBlocks, series: int) -> Floats:
    """A load series of a history; an empty one where others have more."""
    return history.load[series] if series < len(history.load) else np.full(len(history.starts), np.nan)


def _figures(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in values])
