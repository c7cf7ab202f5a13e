"""Did a restart help? Lives from before it against lives from after it, at the same age and under comparable load.

Exists because any young pod uses less memory than its peers, and a pod without traffic looks cured: both would make
every restart a success. Judges the symptom only: a leak that starts again with the new life is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from memdrift.drift.blocks import Bands, Floats, LifeBlocks
from memdrift.drift.phrases import quantile_of, size_of, span_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.stretch import Bools, exists

_FEWEST_BLOCKS = 3
_SMALLEST_LOAD_SHARE = 0.7
_MEMORY_NOISE_SHARE = 0.15
"""Two lives of the same age under the same load differ by this much without meaning anything."""


class ReliefKind(StrEnum):
    """Whether the symptom is gone."""

    RELIEVED = "Relieved"
    NOT_RELIEVED = "NotRelieved"
    INCONCLUSIVE = "Inconclusive"


@dataclass(frozen=True, slots=True)
class Relief:
    """The comparison, with the figures that decided it; None where a figure could not be measured.

    Attributes:
        latency_before_milliseconds: of the worst life, over the youngest quarter of its blocks before the restart.
        latency_after_milliseconds: of the worst new life, over all its blocks.
        memory_before_bytes: of the worst life, just before the restart.
        memory_after_bytes: of the worst new life, over its youngest blocks.
        memory_same_age_bytes: of the earlier lives when they were as old as the new ones are now; None where no earlier
            life was measured at that age.
        load_before_per_second, load_after_per_second: median over lives, in the same blocks as the latencies.
    """

    kind: ReliefKind
    latency_before_milliseconds: float | None
    latency_after_milliseconds: float | None
    memory_before_bytes: float | None
    memory_after_bytes: float | None
    memory_same_age_bytes: float | None
    load_before_per_second: float | None
    load_after_per_second: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the comparison: figures over its lives, worst first where there is a worst."""

    latency: float | None
    memory: float | None
    load: float | None


def relief(
    before: Sequence[LifeBlocks], after: Sequence[LifeBlocks], policy: DetectionPolicy, restarted_at: float
) -> Relief:
    """Whether lives that began with the restart are free of the symptom that the lives before it had.

    Args:
        before: lives of one container that began before the restart, from their birth on where they were seen from
            birth; blocks that end after the restart are not looked at.
        after: lives of the same container; those that began before the restart, and blocks from before a life's start,
            are not looked at.
        policy: the objective, and what growth is material.
        restarted_at: epoch seconds of the restart's beginning.
    """
    old_lives = [life for life in before if life.life.started_at < restarted_at]
    new_lives = [life for life in after if life.life.started_at >= restarted_at]
    lives = old_lives + new_lives
    on_heap = bool(lives) and all(exists(life.live_heap) for life in lives)
    old = _side([(life, _youngest(_until(life, restarted_at))) for life in old_lives], on_heap)
    new = _side([(life, _own(life)) for life in new_lives], on_heap, youngest_memory=True)
    same_age = _at_same_age(old_lives, new_lives, restarted_at, on_heap)
    kind, why = _decided(old, new, same_age, policy)
    return Relief(
        kind=kind,
        latency_before_milliseconds=old.latency,
        latency_after_milliseconds=new.latency,
        memory_before_bytes=old.memory,
        memory_after_bytes=new.memory,
        memory_same_age_bytes=same_age,
        load_before_per_second=old.load,
        load_after_per_second=new.load,
        sentence=f"{why}; {_figures(old, new, same_age, policy)}",
    )


def _decided(old: _Side, new: _Side, same_age: float | None, policy: DetectionPolicy) -> tuple[ReliefKind, str]:
    objective = policy.objective_milliseconds
    had_impact = old.latency is not None and old.latency > objective
    unmeasured = _unmeasured(old, new, had_impact=had_impact)
    if unmeasured:
        return ReliefKind.INCONCLUSIVE, unmeasured
    assert old.load is not None and new.load is not None and new.memory is not None and old.memory is not None
    if new.load < _SMALLEST_LOAD_SHARE * old.load:
        return ReliefKind.INCONCLUSIVE, "load is too low after the restart to compare latency and memory"
    noise = max(policy.minimum_growth_bytes, _MEMORY_NOISE_SHARE * (same_age or 0.0))
    worse = same_age is not None and new.memory > same_age + noise
    if had_impact:
        assert new.latency is not None
        if new.latency > objective and new.load * _SMALLEST_LOAD_SHARE > old.load:
            return ReliefKind.INCONCLUSIVE, "latency is over its objective, but load is much higher than before"
        if new.latency > objective:
            return ReliefKind.NOT_RELIEVED, "latency is still over its objective"
    elif old.memory - new.memory < max(
        policy.minimum_growth_bytes, policy.minimum_growth_percent / 100 * old.memory
    ):
        return ReliefKind.NOT_RELIEVED, "memory is not materially lower than before the restart"
    if worse:
        return ReliefKind.NOT_RELIEVED, "the new lives hold more memory than the old ones did at the same age"
    return ReliefKind.RELIEVED, "latency is back under its objective" if had_impact else "memory is lower"


def _unmeasured(old: _Side, new: _Side, *, had_impact: bool) -> str | None:
    if new.memory is None or (had_impact and new.latency is None):
        return f"fewer than {_FEWEST_BLOCKS} blocks were measured since the new lives began"
    if old.memory is None:
        return f"fewer than {_FEWEST_BLOCKS} blocks were measured before the restart"
    if old.load is None or new.load is None:
        return "load is missing, so nothing can be compared under the same load"
    return None


def _figures(old: _Side, new: _Side, same_age: float | None, policy: DetectionPolicy) -> str:
    quantile = quantile_of(policy.objective_quantile)
    parts = [
        f"{quantile} {_or_unknown(old.latency, 'ms')} before, {_or_unknown(new.latency, 'ms')} after",
        f"memory {_size(old.memory)} before, {_size(new.memory)} after",
        f"load {_or_unknown(old.load, '/s')} before, {_or_unknown(new.load, '/s')} after",
    ]
    if same_age is not None:
        parts.insert(2, f"{size_of(same_age)} at the same age in the old lives")
    return ", ".join(parts)


def _or_unknown(figure: float | None, unit: str) -> str:
    return "unknown" if figure is None else f"{figure:.0f} {unit}"


def _size(figure: float | None) -> str:
    return "unknown" if figure is None else size_of(figure)


def _side(lives: Sequence[tuple[LifeBlocks, Bools]], on_heap: bool, *, youngest_memory: bool = False) -> _Side:
    latencies = [_median(life.latency_milliseconds[kept]) for life, kept in lives]
    memories = [
        _median(_memory(life, on_heap).p50[_youngest(kept) if youngest_memory else kept]) for life, kept in lives
    ]
    loads = [_median(_total_load(life)[kept]) for life, kept in lives]
    return _Side(_worst(latencies), _worst(memories), _middle(loads))


def _at_same_age(
    old_lives: Sequence[LifeBlocks], new_lives: Sequence[LifeBlocks], restarted_at: float, on_heap: bool
) -> float | None:
    """What the old lives held when they were as old as the oldest new life is now."""
    ages = [age for life in new_lives if (age := _youngest_age(life, on_heap)) is not None]
    if not ages:
        return None
    oldest = max(ages)
    found = []
    for life in old_lives:
        values = _memory(life, on_heap).p50
        near = np.abs(life.starts - life.life.started_at - oldest) <= 1.5 * life.block_seconds
        there = values[near & _until(life, restarted_at) & np.isfinite(values)]
        if len(there):
            found.append(float(np.median(there)))
    return max(found) if found else None


def _youngest_age(life: LifeBlocks, on_heap: bool) -> float | None:
    there = _own(life) & np.isfinite(_memory(life, on_heap).p50)
    return float(life.starts[there][-1] - life.life.started_at) if there.any() else None


def _memory(life: LifeBlocks, on_heap: bool) -> Bands:
    return life.live_heap if on_heap else life.resident


def _own(life: LifeBlocks) -> Bools:
    return np.asarray(life.starts >= life.life.started_at)


def _until(life: LifeBlocks, restarted_at: float) -> Bools:
    return np.asarray(_own(life) & (life.starts + life.block_seconds <= restarted_at))


def _youngest(kept: Bools) -> Bools:
    """The youngest quarter of the kept blocks, at least three."""
    where = np.flatnonzero(kept)
    youngest = np.zeros_like(kept)
    youngest[where[-max(len(where) // 4, _FEWEST_BLOCKS) :]] = True
    return youngest


def _total_load(life: LifeBlocks) -> Floats:
    known = life.load[np.isfinite(life.load).any(axis=1)]
    return np.asarray(known.sum(axis=0)) if len(known) else np.full(len(life.starts), np.nan)


def _median(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) >= _FEWEST_BLOCKS else None


def _worst(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return max(known) if known else None


def _middle(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return float(np.median(known)) if known else None
