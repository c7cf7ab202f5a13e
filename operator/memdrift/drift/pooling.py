"""Many short lives of one container as one life: their memory aligned by the age of the pod.

Exists because with several deploys a day, or an OOM kill every 90 minutes, no life is long enough to be judged alone,
while all of them together show what a life does. Aligns and measures; must not judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memdrift.drift.blocks import Bands, Floats, Life, LifeBlocks, Window
from memdrift.drift.slopes import theil_sen
from memdrift.drift.stretch import exists

FEWEST_BLOCKS = 4
"""Of a life after its warm-up; fewer say nothing of its pace."""
_LONGEST_LIFE_SHARE = 0.5
"""Of the window; what lives longer is judged alone."""
_WARM_UP_SHARE = 1 / 6
"""Of the median life, where the store's warm-up is longer: half an hour of a life of 90 minutes is a third of it."""
_FULL_SHARE = 0.5
_FEWEST_LIVES_AT_AGE = 3
_LEVEL_BLOCKS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The short lives of one container, one row each, by start; columns are ages after the warm-up.

    Attributes:
        ages: seconds from a life's start to the middle of the column, shape (ages,).
        memory: bytes, shape (lives, ages); NaN where a life was not seen at that age.
        load: per second, shape (series, lives, ages).
        slopes: bytes per second of each life, shape (lives,).
        curve: bytes above its first value, the median over lives at each age; NaN at ages of too few lives.
        starts: bytes, where each life's line stands at the first age, shape (lives,).
        on_heap: whether live heap is pooled; resident memory otherwise.
        longest_seconds: the median length of the lives that ended.
    """

    lives: tuple[Life, ...]
    ended: tuple[bool, ...]
    ages: Floats
    memory: Floats
    load: Floats
    slopes: Floats
    curve: Floats
    starts: Floats
    on_heap: bool
    longest_seconds: float
    warm_up_seconds: float

    @property
    def span_seconds(self) -> float:
        """From the first age of the curve to its last."""
        there = np.flatnonzero(np.isfinite(self.curve))
        return float(self.ages[there[-1]] - self.ages[there[0]]) if len(there) else 0.0

    @property
    def amounts(self) -> Floats:
        """Growth of each life over the pool's ages, in bytes, shape (lives,)."""
        return self.slopes * self.span_seconds

    @property
    def falls(self) -> Floats:
        """What is gone when the next life starts, in bytes, one per life that has a successor.

        Growth by the calendar (more data, a busier hour) goes on in the next life; growth by age does not. The
        successor is the pod's own next life, else whatever starts within the length of a life: their median.
        """
        began = np.array([life.started_at for life in self.lives])
        block = self.ages[1] - self.ages[0]
        found = []
        for row, ended in enumerate(self.ended):
            seen = np.flatnonzero(np.isfinite(self.memory[row]))
            over = began[row] + self.ages[seen[-1]]
            next_ones = np.flatnonzero((began >= over - block) & (began <= over + self.longest_seconds))
            own = [one for one in next_ones if self.lives[one].pod == self.lives[row].pod]
            if ended and len(next_ones):
                end = float(np.median(self.memory[row][seen[-_LEVEL_BLOCKS:]]))
                firsts = [_first_level(self.memory[one]) for one in own[:1] or next_ones]
                found.append(end - float(np.median(firsts)))
        return np.array(found)


def pooled(window: Window, container: str, warm_up_seconds: float) -> Pool | None:
    """The container's lives that are too short to be judged alone; None where fewer than two of them can be aligned.

    Past lives of all revisions count, and the living ones. Live heap is pooled where every life has it.

    Args:
        window: with its past lives.
        container: whose lives.
        warm_up_seconds: of the store; a sixth of the median life where that is shorter.
    """
    given = [(blocks, True) for blocks in window.past_lives] + [(blocks, False) for blocks in window.lives]
    own = [(blocks, ended) for blocks, ended in given if blocks.life.container == container and _seen(blocks).any()]
    short = [(blocks, ended) for blocks, ended in own if _length(blocks) <= window.seconds * _LONGEST_LIFE_SHARE]
    lengths = [_length(blocks) for blocks, ended in short if ended]
    if len(short) < 2 or not lengths:
        return None
    short.sort(key=lambda pair: (pair[0].life.started_at, pair[0].life.uid))
    typical = float(np.median(lengths))
    warm_up = min(warm_up_seconds, typical * _WARM_UP_SHARE)
    on_heap = all(exists(blocks.live_heap) for blocks, _ in short)
    return _aligned(short, window.block_seconds, typical, warm_up, on_heap=on_heap)


def _aligned(
    short: Sequence[tuple[LifeBlocks, bool]], block_seconds: int, typical: float, warm_up: float, *, on_heap: bool
) -> Pool | None:
    size = max(int(np.ceil(max(_length(blocks) for blocks, _ in short) / block_seconds)), 2)
    first = int(np.ceil(warm_up / block_seconds))
    series = max(len(blocks.load) for blocks, _ in short)
    memory = np.full((len(short), size + 1), np.nan)
    load = np.full((series, len(short), size + 1), np.nan)
    for row, (blocks, _) in enumerate(short):
        kept = _seen(blocks)
        columns = np.floor((blocks.starts[kept] - blocks.life.started_at) / block_seconds).astype(int)
        memory[row, columns] = _memory(blocks, on_heap=on_heap).p50[kept]
        for one, values in enumerate(blocks.load):
            load[one, row, columns] = values[kept]
    memory, load = memory[:, first:], load[:, :, first:]
    measurable = np.isfinite(memory).sum(axis=1) >= FEWEST_BLOCKS
    if measurable.sum() < 2:
        return None
    memory, load = memory[measurable], load[:, measurable]
    ages = (np.arange(memory.shape[1]) + first + 0.5) * block_seconds
    per_block = theil_sen(memory).middle
    curve, starts = _median_life(memory, per_block)
    return Pool(
        lives=tuple(blocks.life for (blocks, _), kept in zip(short, measurable, strict=True) if kept),
        ended=tuple(ended for (_, ended), kept in zip(short, measurable, strict=True) if kept),
        ages=ages,
        memory=memory,
        load=load,
        slopes=per_block / block_seconds,
        curve=curve,
        starts=starts,
        on_heap=on_heap,
        longest_seconds=typical,
        warm_up_seconds=warm_up,
    )


def _median_life(memory: Floats, per_block: Floats) -> tuple[Floats, Floats]:
    """The curve of the median life, and the level of each life's own line at the first age.

    Lives are moved onto each other by a line of the common slope, so that one that was seen in part does not bend the
    curve where it begins or ends.
    """
    steps = np.arange(memory.shape[1], dtype=np.float64)
    common = float(np.median(per_block))
    levels = np.nanmedian(memory - common * steps[None, :], axis=1)
    moved = memory - levels[:, None]
    counts = np.isfinite(moved).sum(axis=0)
    enough = counts >= max(_FEWEST_LIVES_AT_AGE, len(memory) / 2)
    curve = np.full(memory.shape[1], np.nan)
    if enough.any():
        curve[enough] = np.nanmedian(moved[:, enough], axis=0)
        curve -= curve[enough][0]
    return curve, levels


def _seen(blocks: LifeBlocks) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The life's own blocks that have enough samples of any memory."""
    full = np.maximum(blocks.live_heap.count, blocks.resident.count) >= _FULL_SHARE * blocks.expected_samples
    there = np.isfinite(blocks.live_heap.p50) | np.isfinite(blocks.resident.p50)
    return np.asarray(full & there & (blocks.starts >= blocks.life.started_at))


def _length(blocks: LifeBlocks) -> float:
    """From the life's start to the end of its last block."""
    last = int(np.flatnonzero(_seen(blocks))[-1])
    return float(blocks.starts[last] + blocks.block_seconds - blocks.life.started_at)


def _memory(blocks: LifeBlocks, *, on_heap: bool) -> Bands:
    return blocks.live_heap if on_heap else blocks.resident


def _first_level(memory: Floats) -> float:
    there = memory[np.isfinite(memory)]
    return float(np.median(there[:_LEVEL_BLOCKS]))
