"""A picture as one self-contained SVG: no script, no font, no reference to anywhere.

Exists so that a finding can be mailed and opened years later. Its colours are attributes, for files and printers, and
its parts have classes, so that a page with a dark theme can colour them anew. Foreign text is escaped here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from math import floor, log10

import numpy as np

from memdrift.report.panels import Panel, Picture
from memdrift.report.tables import plain

WIDTH, LEFT, PLOT, PANEL, GAP = 960, 96, 846, 104, 26
_COLOURS = ("#0969da", "#6e7781", "#bc4c00", "#8250df", "#1a7f37")
_MUTED, _GRID, _ALARM, _TITLE_ROW, _MARK_ROW = "#57606a", "#d8dee4", "#cf222e", 46, 15
_LONGEST_MARK = 60


def svg(picture: Picture, *, titled: bool = True) -> str:
    """The picture with a title, panels one below the other, and its marks as vertical lines."""
    rows = _mark_rows(picture)
    top = _TITLE_ROW if titled else 20
    under = top + len(picture.panels) * (PANEL + GAP)
    height = under + _MARK_ROW * (max(rows, default=-1) + 1) + 24
    title = escape(plain(picture.title))
    words = "; ".join(f"{word} {_at(at)}" for word, at in picture.marks)
    described = escape(plain(f"{', '.join(panel.name for panel in picture.panels)}. {words}"))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{title}: {described}" font-family="sans-serif" font-size="12">'
        f'<rect class="ground" width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text class="ink" x="{LEFT}" y="18" font-weight="bold" fill="#1f2328">{title}</text>' if titled else "",
    ]
    for number, panel in enumerate(picture.panels):
        parts.append(_panel(panel, top + number * (PANEL + GAP), number % len(_COLOURS)))
    parts += [
        _mark(picture, word, at, top, under + _MARK_ROW * row)
        for (word, at), row in zip(picture.marks, rows, strict=True)
    ]
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        at = picture.began_at + share * (picture.ended_at - picture.began_at)
        parts.append(
            f'<text class="muted" x="{LEFT + share * PLOT:.0f}" y="{height - 6}" text-anchor="{anchor}" '
            f'fill="{_MUTED}">{_at(at)}</text>'
        )
    return "".join([*parts, "</svg>"])


def _panel(panel: Panel, top: int, colour: int) -> str:
    known = panel.values[np.isfinite(panel.values)]
    told = escape(plain(panel.name))
    name = f'<text class="ink" x="{LEFT}" y="{top - 5}" font-weight="bold" fill="#1f2328">{told}</text>'
    if not known.size:
        return f'{name}<text class="muted" x="{LEFT + 8}" y="{top + 20}" fill="{_MUTED}">not measured</text>'
    low, high = float(known.min()), float(known.max())
    if panel.bound is not None and low < panel.bound * 1.05 and high > panel.bound * 0.5:
        low, high = min(low, panel.bound), max(high, panel.bound)
    ticks = _ticks(low, high, binary=panel.label(float(2**20)).endswith("MiB"))
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    span = high - low if high > low else 1.0
    grid = "".join(
        f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + PLOT}" y2="{y:.1f}" stroke="{_GRID}"/>'
        f'<text class="muted" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{_MUTED}">'
        f"{escape(panel.label(tick))}</text>"
        for tick in ticks
        for y in (top + PANEL * (1 - (tick - low) / span),)
    )
    lines = "".join(
        f'<polyline class="line{colour}" fill="none" stroke="{_COLOURS[colour]}" stroke-width="1.8" points="{points}"/>'
        for points in _runs(panel, low, span, top)
    )
    bound = ""
    if panel.bound is not None and low <= panel.bound <= high:
        y = top + PANEL * (1 - (panel.bound - low) / span)
        bound = (
            f'<line class="alarm" x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + PLOT}" y2="{y:.1f}" stroke="{_ALARM}"/>'
            f'<text class="alarmink" x="{LEFT + 4}" y="{y - 4:.1f}" fill="{_ALARM}">'
            f"objective {escape(panel.label(panel.bound))}</text>"
        )
    return grid + name + bound + lines


def _ticks(low: float, high: float, *, binary: bool) -> list[float]:
    """Two to five round values that enclose the series; memory is rounded in powers of two."""
    unit = 2.0**20 if binary else 1.0
    span = max((high - low) / unit, abs(high) / unit * 0.02, 1e-9)
    if binary and span >= 1024:
        unit *= 1024
        span /= 1024
    rough = span / 3
    power = 10.0 ** floor(log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough) * unit
    first = floor(low / step)
    last = max(-floor(-high / step), first + 1)
    return [number * step for number in range(first, last + 1)]


def _runs(panel: Panel, low: float, span: float, top: int) -> list[str]:
    """Points of every run of measured blocks; a hole ends a run."""
    finite = np.isfinite(panel.values)
    cuts = np.flatnonzero(np.diff(finite.astype(int))) + 1
    step = PLOT / max(len(panel.values), 1)
    runs = []
    for part in np.split(np.arange(len(panel.values)), cuts):
        if len(part) and finite[part[0]]:
            level = top + PANEL * (1 - (panel.values[part] - low) / span)
            across = LEFT + (part + 0.5) * step
            runs.append(" ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, level, strict=True)))
    return runs


def _mark(picture: Picture, word: str, at: float, top: int, y: float) -> str:
    x = _x(picture, at)
    anchor, shift = ("end", -4) if _turned(x, _told(word, at)) else ("start", 4)
    kind = "onset" if word.startswith("onset") else "mark"
    colour = _ALARM if kind == "onset" else _MUTED
    return (
        f'<line class="{kind}" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{y:.0f}" stroke="{colour}" '
        f'stroke-dasharray="4 3"/><text class="{kind}ink" x="{x + shift:.1f}" y="{y:.0f}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(_told(word, at))}</text>'
    )


def _mark_rows(picture: Picture) -> list[int]:
    """Under which row each mark's words stand, so that no two overlap."""
    ends: list[list[tuple[float, float]]] = []
    rows = []
    for word, at in picture.marks:
        x, width = _x(picture, at), 6.6 * len(_told(word, at)) + 12
        low, high = (x - width, x) if _turned(x, _told(word, at)) else (x, x + width)
        row = next(
            (number for number, taken in enumerate(ends) if all(high < a or low > b for a, b in taken)), len(ends)
        )
        if row == len(ends):
            ends.append([])
        ends[row].append((low, high))
        rows.append(row)
    return rows


def _turned(x: float, words: str) -> bool:
    """Whether the words stand on the left of their line, because they would leave the picture."""
    return x + 6.6 * len(words) > LEFT + PLOT


def _told(word: str, at: float) -> str:
    return f"{plain(word)[:_LONGEST_MARK]} {datetime.fromtimestamp(at, UTC):%H:%M}"


def _x(picture: Picture, at: float) -> float:
    share = (at - picture.began_at) / max(picture.ended_at - picture.began_at, 1.0)
    return LEFT + PLOT * min(max(share, 0.0), 1.0)


def _at(epoch_seconds: float) -> str:
    return f"{datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%d %H:%M}"
