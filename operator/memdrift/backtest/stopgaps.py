"""When a would-be incident would have restarted pods: impact, latency above the objective, cooldown and budgets.

Exists so that what is modelled of the guards stands in one place; evidence, windows, alerts and a person's yes are not.
Must not judge blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memdrift.backtest.episodes import DRIFTING, DRIFTING_WITH_IMPACT
from memdrift.backtest.storewide import ContainerCourse
from memdrift.drift.blocks import Floats, LifeBlocks

DAY_SECONDS, WEEK_SECONDS = 86_400.0, 604_800.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What limits stopgaps, as in `spec.remediation`, and when latency is broken.

    Attributes:
        whole_rollout: a stopgap restarts all pods, not the drifting ones only.
        join_seconds: drift again within this time is the same incident.
    """

    confirm_after_new_blocks: int
    cooldown_seconds: float
    maximum_per_24_hours: int
    maximum_per_7_days: int
    maximum_consecutive: int
    objective_milliseconds: float
    whole_rollout: bool
    join_seconds: float


@dataclass(frozen=True, slots=True)
class Stopgap:
    """One restart action that every modelled guard would have allowed.

    Attributes:
        at: epoch seconds.
        pods: how many it would have taken.
    """

    at: float
    pods: int


@dataclass(frozen=True, slots=True, eq=False)
class Latency:
    """The worst pod's latency by block: epoch seconds of the blocks' ends, and milliseconds."""

    block_seconds: int
    ends: Floats
    milliseconds: Floats

    def broken_at(self, time: float, objective: float) -> bool:
        """Whether the objective is broken in the youngest block that has ended by then."""
        place = int(np.searchsorted(self.ends, time, side="right")) - 1
        return place >= 0 and bool(self.milliseconds[place] > objective)

    def broken_seconds(self, began_at: float, ended_at: float, objective: float) -> float:
        """For how long the objective was broken between two moments."""
        inside = (self.ends > began_at) & (self.ends <= ended_at)
        return float(self.block_seconds * np.count_nonzero(self.milliseconds[inside] > objective))


def latency_of(histories: Sequence[LifeBlocks]) -> Latency:
    """Of the worst pod at every block of all lives."""
    if not histories:
        return Latency(1, np.empty(0), np.empty(0))
    length = histories[0].block_seconds
    first = min(int(each.starts[0]) for each in histories)
    last = max(int(each.starts[-1]) for each in histories)
    worst = np.full((last - first) // length + 1, -np.inf)
    for each in histories:
        begin = (int(each.starts[0]) - first) // length
        part = worst[begin : begin + len(each.starts)]
        np.fmax(part, each.latency_milliseconds, out=part)
    ends = first + length * np.arange(1, len(worst) + 1, dtype=np.float64)
    return Latency(length, ends, np.where(np.isfinite(worst), worst, np.nan))


def stopgaps_of(
    course: ContainerCourse,
    confirmed_at: float,
    ended_at: float,
    latency: Latency,
    rules: Rules,
    done: Sequence[Stopgap],
) -> tuple[Stopgap, ...]:
    """When drift with impact, latency above the objective, cooldown and budgets agreed."""
    times, kinds = course.course.times, course.course.kinds
    asked = times[(times >= confirmed_at) & (times <= ended_at) & (kinds == DRIFTING_WITH_IMPACT)]
    found: list[Stopgap] = []
    for at in asked.tolist():
        if len(found) >= rules.maximum_consecutive:
            break
        if not _allowed(at, [*done, *found], rules) or not latency.broken_at(at, rules.objective_milliseconds):
            continue
        living = [life for life in course.lives if life.started_at <= at <= life.ended_at]
        taken = living if rules.whole_rollout else [life for life in living if life.kind_at(at) >= DRIFTING]
        if taken:
            found.append(Stopgap(at, len(taken)))
    return tuple(found)


def _allowed(at: float, done: Sequence[Stopgap], rules: Rules) -> bool:
    ages = [at - each.at for each in done]
    within_day = sum(1 for age in ages if age < DAY_SECONDS)
    within_week = sum(1 for age in ages if age < WEEK_SECONDS)
    cool = all(abs(age) >= rules.cooldown_seconds for age in ages)
    return cool and within_day < rules.maximum_per_24_hours and within_week < rules.maximum_per_7_days
