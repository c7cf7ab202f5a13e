"""Remembers reduced blocks, so that a tick fetches the new ones and the youngest two again.

Two are read again because late samples and deduplication may still change them; now and then the whole window is,
because a source that was cut off may fill its gap much later. What a block holds depends on its question and its end
alone, so it makes no difference in how many fetches a window was gathered. Must not send anything.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.parts import Part

REREAD_BLOCKS = 2
WHOLE_AGAIN_BLOCKS = 12
"""After so many new blocks the whole window is asked again."""
FRESH_SHARE = 0.5
"""An answer younger than this share of a block is good enough when no new block is complete: between two new blocks,
each of which has the youngest ones read again, they are read again once."""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What an answer depends on.

    Attributes:
        question: what is asked of the source, without whose pods.
        scope: whose pods.
    """

    source: str
    question: Hashable
    scope: Hashable


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answer for a whole grid.

    Attributes:
        asked_at: monotonic seconds of the question.
        whole_end: end of the youngest block when the whole window was asked last.
    """

    part: Part
    asked_at: float
    whole_end: int

    @property
    def grid(self) -> Grid:
        """What it covers."""
        return self.part.grid


class BlockCache:
    """Least recently used answers, bounded by the number of series times blocks in all of them."""

    def __init__(self, maximum_cells: int) -> None:
        self._maximum_cells = maximum_cells
        self._cells = 0
        self._answers: OrderedDict[CacheKey, Remembered] = OrderedDict()

    def get(self, key: CacheKey) -> Remembered | None:
        """The last answer, or None."""
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def put(self, key: CacheKey, answer: Remembered) -> None:
        """Keep the answer; older ones go where there is no room."""
        self._remove(key)
        self._answers[key] = answer
        self._cells += answer.part.cells
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
        self._cells -= removed.part.cells if removed else 0


def missing_part(known: Remembered | None, grid: Grid, now: float, fresh_share: float = FRESH_SHARE) -> Grid | None:
    """What has to be asked to know the grid: all of it, its young end, or nothing (None)."""
    if known is None or not known.grid.first_end <= grid.first_end <= known.grid.last_end <= grid.last_end:
        return grid
    if grid.last_end - known.whole_end >= WHOLE_AGAIN_BLOCKS * grid.block_seconds:
        return grid
    if known.grid.last_end == grid.last_end and now - known.asked_at < fresh_share * grid.block_seconds:
        return None
    return grid.since(known.grid.last_end - (REREAD_BLOCKS - 1) * grid.block_seconds)


def whole_end_of(known: Remembered | None, grid: Grid, asked: Grid, scope: str) -> int:
    """When the whole window was asked last, after this question.

    The first answer counts as older than it is, by a number of blocks that depends on the scope: stores that were
    first asked about together are not asked about wholly together again.
    """
    if known is None:
        share = int.from_bytes(hashlib.blake2b(scope.encode(), digest_size=4).digest())
        return grid.last_end - share % WHOLE_AGAIN_BLOCKS * grid.block_seconds
    return grid.last_end if asked == grid else known.whole_end
