"""A picture as lines of text: a braille curve per panel, one axis of time below, the onset marked.

Exists so that a person sees the growth where they are, in a terminal. Pure text: no colours, no cursor, no width asked
of anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from memdrift.drift.blocks import Floats
from memdrift.report.panels import Panel, Picture
from memdrift.report.tables import plain

LABEL_COLUMNS = 11
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille cell by row and column of its dots."""


def chart(picture: Picture, columns: int = 72, rows: int = 4) -> tuple[str, ...]:
    """The lines of a picture, `columns` + a label wide, each panel `rows` high."""
    marks = {_column(picture, at, columns): (word, at) for word, at in picture.marks}
    lines = [plain(picture.title)]
    for panel in picture.panels:
        lines += _panel(panel, columns, rows, set(marks))
    indent = " " * (LABEL_COLUMNS + 2)
    for column, (word, at) in sorted(marks.items()):
        lines.append(indent + _placed(f"▲ {word} {_clock(at, picture)}", column, columns))
    began, middle, ended = picture.began_at, (picture.began_at + picture.ended_at) / 2, picture.ended_at
    first, second, third = (_clock(at, picture) for at in (began, middle, ended))
    return (*lines, indent + first + second.center(columns - len(first) - len(third)) + third)


def _panel(panel: Panel, columns: int, rows: int, marks: set[int]) -> list[str]:
    known = panel.values[np.isfinite(panel.values)]
    if not known.size:
        return [f"{panel.name:>{LABEL_COLUMNS}} │ not measured"]
    low, high = float(known.min()), float(known.max())
    cells = _curve(panel.values, low, high if high > low else low + 1.0, columns, rows)
    labels = [panel.label(high), panel.name, *[""] * (rows - 3), panel.label(low)]
    bounded = panel.bound is not None and low < panel.bound < high
    line = int((high - panel.bound) / (high - low) * rows) if bounded and panel.bound is not None else None
    lines = []
    for number, (label, row) in enumerate(zip(labels, cells, strict=True)):
        empty = "╌" if number == line else " "
        text = "".join(
            chr(0x2800 + bits) if bits else ("┊" if place in marks else empty) for place, bits in enumerate(row)
        )
        note = f" {panel.label(panel.bound)}" if number == line and panel.bound is not None else ""
        lines.append(f"{label:>{LABEL_COLUMNS}} {'┤' if number in {0, rows - 1} else '│'}{text}{note}".rstrip())
    return lines


def _curve(values: Floats, low: float, high: float, columns: int, rows: int) -> Sequence[Sequence[int]]:
    """Cells of bits; neighbouring blocks are joined, holes are not."""
    width, height = 2 * columns, 4 * rows
    cells = [[0] * columns for _ in range(rows)]
    levels = (values - low) / (high - low) * (height - 1)
    places = np.linspace(0, len(values) - 1, max(width, 4 * len(values)))
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, len(values) - 1)
    drawn = levels[before] + (levels[after] - levels[before]) * (places - before)
    exact = places == before
    drawn[exact] = levels[before[exact]]
    dots = np.minimum((places / max(len(values) - 1, 1) * width).astype(int), width - 1)
    previous: float | None = None
    for x, level in zip(dots.tolist(), drawn.tolist(), strict=True):
        if not np.isfinite(level):
            previous = None
            continue
        start = level if previous is None else previous
        for y in range(round(min(start, level)), round(max(start, level)) + 1):
            top = height - 1 - y
            cells[top // 4][x // 2] |= _DOTS[top % 4][x % 2]
        previous = level
    return cells


def _column(picture: Picture, at: float, columns: int) -> int:
    share = (at - picture.began_at) / max(picture.ended_at - picture.began_at, 1.0)
    return min(max(int(share * columns), 0), columns - 1)


def _placed(words: str, column: int, columns: int) -> str:
    """The words with their first letter under a column, or ending there where they would not fit."""
    if column + len(words) <= columns:
        return " " * column + words
    turned = f"{words[2:]} ▲"
    return " " * max(column + 1 - len(turned), 0) + turned


def _clock(at: float, picture: Picture) -> str:
    form = "%H:%M:%S" if picture.ended_at - picture.began_at < 3600 else "%d %b %H:%M"
    return datetime.fromtimestamp(at, UTC).strftime(form)
