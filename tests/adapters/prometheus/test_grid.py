"""Blocks lie on one grid, whoever asks and whenever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memdrift.adapters.prometheus.grid import Grid, block_seconds


@pytest.mark.parametrize(
    ("window", "interval", "expected"),
    [
        (6 * 3600, 15, 450),
        (24 * 3600, 15, 1800),
        (72 * 3600, 60, 5400),
        (6 * 3600, 60, 480),
        (120, 1, 5),
        (120, 2, 6),
        (120, 5, 10),
        (600, 5, 25),
        (600, 30, 60),
        (7 * 86400, 60, 3600),
    ],
)
def test_a_block_is_a_48th_of_the_window_with_five_samples_where_it_can_be(
    window: int, interval: int, expected: int
) -> None:
    assert block_seconds(window, interval) == expected


@given(window=st.integers(120, 7 * 86400), interval=st.integers(1, 600))
def test_a_block_holds_whole_scrapes_at_least_two(window: int, interval: int) -> None:
    length = block_seconds(window, interval)
    assert length % interval == 0
    assert length >= max(5, 2 * interval, min(window // 48, 3600))


@given(
    now=st.floats(1e9, 2e9), window=st.integers(120, 7 * 86400), length=st.integers(5, 9000), delay=st.integers(0, 99)
)
def test_only_complete_blocks_are_asked_for(now: float, window: int, length: int, delay: int) -> None:
    grid = Grid.before(now, window, length, delay)
    assert grid.last_end <= now - delay < grid.last_end + length
    assert grid.last_end % length == grid.first_end % length == 0
    reach = 86400 if window == 7 * 86400 else 0  # a week looks a day further back, at the same hours
    assert len(grid.starts) == grid.count == max(1, (window + reach) // length)
    assert grid.index(grid.last_end) == grid.count - 1
    assert grid.index(grid.last_end + length) is None
    assert grid.index(grid.last_end + 1) is None
