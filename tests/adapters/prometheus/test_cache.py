"""The cache changes how often a window is fetched, never what is in it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from memdrift.adapters.prometheus.cache import (
    WHOLE_AGAIN_BLOCKS,
    BlockCache,
    CacheKey,
    Remembered,
    missing_part,
    whole_end_of,
)
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.parts import Part, joined

LENGTH, BLOCKS = 30, 12


def truth(end: int, series: int) -> float:
    """What a block holds depends on its end alone; some blocks have no samples."""
    number = end // LENGTH
    return float("nan") if (number * 7 + series) % 5 == 0 else number * 10.0 + series


def fetched(part: Grid, series: int = 2) -> Part:
    ends = range(part.first_end, part.last_end + 1, part.block_seconds)
    answers = {(f"p{one}", "", ""): np.array([truth(end, one) for end in ends]) for one in range(series)}
    return part_of(part, {name: array for name, array in answers.items() if np.isfinite(array).any()})


def part_of(grid: Grid, arrays: dict[tuple[str, str, str], np.ndarray]) -> Part:
    return Part(
        grid, {name: row for row, name in enumerate(arrays)}, np.array([*arrays.values()]).reshape(-1, grid.count)
    )


def remembered(grid: Grid, part: Part | None = None, asked_at: float = 0.0) -> Remembered:
    return Remembered(part or Part.nothing(grid), asked_at, whole_end=grid.last_end)


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
        needed = missing_part(known, grid, now)
        if needed is not None:
            part = joined(known.part if known else None, grid, fetched(needed))
            known = Remembered(part, now, whole_end_of(known, grid, needed, "scope"))
        assert known is not None
        whole = fetched(grid)
        assert known.grid == grid
        assert list(known.part.rows) == list(whole.rows)
        np.testing.assert_array_equal(known.part.values, whole.values)


def test_only_new_blocks_and_the_youngest_two_are_asked_again() -> None:
    known = Remembered(Part.nothing(grid_at(0)), asked_at=0.0, whole_end=grid_at(0).last_end)
    part = missing_part(known, grid_at(3), now=90.0)
    assert part is not None
    assert (part.count, part.last_end) == (5, grid_at(3).last_end)


def test_without_a_new_block_a_young_answer_is_good_enough() -> None:
    known = Remembered(Part.nothing(grid_at(0)), asked_at=0.0, whole_end=grid_at(0).last_end)
    assert missing_part(known, grid_at(0), now=LENGTH / 5) is None
    again = missing_part(known, grid_at(0), now=LENGTH / 2)
    assert again is not None
    assert again.count == 2


def test_now_and_then_everything_is_asked_again() -> None:
    known = Remembered(Part.nothing(grid_at(11)), asked_at=0.0, whole_end=grid_at(0).last_end)
    assert missing_part(known, grid_at(11), now=60.0) != grid_at(11)
    assert missing_part(known, grid_at(12), now=60.0) == grid_at(12)


def test_a_late_sample_replaces_what_was_known() -> None:
    name = ("p", "", "")
    known = remembered(grid_at(0), part_of(grid_at(0), {name: np.arange(BLOCKS, dtype=float)}))
    grid = grid_at(1)
    needed = missing_part(known, grid, now=30.0)
    assert needed is not None
    part = joined(known.part, grid, part_of(needed, {name: np.array([-1.0, np.nan, -3.0])}))
    np.testing.assert_array_equal(part.figures("p"), [*range(1, BLOCKS - 2), -1.0, np.nan, -3.0])


def test_an_answer_without_news_is_the_very_same_object() -> None:
    known = fetched(grid_at(3))
    young = grid_at(3).since(grid_at(2).last_end)
    assert joined(known, grid_at(3), fetched(young)) is known
    assert joined(known, grid_at(3), fetched(grid_at(3))) is known
    assert joined(known, grid_at(4), fetched(grid_at(4).since(grid_at(3).last_end))) is not known


def test_a_series_that_ended_before_the_window_is_dropped() -> None:
    array = np.full(BLOCKS, np.nan)
    array[0] = 1.0
    known = part_of(grid_at(0), {("gone", "", ""): array})
    assert joined(known, grid_at(1), Part.nothing(grid_at(1).since(grid_at(0).last_end))).rows == {}


def test_stores_first_asked_together_are_not_asked_wholly_together_again() -> None:
    def grid(age: int) -> Grid:
        return Grid(LENGTH, age * LENGTH, (age + 47) * LENGTH)

    def due(scope: str) -> int:
        known = Remembered(Part.nothing(grid(0)), 0.0, whole_end_of(None, grid(0), grid(0), scope))
        return next(age for age in range(1, 48) if missing_part(known, grid(age), 0.0) == grid(age))

    ages = [due(f"store-{number}") for number in range(600)]
    shares = [ages.count(age) / 600 for age in range(1, WHOLE_AGAIN_BLOCKS + 1)]
    assert max(shares) < 2 / WHOLE_AGAIN_BLOCKS
    assert min(shares) > 0


@given(sizes=st.lists(st.integers(0, 30), max_size=40))
def test_the_cache_is_bounded(sizes: list[int]) -> None:
    cache = BlockCache(maximum_cells=1000)
    for number, series in enumerate(sizes):
        key = CacheKey("main", "q", f"store{number}")
        cache.put(
            key,
            remembered(grid_at(0), part_of(grid_at(0), {(f"p{n}", "", ""): np.zeros(BLOCKS) for n in range(series)})),
        )
        assert cache.cells <= 1000
        assert cache.get(key) is not None


def test_a_changed_source_is_forgotten() -> None:
    cache = BlockCache(maximum_cells=1000)
    keys = [CacheKey(source, "q", "store") for source in ("main", "other")]
    for key in keys:
        cache.put(key, remembered(grid_at(0)))
    cache.forget_source("main")
    assert [cache.get(key) is None for key in keys] == [True, False]
    assert cache.cells == 1
