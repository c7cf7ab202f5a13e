"""A store's past as long lives on blocks, without a metrics source."""

from __future__ import annotations

import numpy as np

from memdrift.drift.blocks import Bands, Life, LifeBlocks

HOUR, DAY, MIB = 3600, 86_400, 2.0**20
BEGIN = 1_699_920_000
WINDOWS = {6 * HOUR: 480, 24 * HOUR: 1800}
"""Length of a block by window."""


def life(
    pod: str,
    first_hour: float,
    last_hour: float,
    *,
    leak_mebibytes_per_hour: float = 0.0,
    slow_above_mebibytes: float = 150.0,
    block_seconds: int = 480,
    container: str = "app",
    seed: int = 1,
    daily_load: float = 1.0,
) -> LifeBlocks:
    """One life; its latency rises with memory above a bound."""
    chance = np.random.default_rng([seed, block_seconds])
    born, gone = BEGIN + first_hour * HOUR, BEGIN + last_hour * HOUR
    first, last = -(-int(born) // block_seconds), int(gone) // block_seconds
    starts = block_seconds * np.arange(first, last, dtype=np.int64)
    ages = (starts - born) / HOUR
    memory = (100 + leak_mebibytes_per_hour * ages) * MIB * (1 + chance.normal(0, 0.004, starts.size))
    count = np.full(starts.size, block_seconds / 30)
    heap = Bands(memory * 0.99, memory, memory * 1.01, count)
    resident = Bands(memory * 1.4, memory * 1.41, memory * 1.42, count)
    latency = 60 + np.maximum(memory / MIB - slow_above_mebibytes, 0) * 3 + chance.normal(0, 1, starts.size)
    load = 40 + daily_load * np.sin(2 * np.pi * starts / DAY) + chance.normal(0, 3, starts.size)
    return LifeBlocks(
        life=Life(pod, pod, container, float(born), "r1"),
        block_seconds=block_seconds,
        starts=starts,
        live_heap=heap,
        resident=resident,
        working_set=resident,
        load=load[None, :],
        latency_milliseconds=latency,
        expected_samples=block_seconds / 30,
    )


def histories(*lives: tuple[str, float, float, float]) -> dict[int, list[LifeBlocks]]:
    """Lives given as pod, first hour, last hour and MiB per hour, on the blocks of every window."""
    return {
        window: [
            life(pod, first, last, leak_mebibytes_per_hour=leak, block_seconds=length, seed=number)
            for number, (pod, first, last, leak) in enumerate(lives)
        ]
        for window, length in WINDOWS.items()
    }
