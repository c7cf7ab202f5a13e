"""Growing stacks as a tree of frames, cut to what a picture can show.

Exists because a profile has 60,000 stacks and a screen some thousand pixels: the widest frames are found from the root
down, so that every frame's caller is there and what is too narrow to see is never looked at. Must not draw.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
    members = [each for each in stacks if each[1] > 0]
    total = sum(growth for _, growth in members)
    kept: list[Frame] = []
    number = 0
    waiting = [(-total, number, Frame(ROOT, total, 0, 0.0, 1.0, -1), members)] if total else []
    while waiting and len(kept) < most:
        _, _, frame, members = heapq.heappop(waiting)
        kept.append(frame)
        start = frame.start
        for function, grown, callers in _callees(members, frame.depth):
            width = grown / total
            if width < narrowest:
                break
            number += 1
            callee = Frame(function, grown, frame.depth + 1, start, width, len(kept) - 1)
            heapq.heappush(waiting, (-grown, number, callee, callers))
            start += width
    return tuple(kept)


def _callees(members: Sequence[GrownStack], depth: int) -> list[tuple[str, int, list[GrownStack]]]:
    """The stacks by their function at a depth, the one that grew most first."""
    if depth >= DEEPEST:
        return []
    grouped: dict[str, list[GrownStack]] = {}
    for stack in members:
        functions = stack[0]
        if len(functions) > depth:
            grouped.setdefault(functions[depth], []).append(stack)
    summed = [(function, sum(growth for _, growth in same), same) for function, same in grouped.items()]
    return sorted(summed, key=lambda each: (-each[1], each[0]))


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
