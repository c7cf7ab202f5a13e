"""What a picture of one life shows: its memory, load and latency, side by side on one axis of time.

Exists so that the terminal's chart and the file's are of the same series. Must not draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from memdrift.drift.blocks import Floats, LifeBlocks, Window
from memdrift.drift.phrases import size_of
from memdrift.drift.verdict import GrowthKind, PodVerdict


def _figure(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _per_second(value: float) -> str:
    return f"{_figure(value)}/s"


def _milliseconds(value: float) -> str:
    return f"{_figure(value)} ms"


UNITS: Mapping[str, Callable[[float], str]] = {
    "bytes": size_of,
    "perSecond": _per_second,
    "milliseconds": _milliseconds,
}
"""How a value is told in words, by the unit of its series."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One series.

    Attributes:
        values: one per block, NaN where nothing was measured.
        label: a value in words, for the axis.
        bound: a value that matters, such as the objective; None where there is none.
    """

    name: str
    values: Floats
    label: Callable[[float], str]
    bound: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One life in one window.

    Attributes:
        began_at, ended_at: epoch seconds of the first block's start and of the last block's end.
        marks: words and epoch seconds, such as the onset.
    """

    title: str
    began_at: float
    ended_at: float
    marks: tuple[tuple[str, float], ...]
    panels: tuple[Panel, ...]


def unit_of(panel: Panel) -> str:
    """The unit of a panel's series, a key of `UNITS`."""
    return next((unit for unit, label in UNITS.items() if label is panel.label), "bytes")


def picture_of(windows: Sequence[Window], container: str, pod: PodVerdict, objective: float) -> Picture | None:
    """The life that a verdict is about, in the window that decided; None where the windows do not hold it."""
    lives = [
        blocks
        for window in windows
        if window.seconds == pod.window_seconds
        for blocks in window.lives
        if (blocks.life.pod, blocks.life.uid, blocks.life.started_at) == (pod.pod, pod.uid, pod.started_at)
        and blocks.life.container == container
    ]
    if not lives:
        return None
    marks = () if pod.onset_at is None else (("onset", pod.onset_at),)
    return picture_of_life(lives[0], objective, marks, heap=pod.growth_kind is not GrowthKind.NATIVE)


def picture_of_life(
    blocks: LifeBlocks, objective: float, marks: tuple[tuple[str, float], ...], *, heap: bool
) -> Picture:
    """A life with its memory (`heap`: live heap where it was measured), loads and latency."""
    return Picture(
        title=f"{blocks.life.pod} {blocks.life.container}",
        began_at=float(blocks.starts[0]),
        ended_at=float(blocks.starts[-1] + blocks.block_seconds),
        marks=marks,
        panels=_panels(blocks, objective, heap=heap),
    )


def _panels(blocks: LifeBlocks, objective: float, *, heap: bool) -> tuple[Panel, ...]:
    on_heap = heap and bool(np.isfinite(blocks.live_heap.p50).any())
    memory = blocks.live_heap.p50 if on_heap else blocks.resident.p50
    panels = [Panel("live heap" if on_heap else "resident", memory, size_of)]
    for number, load in enumerate(blocks.load):
        name = "load" if len(blocks.load) == 1 else f"load {number + 1}"
        panels.append(Panel(name, load, _per_second))
    panels.append(Panel("latency", blocks.latency_milliseconds, _milliseconds, objective))
    return tuple(panels)
