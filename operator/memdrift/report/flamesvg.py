"""A flame graph of growth as inline SVG that reads without a script, a style sheet or a network.

Every frame is a picture of its own, placed in percent and cut at its edges, so that it fits any width and any printer;
the whole name and figures are its title. Function names are hostile text and escaped here. Must not read profiles.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from html import escape

from memdrift.drift.phrases import size_of
from memdrift.report.exhibit import GrownStack
from memdrift.report.flame import Frame, frames_of
from memdrift.report.tables import plain

ROW = 18
LONGEST_NAME = 160
_NARROWEST_NAMED = 0.012
"""Of the whole width: below it not two letters fit."""
_NARROWEST_COUNTED = 0.25
_COLOURS = {"a": "#d0d7de", "s": "#e4e7eb", "m": "#a5d0ff", "d": "#ffd8a0", "x": "#ff9a8c"}
KINDS = {
    "x": "suspect",
    "m": "the program's own code",
    "d": "dependency",
    "s": "standard library and runtime",
}
"""What the colours mean, by the class of a frame."""


def flame_svg(stacks: Iterable[GrownStack], suspects: Collection[str] = ()) -> str:
    """The growth of the stacks, root on top; "" where nothing grew.

    Args:
        stacks: function names from the root to the allocation, with the growth in bytes.
        suspects: functions to be set apart.
    """
    frames = sorted(frames_of(stacks), key=lambda each: (each.depth, each.start))
    if not frames:
        return ""
    height = (frames[-1].depth + 1) * ROW
    chosen, total = frozenset(suspects), frames[0].grown_bytes
    label = f"Flame graph of {size_of(total)} of growth by stack, callers above callees"
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="flame" width="100%" height="{height}" role="group" '
            f'aria-label="{escape(label)}" font-family="sans-serif" font-size="12">',
            *(_drawn(each, total, chosen) for each in frames),
            "</svg>",
        )
    )


def _drawn(frame: Frame, total: int, suspects: frozenset[str]) -> str:
    name = _shortened(plain(frame.function))
    kind = "a" if frame.depth == 0 else "x" if frame.function in suspects else kind_of(frame.function)
    size, percent = size_of(frame.grown_bytes), 100.0 * frame.grown_bytes / total
    figures = f", {size}" if frame.width >= _NARROWEST_COUNTED else ""
    text = f'<text x="3" y="13">{escape(_last(name))}{figures}</text>' if frame.width >= _NARROWEST_NAMED else ""
    return (
        f'<svg class="{kind}" x="{_figure(frame.start)}%" y="{frame.depth * ROW}" width="{_figure(frame.width)}%" '
        f'height="{ROW - 1}"><title>{escape(name)}: {size}, {percent:.1f} %</title>'
        f'<rect width="100%" height="100%" fill="{_COLOURS[kind]}"/>{text}</svg>'
    )


def _last(name: str) -> str:
    """The name without the path of its package, which its title has."""
    head = re.match(r"[^(\[{<\s]*", name)
    return name[head[0].rfind("/") + 1 :] if head else name


def _figure(share: float) -> str:
    return f"{100 * share:.3f}".rstrip("0").rstrip(".")


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2]}…{name[-LONGEST_NAME // 2 :]}"


def kind_of(function: str) -> str:
    """Whose code it is: `m` the program's own, `s` the standard library and the runtime, `d` a dependency.

    By its name: only a path that begins with a host name, which has a dot, comes from a module that was downloaded.
    """
    path, slash, rest = function.partition("/")
    if function.startswith("main."):
        return "m"
    if "::" in function:
        return "s" if function.startswith(("std::", "core::", "alloc::")) else "d"
    return "d" if slash and "." in path and not rest.startswith("/") else "s"
