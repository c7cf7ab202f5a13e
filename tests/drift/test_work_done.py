"""A leak per request slows down with the requests; a cache that fills approaches its bound request by request."""

from __future__ import annotations

import numpy as np
import pytest

from memdrift.drift import judge
from memdrift.drift.blocks import Bands, Life, LifeBlocks, Window
from memdrift.drift.policy import DetectionPolicy

BLOCK, BLOCKS, MEBIBYTE = 5, 36, 1024 * 1024
POLICY = DetectionPolicy(minimum_growth_percent=10, minimum_growth_bytes=8 * MEBIBYTE, warm_up_seconds=0)
THROTTLED = np.concatenate([np.full(16, 44.0), np.full(6, 33.0), np.linspace(30, 9, 14)])
"""A peak, an ebb, and a process that gets less and less done."""


def verdict(memory_mebibytes: np.ndarray, load: np.ndarray) -> str:
    starts = np.arange(BLOCKS, dtype=np.int64) * BLOCK + 1_000_000
    noise = np.random.default_rng(3).normal(1, 0.01, BLOCKS)
    middle = memory_mebibytes * noise * MEBIBYTE
    heap = Bands(middle * 0.98, middle, middle * 1.02, np.full(BLOCKS, 5.0))
    life = Life("pod", "uid", "app", float(starts[0]), "r1")
    blocks = LifeBlocks(
        life, BLOCK, starts, heap, heap, heap, load[None, :], np.full(BLOCKS, 50.0), expected_samples=5.0
    )
    window = Window(BLOCK * BLOCKS, BLOCK, float(starts[-1] + BLOCK), (blocks,))
    return str(judge.judge((window,), POLICY)[0].kind)


@pytest.mark.parametrize("load", [THROTTLED, np.full(BLOCKS, 44.0)], ids=["throttled", "steady load"])
def test_a_leak_per_request_is_drift_however_the_load_moves(load: np.ndarray) -> None:
    assert verdict(20 + 0.012 * np.cumsum(load) * BLOCK, load) == "Drifting"


@pytest.mark.parametrize("load", [THROTTLED, np.full(BLOCKS, 44.0)], ids=["throttled", "steady load"])
def test_a_cache_that_fills_request_by_request_is_not(load: np.ndarray) -> None:
    done = np.cumsum(load) * BLOCK
    assert verdict(20 + 40 * (1 - np.exp(-done / 1500)), load) == "Steady"
