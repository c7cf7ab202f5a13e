"""The pods' total, seen with the live heaps of its containers.

Exists because resident memory of a healthy Go process creeps over a flat heap (LEAK.md): without the heaps, every young
pod's total would look like growth. Adds series only; must not judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from memdrift.drift.blocks import POD_TOTAL, Bands, LifeBlocks
from memdrift.drift.stretch import exists


def with_heaps_of_containers(lives: Sequence[LifeBlocks]) -> list[LifeBlocks]:
    """The same lives; a pod's total without a live heap of its own gets the sum of its containers' live heaps.

    Bands of a sum are taken as the sum of the bands, which is a little too wide. A block counts only where every
    container with a live heap has it.
    """
    if not any(_is_total(each) and not exists(each.live_heap) for each in lives):
        return list(lives)
    heaps: defaultdict[str, list[LifeBlocks]] = defaultdict(list)
    for each in lives:
        if not _is_total(each) and exists(each.live_heap):
            heaps[each.life.uid].append(each)
    return [_with_sum(each, heaps[each.life.uid]) if each.life.uid in heaps else each for each in lives]


def _is_total(blocks: LifeBlocks) -> bool:
    return blocks.life.container == POD_TOTAL


def _with_sum(blocks: LifeBlocks, containers: Sequence[LifeBlocks]) -> LifeBlocks:
    if not _is_total(blocks) or exists(blocks.live_heap):
        return blocks
    heaps = [other.live_heap for other in containers if np.array_equal(other.starts, blocks.starts)]
    if not heaps:
        return blocks
    summed = Bands(
        p10=np.sum([heap.p10 for heap in heaps], axis=0),
        p50=np.sum([heap.p50 for heap in heaps], axis=0),
        p90=np.sum([heap.p90 for heap in heaps], axis=0),
        count=np.min([heap.count for heap in heaps], axis=0),
    )
    return replace(blocks, live_heap=summed)
