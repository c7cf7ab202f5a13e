"""The figures of lives on one side of a restart, for comparing both sides.

Exists so that a life from before and one from after are measured by the same rules. Measures only; must not judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from memdrift.drift.batch import Bools
from memdrift.drift.blocks import Bands, Floats, LifeBlocks
from memdrift.drift.stretch import exists

FEWEST_BLOCKS = 3
"""A median of fewer blocks is an anecdote."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a restart.

    Attributes:
        latency: milliseconds, of the worst life.
        memory: bytes, of the worst life.
        load: per second, median over lives.
    """

    latency: float | None
    memory: float | None
    load: float | None


def on_live_heap(lives: Sequence[LifeBlocks]) -> bool:
    """Whether every life has a live heap, so that it can be compared; resident memory otherwise."""
    return bool(lives) and all(exists(life.live_heap) for life in lives)


def side_before(lives: Sequence[LifeBlocks], restarted_at: float, *, on_heap: bool) -> Side:
    """The youngest quarter of every life's blocks before the restart."""
    kept = [(life, _youngest(_until(life, restarted_at))) for life in lives]
    return Side(
        latency=_worst(_median(life.latency_milliseconds[blocks]) for life, blocks in kept),
        memory=_worst(_median(_memory(life, on_heap=on_heap).p50[blocks]) for life, blocks in kept),
        load=_middle(_median(_total_load(life)[blocks]) for life, blocks in kept),
    )


def side_after(lives: Sequence[LifeBlocks], *, on_heap: bool) -> Side:
    """All blocks of the new lives, their youngest ones for memory; a figure is known when every life has it."""
    own = [(life, _own(life)) for life in lives]
    return Side(
        latency=_worst_of_all([_median(life.latency_milliseconds[blocks]) for life, blocks in own]),
        memory=_worst_of_all(
            [_median(_youngest_values(_memory(life, on_heap=on_heap).p50[blocks])) for life, blocks in own]
        ),
        load=_middle(_median(_total_load(life)[blocks]) for life, blocks in own),
    )


def memory_at_same_age(
    old_lives: Sequence[LifeBlocks], new_lives: Sequence[LifeBlocks], restarted_at: float, *, on_heap: bool
) -> float | None:
    """What the old lives held when they were as old as the oldest new life is now."""
    ages = [age for life in new_lives if (age := _youngest_age(life, on_heap=on_heap)) is not None]
    if not ages:
        return None
    oldest = max(ages)
    found = []
    for life in old_lives:
        values = _memory(life, on_heap=on_heap).p50
        near = np.abs(life.starts - life.life.started_at - oldest) <= 1.5 * life.block_seconds
        there = values[near & _until(life, restarted_at) & np.isfinite(values)]
        if len(there):
            found.append(float(np.median(there)))
    return max(found) if found else None


def _youngest_age(life: LifeBlocks, *, on_heap: bool) -> float | None:
    there = _own(life) & np.isfinite(_memory(life, on_heap=on_heap).p50)
    return float(life.starts[there][-1] - life.life.started_at) if there.any() else None


def _memory(life: LifeBlocks, *, on_heap: bool) -> Bands:
    return life.live_heap if on_heap else life.resident


def _own(life: LifeBlocks) -> Bools:
    return np.asarray(life.starts >= life.life.started_at)


def _until(life: LifeBlocks, restarted_at: float) -> Bools:
    return np.asarray(_own(life) & (life.starts + life.block_seconds <= restarted_at))


def _youngest(kept: Bools) -> Bools:
    """The youngest quarter of the kept blocks, at least three."""
    where = np.flatnonzero(kept)
    youngest = np.zeros_like(kept)
    youngest[where[-max(len(where) // 4, FEWEST_BLOCKS) :]] = True
    return youngest


def _total_load(life: LifeBlocks) -> Floats:
    known = life.load[np.isfinite(life.load).any(axis=1)]
    return np.asarray(known.sum(axis=0)) if len(known) else np.full(len(life.starts), np.nan)


def _median(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) >= FEWEST_BLOCKS else None


def _youngest_values(values: Floats) -> Floats:
    finite = values[np.isfinite(values)]
    return finite[-max(len(finite) // 4, FEWEST_BLOCKS) :]


def _worst(figures: Iterable[float | None]) -> float | None:
    return max((figure for figure in figures if figure is not None), default=None)


def _worst_of_all(figures: Sequence[float | None]) -> float | None:
    return None if None in figures else _worst(figures)


def _middle(figures: Iterable[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return float(np.median(known)) if known else None
