"""Remembers reduced blocks, so that a tick fetches the new ones and the youngest two again.

Two are read again because late samples and deduplication may still change them; now and then the whole window is,
because a source that was cut off may fill its gap much later. What a block holds depends on its query and its end
alone, so it makes no difference in how many fetches a window was gathered. Must not send anything.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from memdrift.adapters.prometheus.answers import SeriesKey
from memdrift.adapters.prometheus.grid import Grid
from memdrift.drift.blocks import Floats

REREAD_BLOCKS = 2
WHOLE_AGAIN_BLOCKS = 12
"""After so many new blocks the whole window is asked again."""
FRESH_SHARE = 0.25
"""An answer younger than this share of a block is good enough when no new block is complete."""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What an answer depends on."""

    source: str
    namespace: str
    store: str
    window_seconds: int
    block_seconds: int
    query: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answer for a whole grid.

    Attributes:
        asked_at: monotonic seconds of the question.
        whole_end: end of the youngest block when the whole window was asked last.
    """

    grid: Grid
    arrays: Mapping[SeriesKey, Floats]
    asked_at: float
    whole_end: int

    @property
    def cells(self) -> int:
        """How much it weighs; an empty answer still weighs something."""
        return 1 + len(self.arrays) * self.grid.count


class BlockCache:
    """Least recently used answers, bounded by the number of series times blocks in all of them."""

    def __init__(self, maximum_cells: int) -> None:
        self._maximum_cells = maximum_cells
        self._cells = 0
        self._answers: OrderedDict[CacheKey, Remembered] = OrderedDict()

    def get(self, key: CacheKey) -> Remembered | None:
        """The last answer, or None."""
        if key in self._answers:
            self._answers.move_to_end(key)
        return self._answers.get(key)

    def put(self, key: CacheKey, answer: Remembered) -> None:
        """Keep the answer; older ones go where there is no room."""
        self._remove(key)
        self._answers[key] = answer
        self._cells += answer.cells
        while self._cells > self._maximum_cells and self._answers:
            self._remove(next(iter(self._answers)))

    def forget(self, keys: Iterable[CacheKey]) -> None:
        """Drop answers that turned out to be of no use."""
        for key in keys:
            self._remove(key)

    def forget_source(self, source: str) -> None:
        """Drop everything that came from a source, whose configuration changed."""
        self.forget([key for key in self._answers if key.source == source])

    @property
    def cells(self) -> int:
        """The weight of all answers."""
        return self._cells

    def _remove(self, key: CacheKey) -> None:
        removed = self._answers.pop(key, None)
        self._cells -= removed.cells if removed else 0


def missing_part(known: Remembered | None, grid: Grid, now: float) -> Grid | None:
    """What has to be asked to know the grid: all of it, its young end, or nothing (None)."""
    if known is None or not known.grid.first_end <= grid.first_end <= known.grid.last_end <= grid.last_end:
        return grid
    if grid.last_end - known.whole_end >= WHOLE_AGAIN_BLOCKS * grid.block_seconds:
        return grid
    if known.grid.last_end == grid.last_end and now - known.asked_at < FRESH_SHARE * grid.block_seconds:
        return None
    return grid.since(known.grid.last_end - (REREAD_BLOCKS - 1) * grid.block_seconds)


def joined(
    known: Remembered | None, grid: Grid, part: Grid | None, fetched: Mapping[SeriesKey, Floats]
) -> dict[SeriesKey, Floats]:
    """The arrays over the whole grid: what was fetched over its part, what was known before it."""
    arrays: dict[SeriesKey, Floats] = {}
    fetched_from = grid.count if part is None else grid.count - part.count
    if known is not None and fetched_from > 0:
        shift = (grid.first_end - known.grid.first_end) // grid.block_seconds
        for key, array in known.arrays.items():
            kept = array[shift : shift + fetched_from]
            if np.isfinite(kept).any():
                arrays[key] = np.concatenate([kept, np.full(grid.count - len(kept), np.nan)])
    for key, array in fetched.items():
        whole = arrays.setdefault(key, np.full(grid.count, np.nan))
        whole[fetched_from:] = array
    return arrays
