"""Where the growth leads: how fast, and how long until a limit.

Exists because a time to exhaustion without an interval is a false promise. Projects straight lines only; must not
judge.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.blocks import Bands, Floats, LifeBlocks
from memdrift.drift.growth import Growth
from memdrift.drift.statistics import Slope, theil_sen
from memdrift.drift.stretch import FEWEST_BLOCKS
from memdrift.drift.verdict import Interval

LONGEST_SECONDS = 365.0 * 86400
"""A limit further away than a year is not projected: bounds beyond it read as a year."""


def growth_per_hour(growth: Growth) -> Interval:
    """Bytes per hour since the onset, with the 95 % interval of its pairwise slopes."""
    return Interval(*(3600.0 * slope for slope in growth.slope))


def seconds_to_limit(blocks: LifeBlocks, growth: Growth) -> Interval | None:
    """Time to the limit that is reached first; None without a limit, or where nothing grows towards one.

    The kernel's limit is met by resident memory or the working set, the runtime's own by the live heap. Each moves at
    its own pace since the onset.
    """
    life = blocks.life
    pairs = (
        (life.runtime_limit_bytes, blocks.live_heap),
        (life.limit_bytes, blocks.resident),
        (life.limit_bytes, blocks.working_set),
    )
    onset_at = growth.stretch.began_at + growth.stretch.times[0] - blocks.block_seconds
    times = [_until(limit, *_since(blocks, bands, onset_at)) for limit, bands in pairs if limit is not None]
    known = [time for time in times if time is not None]
    return min(known, key=lambda time: time.middle) if known else None


def latest_of(bands: Bands) -> float | None:
    """Median of the youngest measured block, in bytes."""
    finite = bands.p50[np.isfinite(bands.p50)]
    return float(finite[-1]) if len(finite) else None


def _since(blocks: LifeBlocks, bands: Bands, onset_at: float) -> tuple[Floats, Floats]:
    measured = np.isfinite(bands.p50) & (blocks.starts >= onset_at)
    return blocks.starts[measured].astype(np.float64), bands.p50[measured]


def _until(limit_bytes: int, times: Floats, values: Floats) -> Interval | None:
    if len(values) < FEWEST_BLOCKS:
        return None
    slope = theil_sen(times - times[0], values)
    left = float(limit_bytes - values[-1])
    if left <= 0:
        return Interval(0.0, 0.0, 0.0)
    if slope.middle <= 0:
        return None
    return Interval(_time(left, slope.high), _time(left, slope.middle), _time(left, _positive(slope)))


def _time(left: float, slope: float) -> float:
    return min(left / slope, LONGEST_SECONDS) if slope > 0 else LONGEST_SECONDS


def _positive(slope: Slope) -> float:
    return max(slope.low, 0.0)
