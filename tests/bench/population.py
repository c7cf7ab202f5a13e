"""Raw samples of many containers, generated: random walks, ramps, sawteeth and mixtures of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memdrift.drift.batch import BandRows, Batch
from memdrift.drift.blocks import Floats
from memdrift.drift.statistics import summed

MIB = 1024.0**2
KINDS = ("flat", "random walk", "ramp", "sawtooth", "sawtooth on a ramp", "sawtooth on a random walk")


@dataclass(frozen=True, eq=False, repr=False)
class Samples:
    """What one window holds of every container; arrays of shape (rows, samples), one sample a minute."""

    memory: Floats
    load: Floats
    latency: Floats

    @property
    def rows(self) -> int:
        return len(self.memory)


def samples(rows: int, count: int, kinds: tuple[str, ...] = KINDS, seed: int = 20) -> Samples:
    """Containers of the kinds in turn, around 200 MiB, under a load with a day in it."""
    random = np.random.default_rng(seed)
    share = np.linspace(0, 1, count)
    walk = np.cumsum(random.normal(0, 1, (rows, count)), axis=1) / np.sqrt(count)
    ramp = random.uniform(0.05, 0.6, (rows, 1)) * share
    teeth = 0.3 * ((np.arange(count) + random.integers(0, 60, (rows, 1))) % random.integers(7, 60, (rows, 1))) / 60
    shapes = {
        "flat": np.zeros((rows, count)),
        "random walk": 0.2 * walk,
        "ramp": ramp,
        "sawtooth": teeth,
        "sawtooth on a ramp": teeth + ramp,
        "sawtooth on a random walk": teeth + 0.2 * walk,
    }
    memory = np.empty((rows, count))
    for number, kind in enumerate(kinds):
        memory[number :: len(kinds)] = shapes[kind][number :: len(kinds)]
    memory = 200 * MIB * (1 + memory + random.normal(0, 0.01, memory.shape))
    load = 40 + 8 * np.sin(2 * np.pi * share) + random.normal(0, 2, memory.shape)
    latency = random.uniform(20, 250, (rows, 1)) * (1 + 0.3 * share) * np.exp(random.normal(0, 0.2, memory.shape))
    return Samples(memory, load, latency)


def reduced(given: Samples, window_seconds: int, block_seconds: int, interval_seconds: int = 60) -> Batch:
    """The samples as blocks: 10th, 50th and 90th percentile of memory, mean of load, median of latency."""
    rows, per_block = given.rows, block_seconds // interval_seconds
    blocks = given.memory.shape[1] // per_block
    low, middle, high, load, latency = (np.empty((rows, blocks)) for _ in range(5))
    for first in range(0, rows, _ROWS_AT_ONCE):
        some = slice(first, first + _ROWS_AT_ONCE)

        def shaped(values: Floats, some: slice = some) -> Floats:
            return values[some, : blocks * per_block].reshape(-1, blocks, per_block)

        ranked = np.sort(shaped(given.memory), axis=2)
        for band, share in ((low, 0.1), (middle, 0.5), (high, 0.9)):
            band[some] = _quantile(ranked, share)
        load[some] = summed(shaped(given.load)) / per_block
        latency[some] = _quantile(np.sort(shaped(given.latency), axis=2), 0.5)
    absent = np.full(rows, np.nan)
    return Batch(
        window_seconds=window_seconds,
        block_seconds=block_seconds,
        ages=np.full(rows, 10 * 86_400.0),
        live_heap=None,
        resident=BandRows(low, middle, high, count=np.full((rows, blocks), float(per_block))),
        working_set=None,
        load=load[:, None, :],
        latency=latency,
        expected_samples=np.full(rows, float(per_block)),
        limits=absent,
        runtime_limits=absent,
    )


_ROWS_AT_ONCE = 50
"""Whose samples stay in the processor's cache from sorting to quantiles."""


def _quantile(ranked: Floats, share: float) -> Floats:
    """Interpolated between neighbours in rank, as `quantile_over_time` does."""
    rank = share * (ranked.shape[2] - 1)
    below = int(rank)
    above = min(below + 1, ranked.shape[2] - 1)
    return np.asarray(ranked[:, :, below] + (ranked[:, :, above] - ranked[:, :, below]) * (rank - below))
