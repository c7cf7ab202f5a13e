"""A picture as one self-contained SVG: no script, no font, no reference to anywhere.

Exists so that a finding can be mailed and opened years later. Foreign text is escaped here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import numpy as np

from memdrift.report.panels import Panel, Picture
from memdrift.report.tables import plain

WIDTH, LEFT, PLOT, PANEL, GAP = 960, 110, 830, 110, 18
_COLOURS = ("#1f6feb", "#6e7781", "#bc4c00", "#8250df", "#116329")


def svg(picture: Picture) -> str:
    """The picture with a title, panels one below the other, and its marks as vertical lines."""
    height = 60 + len(picture.panels) * (PANEL + GAP) + 14 * len(picture.marks)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12"><rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-weight="bold">{escape(plain(picture.title))}</text>',
    ]
    top = 30
    for number, panel in enumerate(picture.panels):
        parts.append(_panel(panel, top, _COLOURS[number % len(_COLOURS)]))
        top += PANEL + GAP
    for number, (word, at) in enumerate(picture.marks):
        x, y = _x(picture, at), top + 12 + 14 * number
        anchor = "end" if x > LEFT + PLOT * 0.8 else "start"
        parts.append(f'<line x1="{x:.1f}" y1="30" x2="{x:.1f}" y2="{y}" stroke="#cf222e" stroke-dasharray="4 3"/>')
        parts.append(f'<text x="{x:.1f}" y="{y}" fill="#cf222e" text-anchor="{anchor}">{escape(word)} {_at(at)}</text>')
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        at = picture.began_at + share * (picture.ended_at - picture.began_at)
        parts.append(f'<text x="{LEFT + share * PLOT:.0f}" y="{height - 6}" text-anchor="{anchor}">{_at(at)}</text>')
    return "".join([*parts, "</svg>"])


def _panel(panel: Panel, top: int, colour: str) -> str:
    known = panel.values[np.isfinite(panel.values)]
    frame = f'<rect x="{LEFT}" y="{top}" width="{PLOT}" height="{PANEL}" fill="none" stroke="#d0d7de"/>'
    name = f'<text x="{LEFT - 8}" y="{top + PANEL / 2:.0f}" text-anchor="end">{escape(panel.name)}</text>'
    if not known.size:
        return f'{frame}{name}<text x="{LEFT + 8}" y="{top + 20}">not measured</text>'
    low, high = float(known.min()), float(known.max())
    span = high - low if high > low else 1.0
    lines = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>'
        for points in _runs(panel, low, span, top)
    )
    labels = "".join(
        f'<text x="{LEFT - 8}" y="{y}" text-anchor="end" fill="#57606a">{escape(panel.label(value))}</text>'
        for value, y in ((high, top + 12), (low, top + PANEL))
    )
    bound = ""
    if panel.bound is not None and low < panel.bound < high:
        y = top + PANEL * (1 - (panel.bound - low) / span)
        bound = f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + PLOT}" y2="{y:.1f}" stroke="#cf222e" stroke-width="0.7"/>'
    return frame + name + bound + lines + labels


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


def _x(picture: Picture, at: float) -> float:
    share = (at - picture.began_at) / max(picture.ended_at - picture.began_at, 1.0)
    return LEFT + PLOT * min(max(share, 0.0), 1.0)


def _at(epoch_seconds: float) -> str:
    return f"{datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%d %H:%M}"
