"""Rows of a batch against windows cut by hand."""

from __future__ import annotations

import numpy as np
import pytest

from memdrift.backtest.moments import moments_of
from memdrift.backtest.reduction import reduced
from tests.backtest.runs import recording

WINDOW, BLOCK = 3600, 300
WIDTH = WINDOW // BLOCK


def run(samples: int, began_at: float = 0.0, loads: int = 1, **changes):
    chance = np.random.default_rng(samples)
    times = began_at + 60.0 * np.arange(samples)
    memory = np.where(chance.random(samples) < 0.2, np.nan, chance.normal(100, 5, samples))
    load = chance.normal(50, 5, (loads, samples))
    return recording(times, memory, load=load, latency_milliseconds=chance.normal(9, 1, samples), **changes)


RUNS = (run(500), run(40), run(61, began_at=12_345.0, limit_bytes=1000.0), run(200, loads=2, interval_seconds=30.0))
HISTORIES = [reduced(each, BLOCK) for each in RUNS]


def rows():
    for moments in moments_of(HISTORIES, WINDOW, rows_at_once=37):
        for row in range(moments.batch.size):
            yield moments.batch, row, int(moments.owners[row]), int(moments.positions[row])


def padded(series, position):
    """The window that ends with a block; NaN before the first block."""
    return np.concatenate([np.full(WIDTH - 1, np.nan), series])[position : position + WIDTH]


def test_a_row_is_the_window_that_ends_with_its_block():
    for batch, row, owner, position in rows():
        history = HISTORIES[owner]
        for band in ("p10", "p50", "p90"):
            np.testing.assert_array_equal(
                getattr(batch.resident, band)[row], padded(getattr(history.resident, band), position)
            )
        np.testing.assert_array_equal(
            batch.resident.count[row], np.nan_to_num(padded(history.resident.count, position))
        )
        np.testing.assert_array_equal(batch.latency[row], padded(history.latency_milliseconds, position))
        for series, load in enumerate(history.load):
            np.testing.assert_array_equal(batch.load[row, series], padded(load, position))
        assert np.isnan(batch.load[row, len(history.load) :]).all()
        assert batch.expected_samples[row] == history.expected_samples
        assert (batch.window_seconds, batch.block_seconds, batch.blocks) == (WINDOW, BLOCK, WIDTH)


def test_a_row_knows_its_age_and_its_limit():
    for batch, row, owner, position in rows():
        history = HISTORIES[owner]
        begin = history.starts[position] - (WIDTH - 1) * BLOCK
        assert batch.ages[row] == begin - history.life.started_at
        limit = history.life.limit_bytes
        assert np.isnan(batch.limits[row]) if limit is None else batch.limits[row] == limit


def test_every_moment_with_a_sample_is_there_once():
    seen = [(owner, position) for _, _, owner, position in rows()]
    expected = [
        (owner, position)
        for owner, history in enumerate(HISTORIES)
        for position in range(len(history.starts))
        if history.resident.count[max(position - WIDTH + 1, 0) : position + 1].any()
    ]
    assert seen == expected


def test_a_memory_that_nobody_recorded_is_no_array():
    moments = next(moments_of(HISTORIES, WINDOW))
    assert moments.batch.live_heap is None
    assert moments.batch.working_set is None


@pytest.mark.parametrize("histories", [[], [reduced(run(1), BLOCK)]], ids=["none", "shorter than a block"])
def test_nothing_has_no_moments(histories):
    assert list(moments_of(histories, WINDOW)) == []


def test_blocks_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match="different lengths"):
        list(moments_of([reduced(run(100), 300), reduced(run(100), 600)], WINDOW))
