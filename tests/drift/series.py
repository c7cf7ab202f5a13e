"""Builders of synthetic lives: what a sampler would hand to the detector, generated, seeded, in MiB and blocks.

Ours alone: no recorded data. Shapes return one value per block; `life` wraps them into `LifeBlocks`.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.blocks import Bands, Floats, Life, LifeBlocks, Window
from memdrift.drift.policy import DetectionPolicy

MIB = 1024.0**2
HOUR = 3600
EPOCH = 1_700_000_000 // 86400 * 86400
"""A whole day, so that every grid used here is aligned."""
POLICY = DetectionPolicy()


def noise(blocks: int, spread: float, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(0.0, spread, blocks)


def flat(blocks: int, level: float) -> Floats:
    return np.full(blocks, float(level))


def line(blocks: int, start: float, growth: float) -> Floats:
    return start + growth * np.linspace(0.0, 1.0, blocks)


def ramp_from(blocks: int, start: float, growth: float, onset: float) -> Floats:
    """Flat until the onset (a share of the window), then a line that grows by `growth` until the end."""
    share = np.linspace(0.0, 1.0, blocks)
    return start + growth * np.maximum(share - onset, 0.0) / (1.0 - onset)


def step(blocks: int, start: float, growth: float, at: float) -> Floats:
    return np.where(np.arange(blocks) < at * blocks, start, start + growth)


def staircase(blocks: int, start: float, growth: float, stairs: int) -> Floats:
    return start + growth * np.floor(np.linspace(0.0, stairs, blocks, endpoint=False)) / (stairs - 1)


def sawtooth(blocks: int, start: float, height: float, period: int) -> Floats:
    return start + height * (np.arange(blocks) % period) / period


def saturating(blocks: int, start: float, growth: float, time_constant: float) -> Floats:
    """An exponential approach; the time constant is a share of the window."""
    return start + growth * (1 - np.exp(-np.linspace(0.0, 1.0, blocks) / time_constant))


def plateau(blocks: int, start: float, growth: float, until: float) -> Floats:
    return start + growth * np.minimum(np.linspace(0.0, 1.0, blocks) / until, 1.0)


def bands(middle: Floats, spread: float = 0.5, count: float = 10.0) -> Bands:
    """Bands around a middle, in MiB; a NaN is a block without samples."""
    there = np.isfinite(middle)
    return Bands(
        p10=(middle - spread) * MIB,
        p50=middle * MIB,
        p90=(middle + spread) * MIB,
        count=np.where(there, count, 0.0),
    )


def life(
    *,
    live_heap: Floats | None = None,
    resident: Floats | None = None,
    working_set: Floats | None = None,
    load: Floats | None = None,
    latency: Floats | None = None,
    bursts: Floats | float = 0.0,
    block_seconds: int = 450,
    pod: str = "store-0",
    container: str = "store",
    started_at: float | None = None,
    ends_at: int = EPOCH,
    limit: float | None = None,
    runtime_limit: float | None = None,
) -> LifeBlocks:
    """A life whose last block ends at `ends_at`, born a day before the window unless told; load 40/s unless told.

    Memory and limits in MiB; `load` of size 0 means that no load series exists. Bursts of resident memory last for
    more than half of a block, and leave its lowest tenth as it is.
    """
    given = [series for series in (live_heap, resident, working_set, load, latency) if series is not None]
    blocks = max(series.shape[-1] for series in given if series.size)
    starts = np.arange(ends_at - blocks * block_seconds, ends_at, block_seconds, dtype=np.int64)
    return LifeBlocks(
        life=Life(
            pod=pod,
            uid=f"uid-{pod}",
            container=container,
            started_at=float(starts[0]) - 86400.0 if started_at is None else started_at,
            revision="r1",
            limit_bytes=None if limit is None else int(limit * MIB),
            runtime_limit_bytes=None if runtime_limit is None else int(runtime_limit * MIB),
        ),
        block_seconds=block_seconds,
        starts=starts,
        live_heap=Bands.missing(blocks) if live_heap is None else bands(live_heap),
        resident=Bands.missing(blocks) if resident is None else _bursting(bands(resident), bursts),
        working_set=Bands.missing(blocks) if working_set is None else bands(working_set),
        load=(flat(blocks, 40.0) if load is None else load).reshape(-1, blocks),
        latency_milliseconds=np.full(blocks, np.nan) if latency is None else latency,
        expected_samples=10.0,
    )


def _bursting(steady: Bands, bursts: Floats | float) -> Bands:
    return Bands(p10=steady.p10, p50=steady.p50 + bursts * MIB, p90=steady.p90 + bursts * MIB, count=steady.count)


def window(*lives: LifeBlocks, latency_scope_is_store: bool = False) -> Window:
    first = lives[0]
    return Window(
        seconds=len(first.starts) * first.block_seconds,
        block_seconds=first.block_seconds,
        ended_at=float(first.starts[-1] + first.block_seconds),
        lives=lives,
        latency_scope_is_store=latency_scope_is_store,
    )
