"""The pods' total, seen with the live heaps of its containers.

Exists because resident memory of a healthy Go process creeps over a flat heap (LEAK.md): without the heaps, every young
pod's total would look like growth. Adds series only; must not judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from memdrift.drift.blocks import POD_TOTAL, Bands, LifeBlocks
from memdrift.drift.stretch import exists


def with_heap_of_containers(blocks: LifeBlocks, lives: Sequence[LifeBlocks]) -> LifeBlocks:
    """The same blocks; a pod's total without a live heap of its own gets the sum of its containers' live heaps.

    Bands of a sum are taken as the sum of the bands, which is a little too wide. A block counts only where every
    container with a live heap has it.
    """
    if blocks.life.container != POD_TOTAL or exists(blocks.live_heap):
        return blocks
    heaps = [
        other.live_heap
        for other in lives
        if other.life.uid == blocks.life.uid
        and other.life.container != POD_TOTAL
        and exists(other.live_heap)
        and np.array_equal(other.starts, blocks.starts)
    ]
    if not heaps:
        return blocks
    summed = Bands(
        p10=np.sum([heap.p10 for heap in heaps], axis=0),
        p50=np.sum([heap.p50 for heap in heaps], axis=0),
        p90=np.sum([heap.p90 for heap in heaps], axis=0),
        count=np.min([heap.count for heap in heaps], axis=0),
    )
    return replace(blocks, live_heap=summed)
