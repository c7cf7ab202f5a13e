"""Growing stacks as a tree of frames, cut to what a picture can show.

Exists because a profile has 60,000 stacks and a screen some thousand pixels: the widest frames are found from the root
down, so that every frame's caller is there and what is too narrow to see is never looked at. The stacks are sorted
once: a frame is then a range of them, whose growth is known from sums, and deep stacks cost no more than shallow ones.
Must not draw.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from memdrift.report.exhibit import GrownStack

MOST_FRAMES = 1800
NARROWEST_SHARE = 1 / 1600
"""Of all growth: less than a pixel on a wide screen."""
DEEPEST = 160
ROOT = "all growth"


@dataclass(frozen=True, slots=True)
class Frame:
    """A function within one chain of callers, with its place.

    Attributes:
        grown_bytes: growth of all stacks through it.
        depth: 0 for the root.
        start, width: as shares of all growth.
        caller: where its caller stands in the same sequence; -1 for the root.
    """

    function: str
    grown_bytes: int
    depth: int
    start: float
    width: float
    caller: int


def frames_of(
    stacks: Iterable[GrownStack], most: int = MOST_FRAMES, narrowest: float = NARROWEST_SHARE
) -> tuple[Frame, ...]:
    """The widest frames, each after its caller, the largest callee of each on the left; empty where nothing grew."""
    members = sorted(each for each in stacks if each[1] > 0)
    sums = list(accumulate((growth for _, growth in members), initial=0))
    total = sums[-1]
    kept: list[Frame] = []
    number = 0
    waiting = [(-total, number, Frame(ROOT, total, 0, 0.0, 1.0, -1), 0, len(members))] if total else []
    while waiting and len(kept) < most:
        _, _, frame, begin, end = heapq.heappop(waiting)
        kept.append(frame)
        start = frame.start
        callees = [
            (function, sums[after] - sums[first], first, after)
            for function, first, after in _callees(members, begin, end, frame.depth)
            if (sums[after] - sums[first]) / total >= narrowest
        ]
        for function, grown, first, after in sorted(callees, key=lambda each: (-each[1], each[0])):
            number += 1
            callee = Frame(function, grown, frame.depth + 1, start, grown / total, len(kept) - 1)
            heapq.heappush(waiting, (-grown, number, callee, first, after))
            start += callee.width
    return tuple(kept)


def _callees(members: Sequence[GrownStack], begin: int, end: int, depth: int) -> Iterator[tuple[str, int, int]]:
    """The ranges of equal functions at a depth, among sorted stacks that are equal up to there."""
    if depth >= DEEPEST:
        return
    while begin < end and len(members[begin][0]) == depth:
        begin += 1  # a stack that ends here comes before those that go on
    while begin < end:
        function = members[begin][0][depth]
        after = begin + 1
        if after < end and members[after][0][depth] == function:
            after = bisect_right(members, function, after, end, key=lambda each: each[0][depth])
        yield function, begin, after
        begin = after


def pruned(stacks: Sequence[GrownStack], most: int = MOST_FRAMES) -> tuple[GrownStack, ...]:
    """Fewer stacks with the same picture: the growth of what is not shown is given to the caller that is.

    What shrank comes as one stack without functions.
    """
    frames = frames_of(stacks, most)
    rest = [frame.grown_bytes for frame in frames]
    paths: list[tuple[str, ...]] = []
    for frame in frames:
        paths.append((*paths[frame.caller], frame.function) if frame.caller >= 0 else ())
        if frame.caller >= 0:
            rest[frame.caller] -= frame.grown_bytes
    shown = tuple((path, own) for path, own in zip(paths, rest, strict=True) if own > 0)
    shrunk = sum(growth for _, growth in stacks if growth < 0)
    return (*shown, ((), shrunk)) if shrunk else shown
