"""For how long pods were measured since a moment, and for how much of that under a load.

Exists because time that passed is not time that was seen: only blocks with samples count. Must not judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memdrift.drift.blocks import Floats, LifeBlocks, Window


@dataclass(frozen=True, slots=True)
class MeasuredSeconds:
    """Sums of the lengths of blocks, however many pods were seen in each.

    Attributes:
        in_all: with memory measured.
        loaded: with memory measured and the load reached, in the same pod.
    """

    in_all: int
    loaded: int


def seconds_since(
    window: Window, container: str, uids: frozenset[str], since: float, least_load_per_second: float
) -> MeasuredSeconds:
    """What was measured of these pods' container from an epoch second on; blocks that begin before it do not count."""
    measured: set[int] = set()
    loaded: set[int] = set()
    for each in window.lives:
        if each.life.container != container or each.life.uid not in uids:
            continue
        there = (each.starts >= since) & (np.isfinite(each.live_heap.p50) | np.isfinite(each.resident.p50))
        measured.update(each.starts[there].tolist())
        loaded.update(each.starts[there & (_load(each) >= least_load_per_second)].tolist())
    return MeasuredSeconds(window.block_seconds * len(measured), window.block_seconds * len(loaded))


def _load(blocks: LifeBlocks) -> Floats:
    """The sum of all series that the life has, per block; NaN where one of them is missing, or all are."""
    known = blocks.load[np.isfinite(blocks.load).any(axis=1)]
    return np.asarray(known.sum(axis=0)) if len(known) else np.full(len(blocks.starts), np.nan)
