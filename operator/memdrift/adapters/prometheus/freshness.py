"""Whether a window's memory figures may be judged at all.

Exists because missing and old data must end in an error with its own word, never in a quiet verdict. Must not send
anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memdrift.adapters.prometheus.answers import Origin
from memdrift.adapters.prometheus.grid import Grid
from memdrift.drift.blocks import POD_TOTAL, LifeBlocks
from memdrift.errors import MetricsUnavailable

STALE = "MetricsStale"
MISSING = "MetricsMissing"
GRACE_SCRAPES = 2
"""A new pod is not seen by the source before it was discovered and scraped."""


def require_fresh(lives: Sequence[LifeBlocks], grid: Grid, scrape_interval_seconds: int, origin: Origin) -> None:
    """Nothing, where some life that must have samples in the youngest block has them, or none is old enough.

    Raises:
        MetricsUnavailable: `MetricsMissing` where no life has any memory figure, `MetricsStale` where the youngest
            block has none.
    """
    youngest_start = grid.last_end - grid.block_seconds
    grace = max(grid.block_seconds, GRACE_SCRAPES * scrape_interval_seconds)
    containers = [each for each in lives if each.life.container != POD_TOTAL]
    expected = [each for each in containers if each.life.started_at <= youngest_start - grace]
    if not expected:
        return
    known = np.any([np.isfinite(each.live_heap.p50) | np.isfinite(each.resident.p50) for each in expected], axis=0)
    if not known.any():
        raise MetricsUnavailable(
            MISSING,
            f"metrics source `{origin.source}` has no memory figures of the {len(expected)} running containers; look "
            "at the label names of the source, at `spec.metrics.memory` and at whether the pods are scraped",
        )
    if not known[-1]:
        age = grid.last_end - int((grid.starts + grid.block_seconds)[known][-1])
        raise MetricsUnavailable(
            STALE,
            f"metrics source `{origin.source}` has had no memory figures of the running containers for {age} s before "
            "the end of the window; look at whether the pods are still scraped",
        )
