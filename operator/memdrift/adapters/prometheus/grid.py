"""The epoch-aligned grid of blocks, so that every evaluation, cache entry and life speaks of the same slices of time.

Must not read a clock: the end of the question is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

BLOCKS_PER_WINDOW = 48
SHORTEST_BLOCK_SECONDS = 5
FEWEST_BLOCKS = 24
"""Below this the trend rests on too few points, so blocks rather hold fewer samples."""
WANTED_SAMPLES = 5
NEEDED_SAMPLES = 2
WEEK_SECONDS = 604_800
WEEK_BLOCK_SECONDS = 3_600
WEEK_REACH_SECONDS = 86_400
"""A week is there to compare a day with the same hours a week before: by the hour, and a day further back."""


def block_seconds(window_seconds: int, scrape_interval_seconds: int) -> int:
    """Length of a block: a 48th of the window, a multiple of the scrape interval, five samples where the window allows.

    A window that is short beside the scrape interval gets blocks of fewer samples, but never fewer than two. A week has
    blocks of an hour.
    """
    share = WEEK_BLOCK_SECONDS if window_seconds >= WEEK_SECONDS else window_seconds // BLOCKS_PER_WINDOW
    wanted = max(SHORTEST_BLOCK_SECONDS, share)
    samples = max(-(-wanted // scrape_interval_seconds), NEEDED_SAMPLES)
    affordable = window_seconds // (FEWEST_BLOCKS * scrape_interval_seconds)
    samples = max(samples, min(WANTED_SAMPLES, affordable))
    return samples * scrape_interval_seconds


@dataclass(frozen=True, slots=True)
class Grid:
    """Consecutive complete blocks.

    Attributes:
        first_end, last_end: epoch seconds of the end of the oldest and of the youngest block, multiples of the length.
    """

    block_seconds: int
    first_end: int
    last_end: int

    @classmethod
    def before(cls, now: float, window_seconds: int, length: int, delay_seconds: int) -> Grid:
        """The blocks of a window whose samples have all arrived at `now`."""
        last_end = int((now - delay_seconds) // length) * length
        reach = WEEK_REACH_SECONDS if window_seconds >= WEEK_SECONDS else 0
        count = max(1, (window_seconds + reach) // length)
        return cls(length, last_end - (count - 1) * length, last_end)

    @property
    def count(self) -> int:
        """How many blocks."""
        return (self.last_end - self.first_end) // self.block_seconds + 1

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """Epoch seconds of each block's start; one array for all who ask, not writeable."""
        return _starts(self)

    def since(self, end: int) -> Grid:
        """The part whose blocks end at or after `end`, at least the youngest block."""
        return Grid(self.block_seconds, min(max(self.first_end, end), self.last_end), self.last_end)

    def index(self, end: float) -> int | None:
        """Position of the block that ends there; None where the grid has no such block."""
        offset = end - self.first_end
        position = round(offset / self.block_seconds)
        fits = abs(offset - position * self.block_seconds) < 0.001 and 0 <= position < self.count
        return position if fits else None


@lru_cache(maxsize=256)
def _starts(grid: Grid) -> npt.NDArray[np.int64]:
    first = grid.first_end - grid.block_seconds
    starts = first + grid.block_seconds * np.arange(grid.count, dtype=np.int64)
    starts.setflags(write=False)
    return starts


@lru_cache(maxsize=64)
def nothing(blocks: int) -> npt.NDArray[np.float64]:
    """A series that does not exist: NaN in every block; one array for all who ask, not writeable."""
    array = np.full(blocks, np.nan)
    array.setflags(write=False)
    return array


@lru_cache(maxsize=64)
def none_counted(blocks: int) -> npt.NDArray[np.float64]:
    """How many samples a series that does not exist has in every block; one array for all who ask, not writeable."""
    array = np.zeros(blocks)
    array.setflags(write=False)
    return array
