"""A mixed population of lives on one grid: every kind of series, with holes, late births and missing metrics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from memdrift.drift.blocks import Bands, Floats, LifeBlocks
from tests.drift.series import EPOCH, HOUR, life, line, sawtooth, step

BLOCKS = 48


def population(size: int, seed: int = 11) -> list[LifeBlocks]:
    """Lives in one window of 6 h, named by their number."""
    random = np.random.default_rng(seed)
    return [_life(f"pod-{number:04}", random) for number in range(size)]


def _life(name: str, random: np.random.Generator) -> LifeBlocks:
    level = float(10 ** random.uniform(1.0, 3.5))
    heap = level * _shape(random) + random.normal(0, 0.01 * level, BLOCKS)
    load = random.uniform(0, 50) * (1 + random.uniform(-0.5, 1.0) * np.linspace(0, 1, BLOCKS))
    load = np.stack((load + random.normal(0, 1, BLOCKS), random.uniform(0, 5, BLOCKS)))
    latency = random.uniform(20, 300) * np.linspace(1, random.uniform(0.5, 3), BLOCKS) + random.normal(0, 5, BLOCKS)
    resident = heap * random.uniform(1.1, 2.5) + level * random.uniform(-0.1, 0.6) * np.linspace(0, 1, BLOCKS)
    blocks = life(
        pod=name,
        live_heap=heap,
        resident=resident,
        working_set=resident * random.uniform(1.0, 1.5),
        load=load,
        latency=latency,
        limit=level * random.uniform(1, 6) if random.random() < 0.7 else None,
        runtime_limit=level * random.uniform(1, 4) if random.random() < 0.3 else None,
        started_at=EPOCH - HOUR * random.uniform(1, 40),
    )
    return _with_holes(blocks, random)


def _shape(random: np.random.Generator) -> Floats:
    growth = random.uniform(-0.3, 1.0)
    shapes = (
        np.ones(BLOCKS),
        line(BLOCKS, 1, growth),
        1 + growth * np.maximum(np.linspace(-1, 1, BLOCKS), 0),
        step(BLOCKS, 1, growth, random.uniform(0.1, 0.9)),
        sawtooth(BLOCKS, 1, growth, 9) + line(BLOCKS, 0, growth / 2),
        1 + growth * (1 - np.exp(-np.arange(BLOCKS) / random.uniform(3, 40))),
        1 + np.cumsum(random.normal(0, 0.02, BLOCKS)),
    )
    return shapes[random.integers(len(shapes))]


def _with_holes(blocks: LifeBlocks, random: np.random.Generator) -> LifeBlocks:
    """Some lives lack blocks, some a whole metric."""
    share = random.choice([0.0, 0.0, 0.05, 0.3])
    there = random.random(BLOCKS) >= share
    missing = random.random()
    return replace(
        blocks,
        live_heap=Bands.missing(BLOCKS) if missing < 0.2 else _holed(blocks.live_heap, there),
        resident=Bands.missing(BLOCKS) if missing > 0.95 else _holed(blocks.resident, there),
        working_set=Bands.missing(BLOCKS) if missing > 0.9 else _holed(blocks.working_set, there),
        load=np.full((2, BLOCKS), np.nan) if 0.2 < missing < 0.3 else blocks.load,
        latency_milliseconds=np.where(there, blocks.latency_milliseconds, np.nan),
    )


def _holed(bands: Bands, there: np.ndarray) -> Bands:
    return Bands(
        *(np.where(there, band, np.nan) for band in (bands.p10, bands.p50, bands.p90)),
        count=np.where(there, bands.count, 0.0),
    )
