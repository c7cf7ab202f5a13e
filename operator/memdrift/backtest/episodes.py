"""What the operator would have made of a run of verdicts: windows side by side, hits counted, episodes opened.

Exists so that a back-test counts what a person would have been told, not single verdicts. Follows `drift.judge` in how
windows are compared and `remedy.hits` in how new blocks are counted. Must not judge blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from memdrift.drift.blocks import Floats

UNKNOWN, STEADY, DRIFTING, DRIFTING_WITH_IMPACT = range(4)
"""Kinds of a verdict as small numbers, in the order of their severity."""
Kinds = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What one window said at the end of each of its blocks.

    Attributes:
        ends: seconds of the end of the youngest block of each moment, ascending, shape (moments,).
        kinds: shape (moments,).
        load_missing: where the kind is `UNKNOWN` because nothing could explain a growth, shape (moments,).
    """

    window_seconds: int
    ends: Floats
    kinds: Kinds
    load_missing: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What all windows together said, at every moment at which any of them had a new block.

    Attributes:
        times: seconds, ascending, shape (moments,).
        kinds: of the deciding window, shape (moments,).
        block_ends: end of the deciding window's youngest block: what counts as new, shape (moments,).
        windows: seconds of the deciding window, shape (moments,).
    """

    times: Floats
    kinds: Kinds
    block_ends: Floats
    windows: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Episode:
    """Drift from its first hit to the next steady verdict.

    Attributes:
        started_at: seconds of the first hit.
        confirmed_at: seconds of the hit that confirmed it.
        ended_at: seconds of the steady verdict after it; None where the run ended first.
        impact_at: seconds of the first `DRIFTING_WITH_IMPACT` once it was confirmed, which is when a restart could have
            been asked for; None where there was none.
        window_seconds: the window that confirmed it.
    """

    started_at: float
    confirmed_at: float
    ended_at: float | None
    impact_at: float | None
    window_seconds: int

    @property
    def impact(self) -> bool:
        """Whether latency was seen to rise with memory while it was confirmed."""
        return self.impact_at is not None

    def counted_from(self, seconds: float) -> Episode:
        """The same with its times counted from a moment."""
        return replace(
            self,
            started_at=self.started_at - seconds,
            confirmed_at=self.confirmed_at - seconds,
            ended_at=None if self.ended_at is None else self.ended_at - seconds,
            impact_at=None if self.impact_at is None else self.impact_at - seconds,
        )


def side_by_side(tracks: Sequence[Track]) -> Course:
    """The verdict of all windows at every moment: any may confirm, of the most severe the shortest decides.

    Otherwise growth whose load is missing is `UNKNOWN`, then the longest window that could be judged decides.
    """
    ordered = sorted((track for track in tracks if len(track.ends)), key=lambda track: track.window_seconds)
    times = np.unique(np.concatenate([track.ends for track in ordered])) if ordered else np.empty(0)
    course = Course(times, np.zeros(len(times), np.int8), np.full(len(times), -np.inf), np.zeros(len(times), np.int64))
    unexplainable = np.zeros(len(times), bool)
    for track in ordered:
        latest = np.searchsorted(track.ends, times, side="right") - 1
        seen = latest >= 0
        kinds = np.where(seen, track.kinds[latest], UNKNOWN)
        unexplainable |= seen & track.load_missing[latest]
        longer_steady = (kinds == STEADY) & (course.kinds == STEADY)
        decides = (kinds > course.kinds) | longer_steady
        course.kinds[decides] = kinds[decides]
        course.block_ends[decides] = track.ends[latest[decides]]
        course.windows[decides] = track.window_seconds
    course.kinds[unexplainable & (course.kinds == STEADY)] = UNKNOWN
    return course


def episodes_of(course: Course, confirm_after_new_blocks: int) -> tuple[Episode, ...]:
    """The confirmed episodes of a run, in order.

    A hit is a drifting verdict on a block that was not counted yet; a steady verdict takes all hits away, an unknown
    one none.
    """
    found: list[Episode] = []
    hits = _Hits(confirm_after_new_blocks)
    for moment in np.flatnonzero(course.kinds != UNKNOWN):
        time, kind = float(course.times[moment]), int(course.kinds[moment])
        if kind == STEADY:
            found += hits.taken_away(time)
        else:
            hits.seen(time, float(course.block_ends[moment]), int(course.windows[moment]), kind)
    found += hits.taken_away(None)
    return tuple(found)


class _Hits:
    """The hits since the last steady verdict."""

    def __init__(self, needed: int) -> None:
        self._needed = needed
        self._forget()

    def _forget(self) -> None:
        self._count = 0
        self._block_end = -np.inf
        self._started_at = 0.0
        self._confirmed: tuple[float, int] | None = None
        self._impact_at: float | None = None

    def seen(self, time: float, block_end: float, window_seconds: int, kind: int) -> None:
        if self._count == 0:
            self._started_at = time
        if block_end > self._block_end:
            self._count, self._block_end = self._count + 1, block_end
        if self._count < self._needed:
            return
        self._confirmed = self._confirmed or (time, window_seconds)
        if kind == DRIFTING_WITH_IMPACT and self._impact_at is None:
            self._impact_at = time

    def taken_away(self, time: float | None) -> list[Episode]:
        """The episode that ends now, if one was confirmed."""
        confirmed, started_at, impact_at = self._confirmed, self._started_at, self._impact_at
        self._forget()
        if confirmed is None:
            return []
        return [Episode(started_at, confirmed[0], time, impact_at, confirmed[1])]
