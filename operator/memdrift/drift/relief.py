"""Did a restart help? Lives from before it against lives from after it, at the same age and under comparable load.

Exists because any young pod uses less memory than its peers, and a pod without traffic looks cured: both would make
every restart a success. Judges the symptom only: a leak that starts again with the new life is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import floor

from memdrift.drift.blocks import LifeBlocks
from memdrift.drift.comparison import FEWEST_BLOCKS, Side, memory_at_same_age, on_live_heap, side_after, side_before
from memdrift.drift.phrases import quantile_of, size_of
from memdrift.drift.policy import DetectionPolicy

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
    restarted_second = floor(restarted_at)  # Kubernetes tells the starts of lives in whole seconds
    old_lives = [life for life in before if life.life.started_at < restarted_second]
    new_lives = [life for life in after if life.life.started_at >= restarted_second]
    on_heap = on_live_heap(old_lives + new_lives)
    old = side_before(old_lives, restarted_at, on_heap=on_heap)
    new = side_after(new_lives, on_heap=on_heap)
    same_age = memory_at_same_age(old_lives, new_lives, restarted_at, on_heap=on_heap)
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


def _decided(old: Side, new: Side, same_age: float | None, policy: DetectionPolicy) -> tuple[ReliefKind, str]:
    if new.memory is None:
        return ReliefKind.INCONCLUSIVE, f"fewer than {FEWEST_BLOCKS} blocks of a new life were measured"
    if old.memory is None:
        return ReliefKind.INCONCLUSIVE, f"fewer than {FEWEST_BLOCKS} blocks were measured before the restart"
    if old.load is None or new.load is None:
        return ReliefKind.INCONCLUSIVE, "load is missing, so nothing can be compared under the same load"
    if new.load < _SMALLEST_LOAD_SHARE * old.load:
        return ReliefKind.INCONCLUSIVE, "load is too low after the restart to compare latency and memory"
    if old.latency is not None and old.latency > policy.objective_milliseconds:
        much_busier = _SMALLEST_LOAD_SHARE * new.load > old.load
        kind, why = _latency_relieved(new.latency, policy.objective_milliseconds, much_busier=much_busier)
    else:
        kind, why = _memory_relieved(old.memory, new.memory, policy)
    noise = max(policy.minimum_growth_bytes, _MEMORY_NOISE_SHARE * (same_age or 0.0))
    if kind is ReliefKind.RELIEVED and same_age is not None and new.memory > same_age + noise:
        return ReliefKind.NOT_RELIEVED, "the new lives hold more memory than the old ones did at the same age"
    return kind, why


def _latency_relieved(after: float | None, objective: float, *, much_busier: bool) -> tuple[ReliefKind, str]:
    if after is None:
        return ReliefKind.INCONCLUSIVE, f"fewer than {FEWEST_BLOCKS} blocks of a new life have a latency"
    if after <= objective:
        return ReliefKind.RELIEVED, "latency is back under its objective"
    if much_busier:
        return ReliefKind.INCONCLUSIVE, "latency is over its objective, but load is much higher than before"
    return ReliefKind.NOT_RELIEVED, "latency is still over its objective"


def _memory_relieved(before: float, after: float, policy: DetectionPolicy) -> tuple[ReliefKind, str]:
    material = max(policy.minimum_growth_bytes, policy.minimum_growth_percent / 100 * before)
    if before - after >= material:
        return ReliefKind.RELIEVED, "memory is materially lower than before the restart"
    return ReliefKind.NOT_RELIEVED, "memory is not materially lower than before the restart"


def _figures(old: Side, new: Side, same_age: float | None, policy: DetectionPolicy) -> str:
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
