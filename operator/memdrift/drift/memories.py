"""The memories of one life beside each other: which is there, and how far one may rise over the other.

Exists so that what is known of runtimes and their collectors is in one place. Must not judge.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.batch import BandRows, Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.statistics import median

_RESIDENT_PER_LIVE = 2.0
"""At its default pace the Go collector lets the heap reach twice what lives before it collects."""


def either(heap: BandRows | None, resident: BandRows | None, on_heap: Bools) -> BandRows:
    """Live heap in some rows, resident memory in the others."""
    if heap is None or resident is None or on_heap.all():
        found = heap if heap is not None and (resident is None or on_heap.all()) else resident
        if found is None:
            raise ValueError("neither live heap nor resident memory exists")
        return found
    first = on_heap[:, None]
    return BandRows(
        p10=np.where(first, heap.p10, resident.p10),
        p50=np.where(first, heap.p50, resident.p50),
        p90=np.where(first, heap.p90, resident.p90),
        count=np.where(first, heap.count, resident.count),
        usual_high=np.where(on_heap, _highs(heap), _highs(resident)),
    )


def _highs(bands: BandRows) -> Floats:
    return np.full(len(bands.p50), np.nan) if bands.usual_high is None else bands.usual_high


def collector_headroom_bytes(heap: BandRows, resident: BandRows, runtime_limits: Floats) -> Floats:
    """How far resident memory may still rise over this live heap without a native leak.

    A process with a soft limit of its own may be set to collect only near it (GOGC=off with GOMEMLIMIT).
    """
    there = np.isfinite(resident.p10)
    first = resident.p10[np.arange(len(there)), np.argmax(there, axis=1)]
    largest = np.where(np.isfinite(heap.p50), heap.p50, 0.0).max(axis=1)
    allowed = np.fmax(_RESIDENT_PER_LIVE * largest, runtime_limits)
    return np.where(there.any(axis=1), np.maximum(allowed - first, 0.0), 0.0)


def rise_bytes(bands: BandRows) -> Floats:
    """How far the last quarter's median is above the lowest quarter's, shape (rows,); a cheap look before all gates."""
    quarters = [median(part) for part in np.array_split(bands.p50, 4, axis=1)]
    lowest = np.fmin.reduce(quarters)
    return np.asarray(np.nan_to_num(quarters[-1] - lowest))
