"""The cache changes how often a window is fetched, never what is in it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from memdrift.adapters.prometheus.answers import SeriesKey
from memdrift.adapters.prometheus.cache import BlockCache, CacheKey, Remembered, joined, missing_part
from memdrift.adapters.prometheus.grid import Grid

LENGTH, BLOCKS = 30, 12


def truth(end: int, series: int) -> float:
    """What a block holds depends on its end alone; some blocks have no samples."""
    number = end // LENGTH
    return float("nan") if (number * 7 + series) % 5 == 0 else number * 10.0 + series


def fetched(part: Grid, series: int = 2) -> dict[SeriesKey, np.ndarray]:
    ends = range(part.first_end, part.last_end + 1, part.block_seconds)
    answers = {SeriesKey("", f"p{one}", "", ""): np.array([truth(end, one) for end in ends]) for one in range(series)}
    return {key: array for key, array in answers.items() if np.isfinite(array).any()}


def grid_at(position: int) -> Grid:
    last = (1000 + position) * LENGTH
    return Grid(LENGTH, last - (BLOCKS - 1) * LENGTH, last)


@given(positions=st.lists(st.integers(0, 40), min_size=1, max_size=12), pauses=st.lists(st.floats(0, 60), min_size=12))
def test_splitting_into_fetches_changes_nothing(positions: list[int], pauses: list[float]) -> None:
    known: Remembered | None = None
    now = 0.0
    for position, pause in zip(positions, pauses, strict=False):
        now += pause
        grid = grid_at(position)
        part = missing_part(known, grid, now)
        arrays = joined(known, grid, part, {} if part is None else fetched(part))
        if part is not None:
            whole_end = grid.last_end if part == grid or known is None else known.whole_end
            known = Remembered(grid, arrays, now, whole_end)
        whole = fetched(grid)
        assert set(arrays) == set(whole)
        for key, array in whole.items():
            np.testing.assert_array_equal(arrays[key], array)


def test_only_new_blocks_and_the_youngest_two_are_asked_again() -> None:
    known = Remembered(grid_at(0), {}, asked_at=0.0, whole_end=grid_at(0).last_end)
    part = missing_part(known, grid_at(3), now=90.0)
    assert part is not None
    assert (part.count, part.last_end) == (5, grid_at(3).last_end)


def test_without_a_new_block_a_young_answer_is_good_enough() -> None:
    known = Remembered(grid_at(0), {}, asked_at=0.0, whole_end=grid_at(0).last_end)
    assert missing_part(known, grid_at(0), now=LENGTH / 5) is None
    again = missing_part(known, grid_at(0), now=LENGTH / 2)
    assert again is not None
    assert again.count == 2


def test_now_and_then_everything_is_asked_again() -> None:
    known = Remembered(grid_at(11), {}, asked_at=0.0, whole_end=grid_at(0).last_end)
    assert missing_part(known, grid_at(11), now=60.0) != grid_at(11)
    assert missing_part(known, grid_at(12), now=60.0) == grid_at(12)


def test_a_late_sample_replaces_what_was_known() -> None:
    key = SeriesKey("", "p", "", "")
    known = Remembered(grid_at(0), {key: np.arange(BLOCKS, dtype=float)}, asked_at=0.0, whole_end=grid_at(0).last_end)
    grid = grid_at(1)
    part = missing_part(known, grid, now=30.0)
    arrays = joined(known, grid, part, {key: np.array([-1.0, np.nan, -3.0])})
    np.testing.assert_array_equal(arrays[key], [*range(1, BLOCKS - 2), -1.0, np.nan, -3.0])


def test_a_series_that_ended_before_the_window_is_dropped() -> None:
    key = SeriesKey("", "gone", "", "")
    array = np.full(BLOCKS, np.nan)
    array[0] = 1.0
    known = Remembered(grid_at(0), {key: array}, asked_at=0.0, whole_end=grid_at(0).last_end)
    assert joined(known, grid_at(1), missing_part(known, grid_at(1), 30.0), {}) == {}


@given(sizes=st.lists(st.integers(0, 30), max_size=40))
def test_the_cache_is_bounded(sizes: list[int]) -> None:
    cache = BlockCache(maximum_cells=1000)
    for number, series in enumerate(sizes):
        key = CacheKey("main", "shop", f"store{number}", 360, LENGTH, "q")
        arrays = {SeriesKey("", f"p{one}", "", ""): np.zeros(BLOCKS) for one in range(series)}
        cache.put(key, Remembered(grid_at(0), arrays, 0.0, grid_at(0).last_end))
        assert cache.cells <= 1000
        assert cache.get(key) is not None


def test_a_changed_source_is_forgotten() -> None:
    cache = BlockCache(maximum_cells=1000)
    keys = [CacheKey(source, "shop", "store", 360, LENGTH, "q") for source in ("main", "other")]
    for key in keys:
        cache.put(key, Remembered(grid_at(0), {}, 0.0, grid_at(0).last_end))
    cache.forget_source("main")
    assert [cache.get(key) is None for key in keys] == [True, False]
    assert cache.cells == 1
