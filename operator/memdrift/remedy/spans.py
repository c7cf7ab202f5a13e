"""How much the judged memory grew between two profiles.

Exists because evidence is relevant only if it explains what the metric saw over the same span. Must not judge.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memdrift.drift.blocks import LifeBlocks, Window


def metric_growth_bytes(
    windows: Sequence[Window],
    uid: str,
    container: str,
    from_age_seconds: float,
    until: float,
    *,
    resident: bool = False,
) -> float | None:
    """Growth of a pod's memory from an age of its life to a moment, as far as the blocks reach back; None without two.

    Where the windows begin after that age, growth before them is missing: use what was measured at that age, if it was.

    `from_age_seconds` is the age of the pod at which the earlier profile was taken (of this pod or of a young peer),
    `until` the epoch seconds of the later profile. `resident` where memory grows outside the heap: a flat heap explains
    nothing of that.
    """
    candidates = [
        growth
        for window in windows
        for blocks in window.lives
        if blocks.life.uid == uid and blocks.life.container == container
        if (growth := _growth(blocks, blocks.life.started_at + from_age_seconds, until, resident=resident)) is not None
    ]
    return max(candidates, default=None)


def live_heap_bytes(windows: Sequence[Window], uid: str, container: str, at: float) -> float | None:
    """The live heap of a life in its youngest block up to a moment; None where it has no such block."""
    for window in sorted(windows, key=lambda each: each.block_seconds):
        for blocks in window.lives:
            if blocks.life.uid == uid and blocks.life.container == container:
                values = blocks.live_heap.p50[(blocks.starts <= at) & np.isfinite(blocks.live_heap.p50)]
                if values.size:
                    return float(values[-1])
    return None


def _growth(blocks: LifeBlocks, since: float, until: float, *, resident: bool) -> float | None:
    heap = blocks.live_heap.p50
    series = blocks.resident.p50 if resident or not np.isfinite(heap).any() else heap
    ends = blocks.starts + blocks.block_seconds
    inside = np.isfinite(series) & (ends > since) & (blocks.starts <= until)
    if inside.sum() < 2:
        return None
    values = series[inside]
    return float(values[-1] - values[0])
