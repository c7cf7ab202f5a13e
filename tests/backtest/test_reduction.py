"""Raw samples against blocks: what numpy does at once is what a loop over every block would do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memdrift.backtest.reduction import quantiles_per_block, reduced
from memdrift.drift.blocks import LifeBlocks
from tests.backtest.runs import recording


def by_hand(run, block_seconds):
    """Every block by itself: (start, p10, p50, p90, count, latency, load)."""
    first = int(run.times[0] // block_seconds)
    last = int((run.times[-1] + run.interval_seconds) // block_seconds)
    for block in range(first, last):
        begin = block * block_seconds
        inside = (run.times >= begin) & (run.times < begin + block_seconds)
        if begin < run.times[0]:
            inside[:] = False
        memory, latency, load = (
            series[inside][np.isfinite(series[inside])]
            for series in (run.resident, run.latency_milliseconds, run.load[0])
        )
        bands = np.quantile(memory, [0.1, 0.5, 0.9]) if len(memory) else [np.nan] * 3
        yield (
            begin, *bands, len(memory),
            np.median(latency) if len(latency) else np.nan,
            load.mean() if len(load) else np.nan,
        )  # fmt: skip


def same(found: LifeBlocks, expected) -> None:
    starts, p10, p50, p90, count, latency, load = np.array(list(expected), dtype=float).reshape(-1, 7).T
    np.testing.assert_array_equal(found.starts, starts)
    np.testing.assert_allclose(found.resident.p10, p10)
    np.testing.assert_allclose(found.resident.p50, p50)
    np.testing.assert_allclose(found.resident.p90, p90)
    np.testing.assert_array_equal(found.resident.count, count)
    np.testing.assert_allclose(found.latency_milliseconds, latency)
    np.testing.assert_allclose(found.load[0], load)


def made(seed: int, samples: int, began_at: float, *, irregular: bool, holed: float):
    chance = np.random.default_rng(seed)
    steps = chance.exponential(60.0, samples) if irregular else np.full(samples, 60.0)
    times = began_at + np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    series = [np.where(chance.random(samples) < holed, np.nan, chance.normal(100.0, 20.0, samples)) for _ in range(3)]
    series[2][0] = 1.0  # a load series without any sample is no series
    return recording(times, series[0], latency_milliseconds=series[1], load=series[2][None])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    samples=st.integers(1, 300),
    began_at=st.floats(0, 1e6),
    irregular=st.booleans(),
    holed=st.sampled_from([0.0, 0.3, 0.95]),
    block_seconds=st.sampled_from([60, 300, 450, 1800]),
)
def test_it_is_what_a_loop_over_blocks_finds(seed, samples, began_at, irregular, holed, block_seconds):
    run = made(seed, samples, began_at, irregular=irregular, holed=holed)
    same(reduced(run, block_seconds), by_hand(run, block_seconds))


def test_a_block_that_straddles_the_birth_is_empty():
    run = recording(np.arange(100.0, 1300.0, 60.0), np.full(20, 5.0))
    blocks = reduced(run, 300)
    assert blocks.starts[0] == 0
    assert blocks.resident.count.tolist() == [0, 5, 5, 5]


def test_a_hole_of_days_is_empty_blocks_and_no_exposure():
    times = np.concatenate([np.arange(0.0, 600.0), 250_000.0 + np.arange(600.0)])
    run = recording(times, np.ones(1200), interval_seconds=1.0, exposure_seconds=1200.0)
    blocks = reduced(run, 300)
    held = blocks.resident.count[blocks.resident.count > 0]
    assert held.tolist() == [300, 300, 200, 300]  # 250,000 s lies 100 s inside a block; the last block is not full
    assert len(blocks.starts) == 835
    assert run.exposure_weeks == pytest.approx(1200 / 604_800)


def test_a_series_that_was_never_recorded_is_missing():
    blocks = reduced(recording(np.arange(0.0, 3600.0, 60.0), np.ones(60)), 300)
    assert np.isnan(blocks.live_heap.p50).all()
    assert blocks.load.shape == (0, 12)
    assert blocks.expected_samples == 5.0


def test_samples_that_are_no_numbers_do_not_count():
    found, count = quantiles_per_block(np.array([1.0, np.inf, np.nan, 3.0]), np.zeros(4, np.intp), 2, (0.5,))
    assert found[0, 0] == 2.0
    assert np.isnan(found[0, 1])
    assert count.tolist() == [2.0, 0.0]


def test_the_objective_is_twice_the_usual_latency_of_the_beginning():
    times = np.arange(0.0, 4000.0, 100.0)
    latency = np.where(times <= 1000.0, 30.0, 500.0)
    assert recording(times, latency_milliseconds=latency).objective == 60.0
    assert recording(times, latency_milliseconds=latency, objective_milliseconds=200.0).objective == 200.0
    assert recording(times).objective is None
