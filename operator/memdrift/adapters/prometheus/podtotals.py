"""A pod's total, made of its containers' lives.

Exists because a pod is evicted as a whole, whichever of its containers grows. Adds up only; must not send anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from memdrift.adapters.prometheus import reduction
from memdrift.drift.blocks import POD_TOTAL, Bands, Life, LifeBlocks


def total_of(lives: Sequence[LifeBlocks]) -> LifeBlocks:
    """The pod as a whole: it is as old as its youngest container, for a restart changes the sum.

    Bands are summed, which makes the outer ones wider than the sum's own. Live heaps of several containers are not
    summed: they are not all Go.
    """
    if len(lives) == 1:
        return _alone(lives[0])
    youngest = max(lives, key=lambda each: each.life.started_at)
    life = replace(
        youngest.life,
        container=POD_TOTAL,
        limit_bytes=_sum(each.life.limit_bytes for each in lives),
        runtime_limit_bytes=None,
        requested_bytes=_sum(each.life.requested_bytes for each in lives),
        killed_for_memory_at=max((each.life.killed_for_memory_at or 0.0 for each in lives), default=0.0) or None,
        first_limit_bytes=_sum(each.life.first_limit_bytes for each in lives),
    )
    return replace(
        youngest,
        life=life,
        live_heap=Bands.missing(len(youngest.starts)),
        resident=_summed([each.resident for each in lives]),
        working_set=_summed([each.working_set for each in lives]),
    )


def _alone(blocks: LifeBlocks) -> LifeBlocks:
    """The total of a pod whose only container this is; field by field, for a fleet has many and `replace` is slow."""
    own = blocks.life
    life = Life(
        own.pod,
        own.uid,
        POD_TOTAL,
        own.started_at,
        own.revision,
        own.zone,
        own.limit_bytes,
        own.runtime_limit_bytes,
        own.requested_bytes,
        own.killed_for_memory_at,
        own.first_limit_bytes,
    )
    return LifeBlocks(
        life,
        blocks.block_seconds,
        blocks.starts,
        blocks.live_heap,
        blocks.resident,
        blocks.working_set,
        blocks.load,
        blocks.latency_milliseconds,
        blocks.expected_samples,
        blocks.kept_bound_milliseconds,
        blocks.slow_bound_milliseconds,
        blocks.slow_fraction,
    )


def _sum(figures: Iterable[int | None]) -> int | None:
    total = 0
    for figure in figures:
        if figure is None:
            return None
        total += figure
    return total


def _summed(bands: list[Bands]) -> Bands:
    """The sums where every container is known; the count of the container that was sampled least."""
    p10, p50, p90 = (
        sum((getattr(band, name) for band in bands[1:]), getattr(bands[0], name)) for name in reduction.BANDS
    )
    return Bands(p10, p50, p90, np.min([band.count for band in bands], axis=0))
