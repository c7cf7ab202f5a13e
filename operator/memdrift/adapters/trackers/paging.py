"""A list that a tracker gives in pages.

Exists because in an open project anybody writes: pages become smaller where their texts are too large for one answer,
a single text that is too large is passed over (none of ours is), and reading ends. Must not know what is in a list.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from memdrift.adapters.trackers.refusals import TooLarge

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Item]):
    """What was read.

    Attributes:
        complete: whether it is known that there is no more.
    """

    items: list[Item]
    complete: bool


async def listed(
    page: Callable[[int, int], Awaitable[Sequence[Item]]],
    size: int,
    at_most: int,
    enough: Callable[[Sequence[Item]], bool] | None = None,
) -> Listed[Item]:
    """The first `at_most` items.

    Args:
        page: the items of a page by its number, from 1, and its size.
        size: of the largest page; a server may give fewer, always the same number.
        at_most: how many are read.
        enough: whether these are all, for a server that takes out of a page what may not be seen: there a short page
            is not the last one.

    Raises:
        TrackerUnavailable, Refused: as `page` does.
    """
    items: list[Item] = []
    sizes, level, start = _sizes(size), 0, 0
    while start < at_most:
        try:
            found = await page(start // sizes[level] + 1, sizes[level])
        except TooLarge:
            smallest = level == len(sizes) - 1
            start, level = (start + 1, level) if smallest else (start, level + 1)
            continue
        items += found
        if len(found) < sizes[level]:
            if enough(items) if enough else (not found or start > 0):
                return Listed(items, complete=True)
            if not enough:  # all there is, or all that this server gives at once
                sizes, level = _sizes(len(found)), 0
        start += sizes[level]
        if level > 0 and start % sizes[level - 1] == 0:
            level -= 1
    return Listed(items, complete=False)


def _sizes(size: int) -> tuple[int, ...]:
    """Ever smaller pages, each of which begins where a larger one does."""
    return tuple(dict.fromkeys((size, size // 10 if size % 10 == 0 else 1, 1)))
