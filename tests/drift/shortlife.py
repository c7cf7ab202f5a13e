"""Short lives of one container in one window: each restarts from its base, the last one still runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from memdrift.drift.blocks import Bands, Floats, Life, LifeBlocks, Window
from tests.drift.series import EPOCH, HOUR, MIB, flat

Shape = Callable[[Floats], Floats]
"""MiB by the share of a life that has passed, between 0 and 1."""


def short_lives(
    shape: Shape,
    *,
    life_seconds: int = 5400,
    window_seconds: int = 6 * HOUR,
    block_seconds: int = 450,
    pods: int = 1,
    spread: float = 1.0,
    load: Shape | None = None,
    heap: bool = False,
    limit: float | None = None,
    seed: int = 1,
    running_since_seconds: int = 2700,
    revisions: Sequence[str] = ("r1",),
) -> Window:
    """A window whose lives follow each other, the youngest `running_since_seconds` old; blocks that straddle are holes.

    Revisions are given to the lives in turn, the last one to the running life. A pod keeps its name and UID.
    """
    count = window_seconds // block_seconds
    starts = np.arange(EPOCH - count * block_seconds, EPOCH, block_seconds, dtype=np.int64)
    random = np.random.default_rng(seed)
    lives: list[LifeBlocks] = []
    for pod in range(pods):
        began = float(EPOCH - running_since_seconds - pod * block_seconds)
        number = 0
        while began + life_seconds > starts[0]:
            share = (starts + block_seconds / 2 - began) / life_seconds
            own = (starts >= began) & (starts + block_seconds <= began + life_seconds)
            middle = np.where(own, shape(share) + random.normal(0, spread, count), np.nan)
            known = Bands((middle - spread) * MIB, middle * MIB, (middle + spread) * MIB, np.where(own, 10.0, 0.0))
            missing = Bands.missing(count)
            lives.append(
                LifeBlocks(
                    life=Life(
                        pod=f"store-{pod}",
                        uid=f"uid-{pod}",
                        container="store",
                        started_at=began,
                        revision=revisions[-1 - number % len(revisions)],
                        limit_bytes=None if limit is None else int(limit * MIB),
                    ),
                    block_seconds=block_seconds,
                    starts=starts,
                    live_heap=known if heap else missing,
                    resident=missing if heap else known,
                    working_set=missing,
                    load=(flat(count, 40.0) if load is None else np.where(own, load(share), np.nan)).reshape(1, -1),
                    latency_milliseconds=np.full(count, np.nan),
                    expected_samples=10.0,
                )
            )
            began -= life_seconds
            number += 1
    running = [each for each in lives if each.life.started_at + life_seconds > EPOCH]
    past = [each for each in lives if each not in running and np.isfinite(_memory(each)).any()]
    past.sort(key=lambda each: each.life.started_at)
    return Window(window_seconds, block_seconds, float(EPOCH), tuple(running), past_lives=tuple(past))


def _memory(blocks: LifeBlocks) -> Floats:
    return np.fmax(blocks.resident.p50, blocks.live_heap.p50)


def told_of_kills(window: Window, which: Sequence[int]) -> Window:
    """The same window; of these past lives the API server told that they ended by an OOM kill."""
    past = list(window.past_lives)
    for index in which:
        blocks = past[index]
        ended = _last_end(blocks) + 60.0
        past[index] = replace(blocks, life=replace(blocks.life, killed_for_memory_at=ended))
    return replace(window, past_lives=tuple(past))


def _last_end(blocks: LifeBlocks) -> float:
    return float(blocks.starts[np.flatnonzero(np.isfinite(_memory(blocks)))[-1]] + blocks.block_seconds)
