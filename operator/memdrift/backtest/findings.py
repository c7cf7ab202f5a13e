"""What would have been told of a store's past, what would have been done about it, and what that would have cost.

Exists so that an owner sees each incident before trusting memdrift with one. The past goes on as it was: what a restart
would have changed is not known, so all but the first of a finding are an upper bound. Must not judge blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from memdrift.backtest.episodes import DRIFTING, Episode, episodes_of
from memdrift.backtest.stopgaps import Latency, Rules, Stopgap, stopgaps_of
from memdrift.backtest.storewide import ContainerCourse, LifeCourse


class Ending(StrEnum):
    """How a finding ended."""

    PODS_ENDED = "PodsEnded"
    """Every drifting life ended: a deploy, a restart, a kill."""
    SUBSIDED = "Subsided"
    """It ended while its pods lived on, and none of these lives drifted again: noise, or growth that stopped."""
    RESUMED = "Resumed"
    """It paused, such as under rising load, which may explain memory: one of its lives drifted again later."""
    STILL_GOING = "StillGoing"
    """It had not ended when the past did."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One would-be incident; times are epoch seconds.

    Attributes:
        ended_at: None where the past ended first.
        impact_at: of the first `DriftingWithImpact` once it was confirmed; None where there was none.
        lives: every life that drifted in it: its pod and epoch seconds of its start.
        stopgaps: the first is what would have happened; later ones are an upper bound.
        broken_before_seconds: with latency above the objective, from its beginning to the first stopgap (or its end).
        broken_after_seconds: the same after the first stopgap: what it could have spared, at most.
    """

    container: str
    started_at: float
    confirmed_at: float
    ended_at: float | None
    impact_at: float | None
    window_seconds: int
    lives: tuple[tuple[str, float], ...]
    ending: Ending
    stopgaps: tuple[Stopgap, ...]
    broken_before_seconds: float
    broken_after_seconds: float

    @property
    def pods(self) -> tuple[str, ...]:
        """The names of the pods that drifted."""
        return tuple(sorted({pod for pod, _ in self.lives}))


def findings_of(courses: Sequence[ContainerCourse], latency: Latency, rules: Rules) -> tuple[Finding, ...]:
    """All findings in the order of their confirmation; their stopgaps share one budget."""
    episodes = [
        (each, episode)
        for each in courses
        for episode in _joined(episodes_of(each.course, rules.confirm_after_new_blocks), rules.join_seconds)
    ]
    done: list[Stopgap] = []
    found: list[Finding] = []
    for course, episode in sorted(episodes, key=lambda pair: pair[1].confirmed_at):
        finding = _finding(course, episode, latency, rules, done)
        done += finding.stopgaps
        found.append(finding)
    return tuple(
        replace(finding, ending=Ending.RESUMED) if _resumes(finding, found[number + 1 :]) else finding
        for number, finding in enumerate(found)
    )


def _resumes(finding: Finding, later: Sequence[Finding]) -> bool:
    same = (each for each in later if each.container == finding.container)
    return finding.ending is Ending.SUBSIDED and any(set(each.lives) & set(finding.lives) for each in same)


def _joined(episodes: Iterable[Episode], join_seconds: float) -> list[Episode]:
    """Episodes that follow each other so closely that the first incident would still have been open."""
    found: list[Episode] = []
    for episode in episodes:
        last = found[-1] if found else None
        if last is None or last.ended_at is None or episode.started_at - last.ended_at > join_seconds:
            found.append(episode)
            continue
        impact_at = last.impact_at if last.impact_at is not None else episode.impact_at
        found[-1] = Episode(last.started_at, last.confirmed_at, episode.ended_at, impact_at, last.window_seconds)
    return found


def _finding(
    course: ContainerCourse, episode: Episode, latency: Latency, rules: Rules, done: Sequence[Stopgap]
) -> Finding:
    ended_at = episode.ended_at if episode.ended_at is not None else float(course.course.times[-1])
    drifting = [life for life in course.lives if _drifted(life, episode.started_at, ended_at)]
    stopgaps = stopgaps_of(course, episode.confirmed_at, ended_at, latency, rules, done)
    turn = stopgaps[0].at if stopgaps else ended_at
    objective = rules.objective_milliseconds
    return Finding(
        container=course.container,
        started_at=episode.started_at,
        confirmed_at=episode.confirmed_at,
        ended_at=episode.ended_at,
        impact_at=episode.impact_at,
        window_seconds=episode.window_seconds,
        lives=tuple((life.pod, life.started_at) for life in drifting),
        ending=_ending(episode, drifting, ended_at, latency.block_seconds),
        stopgaps=stopgaps,
        broken_before_seconds=latency.broken_seconds(episode.started_at, turn, objective),
        broken_after_seconds=latency.broken_seconds(turn, ended_at, objective),
    )


def _drifted(life: LifeCourse, began_at: float, ended_at: float) -> bool:
    inside = (life.course.times >= began_at) & (life.course.times <= ended_at)
    return bool((life.course.kinds[inside] >= DRIFTING).any())


def _ending(episode: Episode, drifting: Sequence[LifeCourse], ended_at: float, block_seconds: int) -> Ending:
    over = episode.ended_at is not None
    gone = all(life.ended_at <= ended_at + (block_seconds if over else -block_seconds) for life in drifting)
    if gone:
        return Ending.PODS_ENDED
    return Ending.SUBSIDED if over else Ending.STILL_GOING
