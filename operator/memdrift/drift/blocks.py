"""The detector's input: blocks on one epoch-aligned grid, per life of a container.

Exists so that the sampler (which reduces in the query engine) and the detector (which never sees raw samples) agree on
shapes and units. Holds values only; must not fetch, judge or read a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

POD_TOTAL = "(pod)"
"""The pseudo container that stands for the sum over a pod's containers."""


@dataclass(frozen=True, slots=True)
class Life:
    """One run of one container.

    Attributes:
        started_at: epoch seconds of the container's `startedAt`, from the API server.
        revision: identity of the pod template without memdrift's own annotations.
        limit_bytes: the container's memory limit; None where there is none.
        runtime_limit_bytes: the runtime's own soft limit (`go_gc_gomemlimit_bytes`); None where unknown or unlimited.
        requested_bytes: the container's memory request, which stands in for the limit in floors; None where
            there is none.
        killed_for_memory_at: epoch seconds of an OOM kill of this container that the API server told of: of this life's
            end where it ended, else of the end of the life before it; None where none is known.
        first_limit_bytes: the first limit that is known of this life, where it was raised or lowered meanwhile.
    """

    pod: str
    uid: str
    container: str
    started_at: float
    revision: str
    zone: str = ""
    limit_bytes: int | None = None
    runtime_limit_bytes: int | None = None
    requested_bytes: int | None = None
    killed_for_memory_at: float | None = None
    first_limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Bands:
    """A series reduced per block; every array has shape (blocks,), NaN and 0 where the block has no sample."""

    p10: Floats
    p50: Floats
    p90: Floats
    count: Floats

    @staticmethod
    def missing(blocks: int) -> Bands:
        """Bands of a series that does not exist."""
        nothing = np.full(blocks, np.nan)
        return Bands(nothing, nothing, nothing, np.zeros(blocks))


@dataclass(frozen=True, slots=True)
class LifeBlocks:
    """What was measured of one life in one window.

    Blocks that straddle the life's start, or end before it, are NaN: they mix two lives.

    Attributes:
        block_seconds: length of a block.
        starts: epoch seconds of each block's start, shape (blocks,), ascending, a multiple of block_seconds, no holes.
        live_heap, resident, working_set: bytes.
        load: the load series of this pod, per second, one row per `spec.metrics.load` entry: shape (series, blocks).
        latency_milliseconds: the objective's quantile, shape (blocks,).
        expected_samples: samples a complete block holds (block_seconds / scrape interval).
        kept_bound_milliseconds, slow_bound_milliseconds: the largest real bucket bound that is not above the objective,
            and the smallest that is not below it (infinite where there is none); None where latency does not come from
            a histogram whose buckets are known. The quantile is interpolated inside a bucket: between these two bounds
            it says nothing about the objective, up to the first the objective is kept, above the second it is not.
        slow_fraction: share of the requests that took longer than the second bound, counted and not interpolated,
            shape (blocks,); None where the bounds are not known, or where the objective itself is one.
    """

    life: Life
    block_seconds: int
    starts: npt.NDArray[np.int64]
    live_heap: Bands
    resident: Bands
    working_set: Bands
    load: Floats
    latency_milliseconds: Floats
    expected_samples: float
    kept_bound_milliseconds: float | None = None
    slow_bound_milliseconds: float | None = None
    slow_fraction: Floats | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """All lives of a store in one window.

    Attributes:
        seconds: length of the window.
        ended_at: epoch seconds of the end of the youngest complete block.
        queries: the resolved PromQL, kept with the verdict as evidence.
        lives: containers and the pods' totals (`POD_TOTAL`), living ones only (their pod exists now).
        latency_scope_is_store: latency is one service-level series, copied to every life; claims get weaker.
    """

    seconds: int
    block_seconds: int
    ended_at: float
    lives: tuple[LifeBlocks, ...]
    queries: tuple[str, ...] = ()
    latency_scope_is_store: bool = False
    past_lives: tuple[LifeBlocks, ...] = field(default=())
    """Lives that ended inside the window, for pooling by age and for comparing at the same age."""
