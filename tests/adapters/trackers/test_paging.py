"""Lists in pages: all of them, once, whatever the server gives at a time and however large the texts are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memdrift.adapters.trackers.paging import listed
from memdrift.adapters.trackers.refusals import TooLarge

ANSWER_AT_MOST = 100


class Server:
    """Gives at most `most` items and 100 bytes at once."""

    def __init__(self, sizes: list[int], most: int) -> None:
        self.sizes = sizes
        self.most = most
        self.asked = 0

    async def page(self, number: int, size: int) -> list[int]:
        self.asked += 1
        given_at_once = min(size, self.most)
        start = (number - 1) * given_at_once
        items = list(range(start, min(start + given_at_once, len(self.sizes))))
        if sum(self.sizes[item] for item in items) > ANSWER_AT_MOST:
            raise TooLarge("TrackerUnavailable", "too large")
        return items


@given(
    count=st.integers(0, 260),
    most=st.sampled_from([20, 30, 50, 100]),
    size=st.sampled_from([50, 100]),
    large=st.sets(st.integers(0, 259), max_size=40),
)
async def test_every_item_is_read_once_in_order(count: int, most: int, size: int, large: set[int]) -> None:
    """Texts of which two do not fit into one answer make pages smaller, and larger again behind them."""
    server = Server([60 if item in large else 1 for item in range(count)], most)
    if most < size and large:
        server.most = size  # a server whose pages are smaller than asked for is told apart by its first page
    found = await listed(server.page, size, 1000)
    assert found.items == list(range(count))
    assert found.complete


async def test_what_does_not_fit_into_an_answer_alone_is_passed_over() -> None:
    server = Server([1] * 120 + [500] + [1] * 30, 100)
    found = await listed(server.page, 100, 1000)
    assert found.items == [item for item in range(151) if item != 120]
    assert server.asked < 40


@given(count=st.integers(0, 260), unseen=st.sets(st.integers(0, 259)), most=st.sampled_from([30, 50]))
async def test_a_page_that_something_was_taken_out_of_is_not_the_last(count: int, unseen: set[int], most: int) -> None:
    server = Server([1] * count, most)
    seen = [item for item in range(count) if item not in unseen]

    async def page(number: int, size: int) -> list[int]:
        return [item for item in await server.page(number, size) if item not in unseen]

    found = await listed(page, 50, 1000, lambda items: len(items) >= len(seen))
    assert found.items == seen
    assert server.asked <= 2 + count // most


async def test_reading_ends() -> None:
    server = Server([0] * 500, 50)
    found = await listed(server.page, 50, 200)
    assert found.items == list(range(200))
    assert not found.complete
    assert server.asked == 4


@pytest.mark.parametrize(("count", "asked"), [(0, 1), (99, 2), (100, 2), (150, 2)])
async def test_few_requests_are_made(count: int, asked: int) -> None:
    server = Server([0] * count, 100)
    assert (await listed(server.page, 100, 1000)).complete
    assert server.asked == asked
