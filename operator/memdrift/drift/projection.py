"""Where the growth leads: how long until a limit, how long until the objective.

Exists because a time to exhaustion without an interval is a false promise. Projects straight lines only; must not
judge.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.batch import BandRows, Batch, Indices
from memdrift.drift.blocks import Floats
from memdrift.drift.slopes import theil_sen
from memdrift.drift.statistics import counted, last_index
from memdrift.drift.stretch import FEWEST_BLOCKS

_LARGEST_AGE_SHARE = 1 / 6
"""Of a window, for which a series may be missing at its end and still be projected."""
LONGEST_SECONDS = 365.0 * 86400
"""A limit further away than a year is not projected: bounds beyond it read as a year."""


def seconds_to_limits(batch: Batch, onset_blocks: Indices, which: Indices) -> tuple[Floats, Floats]:
    """Time to the limit that is reached first, shape (3, rows): low, middle, high; NaN where none is in sight.

    The kernel's limit is met by resident memory or the working set, the runtime's own by the live heap. Each moves at
    its own pace since the onset. Told twice: for a gate without the working set, which holds page cache that the kernel
    gives back before it kills; and for a person with it.

    Args:
        batch: the window.
        onset_blocks: the block at which growth began, shape (rows,).
        which: the rows that grow; only they are projected.
    """
    found = np.full((3, batch.size), np.nan)

    def nearer(limits: Floats, bands: BandRows | None) -> None:
        rows = which[np.isfinite(limits[which])]
        if bands is None or not len(rows):
            return
        times = _until(limits[rows], _since(bands, onset_blocks, rows), batch.block_seconds)
        earlier = ~(times[1] >= found[1, rows]) & np.isfinite(times[1])
        found[:, rows[earlier]] = times[:, earlier]

    nearer(batch.runtime_limits, batch.live_heap)
    nearer(batch.limits, batch.resident)
    without_cache = found.copy()
    nearer(batch.limits, batch.working_set)
    return without_cache, found


def seconds_to_objective(latency: Floats, recent: float, objective: float, block_seconds: int) -> Floats | None:
    """Time until one row's latency meets its objective by its own trend: low, middle, high.

    None where it does not rise; zeros where it is above the objective already.

    Args:
        latency: milliseconds per block, NaN where it is not known, shape (blocks,).
        recent: what latency is now, in milliseconds.
        objective: milliseconds.
        block_seconds: length of a block.
    """
    if not np.isfinite(recent):
        return None
    if recent > objective:
        return np.zeros(3)
    if np.isfinite(latency).sum() < FEWEST_BLOCKS:
        return None
    slopes = theil_sen(latency[None, :])
    if slopes.middle[0] <= 0:
        return None
    left = (objective - recent) * block_seconds
    times = [left / bound[0] if bound[0] > 0 else LONGEST_SECONDS for bound in (slopes.high, slopes.middle, slopes.low)]
    return np.minimum(times, LONGEST_SECONDS)


def latest_of(bands: BandRows | None, size: int) -> Floats:
    """Median of the youngest measured block in bytes, shape (rows,); NaN where there is none."""
    if bands is None:
        return np.full(size, np.nan)
    return bands.p50[np.arange(size), last_index(np.isfinite(bands.p50))]


def _since(bands: BandRows, onset_blocks: Indices, rows: Indices) -> Floats:
    values = bands.p50[rows]
    begun = np.arange(values.shape[1])[None, :] >= onset_blocks[rows][:, None]
    return np.where(begun & np.isfinite(values), values, np.nan)


def _until(limits: Floats, values: Floats, block_seconds: int) -> Floats:
    """Seconds until each row's line meets its limit, shape (3, rows)."""
    everyone = np.arange(len(values))
    there = np.isfinite(values)
    left = limits - values[everyone, last_index(there)]
    slopes = theil_sen(values)

    def time(slope: Floats) -> Floats:
        far = np.full(len(values), LONGEST_SECONDS)
        found = np.divide(left * block_seconds, slope, out=far, where=slope > 0)
        return np.asarray(np.minimum(found, LONGEST_SECONDS))

    times = np.stack([time(slopes.high), time(slopes.middle), time(slopes.low)])
    times[:, left <= 0] = 0.0
    stale = values.shape[1] - 1 - last_index(there) > _LARGEST_AGE_SHARE * values.shape[1]
    times[:, (slopes.middle <= 0) | stale | (counted(there) < FEWEST_BLOCKS)] = np.nan
    return times
