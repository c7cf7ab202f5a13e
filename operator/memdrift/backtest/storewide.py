"""What was said of all lives of a store together, moment by moment, and for how long they were judged.

Exists because an incident is of a container, not of a pod: as `drift.judge` counts lives, so does this, over a whole
past at once. Must not judge blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from memdrift.backtest.episodes import DRIFTING, DRIFTING_WITH_IMPACT, STEADY, UNKNOWN, Course, Track, side_by_side
from memdrift.drift.blocks import Floats, LifeBlocks


@dataclass(frozen=True, slots=True, eq=False)
class LifeCourse:
    """What was said of one life.

    Attributes:
        ended_at: epoch seconds of the end of its last block.
    """

    pod: str
    started_at: float
    ended_at: float
    course: Course

    def kind_at(self, time: float) -> int:
        """The verdict's kind at a moment; `UNKNOWN` before its first and after its last block."""
        place = int(np.searchsorted(self.course.times, time, side="right")) - 1
        return int(self.course.kinds[place]) if place >= 0 and time <= self.ended_at else UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class ContainerCourse:
    """What was said of one container of a store."""

    container: str
    course: Course
    lives: tuple[LifeCourse, ...]


@dataclass(frozen=True, slots=True)
class Exposure:
    """How long pods were looked at, in seconds of one pod.

    Attributes:
        measured: in which they ran.
        judged: of these, in which it could be said whether they drift.
        drifting: of these, in which they did.
    """

    measured: float
    judged: float
    drifting: float


def counted(
    tracks: Sequence[Track], window_seconds: int, block_seconds: int, ends: Floats, minimum_drifting_pods: int
) -> Track:
    """One window's verdict on all lives of a container, at each of `ends`."""
    seen = {kind: np.zeros(len(ends), int) for kind in (UNKNOWN, STEADY, DRIFTING, DRIFTING_WITH_IMPACT)}
    lacking = np.zeros(len(ends), bool)
    for track in tracks:
        places = np.rint((track.ends - ends[0]) / block_seconds).astype(int) if len(ends) else np.empty(0, int)
        inside = (places >= 0) & (places < len(ends))
        for kind, count in seen.items():
            count[places[inside & (track.kinds == kind)]] += 1
        lacking[places[inside & track.load_missing]] = True
    drifting = seen[DRIFTING] + seen[DRIFTING_WITH_IMPACT]
    total = drifting + seen[STEADY] + seen[UNKNOWN]
    kinds = np.full(len(ends), STEADY, np.int8)
    kinds[(2 * seen[UNKNOWN] > total) | (total == 0) | lacking] = UNKNOWN
    kinds[drifting >= minimum_drifting_pods] = DRIFTING
    kinds[seen[DRIFTING_WITH_IMPACT] >= minimum_drifting_pods] = DRIFTING_WITH_IMPACT
    return Track(window_seconds, ends, kinds, lacking & (kinds == UNKNOWN))


def courses_of(
    histories: Mapping[int, Sequence[LifeBlocks]],
    tracks: Mapping[int, Sequence[Track]],
    began_at: float,
    ended_at: float,
    minimum_drifting_pods: int,
) -> tuple[ContainerCourse, ...]:
    """Every container's course over a span, from the tracks of its lives by window."""
    containers = sorted({each.life.container for lives in histories.values() for each in lives})
    return tuple(_course(name, histories, tracks, (began_at, ended_at), minimum_drifting_pods) for name in containers)


def _course(
    container: str,
    histories: Mapping[int, Sequence[LifeBlocks]],
    tracks: Mapping[int, Sequence[Track]],
    span: tuple[float, float],
    minimum_drifting_pods: int,
) -> ContainerCourse:
    whole: list[Track] = []
    of_life: dict[tuple[str, float], tuple[list[Track], list[float]]] = {}
    for window, lives in histories.items():
        own = [place for place, each in enumerate(lives) if each.life.container == container]
        if not own:
            continue
        length = lives[own[0]].block_seconds
        first = -(-int(span[0]) // length) * length
        ends = np.arange(first, span[1] + 1, length, dtype=np.float64)
        whole.append(counted([tracks[window][each] for each in own], window, length, ends, minimum_drifting_pods))
        for each in own:
            blocks = lives[each]
            known = of_life.setdefault((blocks.life.pod, blocks.life.started_at), ([], []))
            known[0].append(tracks[window][each])
            known[1].append(float(blocks.starts[-1] + length))
    found = tuple(
        LifeCourse(pod, started_at, max(ended), side_by_side(parts))
        for (pod, started_at), (parts, ended) in sorted(of_life.items())
    )
    return ContainerCourse(container, side_by_side(whole), found)


def exposure_of(courses: Sequence[ContainerCourse], began_at: float, ended_at: float) -> Exposure:
    """Of all lives within a span; a pod of several containers counts by the one that was judged longest."""
    found = [_exposure(each.lives, began_at, ended_at) for each in courses]
    return max(found, key=lambda each: each.judged, default=Exposure(0.0, 0.0, 0.0))


def _exposure(lives: Sequence[LifeCourse], began_at: float, ended_at: float) -> Exposure:
    measured = judged = drifting = 0.0
    for life in lives:
        times = life.course.times
        if not len(times):
            continue
        step = float(np.min(np.diff(times))) if len(times) > 1 else 0.0
        lasting = np.diff(times, append=times[-1] + step)
        inside = (times >= began_at) & (times <= ended_at)
        kinds = life.course.kinds
        measured += float(lasting[inside].sum())
        judged += float(lasting[inside & (kinds != UNKNOWN)].sum())
        drifting += float(lasting[inside & (kinds >= DRIFTING)].sum())
    return Exposure(measured, judged, drifting)
