"""Recordings in, episodes out: reduced, judged at every moment, windows side by side, hits counted.

Exists so that a detector, a baseline and an ablated detector see the same blocks, windows and persistence, and differ
in nothing but their judgement. The judge is an argument. Must not score.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from memdrift.backtest.episodes import UNKNOWN, Course, Episode, Track, episodes_of, side_by_side
from memdrift.backtest.moments import moments_of
from memdrift.backtest.recording import Recording
from memdrift.backtest.reduction import reduced
from memdrift.drift.assessment import REASONS
from memdrift.drift.batch import Batch
from memdrift.drift.blocks import LifeBlocks
from memdrift.drift.judgements import KINDS
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import VerdictKind, VerdictReason


class Judged(Protocol):
    """A verdict per row, in the codes of `drift.judgement`; arrays of shape (rows,)."""

    @property
    def kinds(self) -> npt.NDArray[np.int8]:
        """Codes of `KINDS`."""

    @property
    def reasons(self) -> npt.NDArray[np.int8]:
        """Codes of `REASONS`."""


Judge = Callable[[Batch, DetectionPolicy], Judged]
BlockSeconds = Callable[[int, int], int]
"""Length of a block by window and scrape interval, both in seconds: the rule of the operator's sampler."""
_LOAD_MISSING = REASONS.index(VerdictReason.LOAD_MISSING)
_BY_SEVERITY = (VerdictKind.UNKNOWN, VerdictKind.STEADY, VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT)
_SEVERITIES = np.array([_BY_SEVERITY.index(kind) for kind in KINDS], dtype=np.int8)
"""The judge's codes of kinds as those of `episodes`."""


@dataclass(frozen=True, slots=True)
class Replay:
    """How recordings are replayed.

    Attributes:
        window_seconds: for recordings that do not name their own.
        policy: thresholds; its objective is that of recordings with neither an objective nor latency.
    """

    window_seconds: tuple[int, ...]
    confirm_after_new_blocks: int
    policy: DetectionPolicy
    block_seconds: BlockSeconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording.

    Attributes:
        episodes: the confirmed ones; their times count from the recording's first sample.
        judged_share: of the moments at which a block was complete, those at which it was said whether memory drifts.
    """

    episodes: tuple[Episode, ...]
    judged_share: float


def tracks_of(
    histories: Sequence[LifeBlocks],
    window_seconds: int,
    policy: DetectionPolicy,
    judge: Judge,
    longest_window_seconds: int = 0,
) -> list[Track]:
    """What the judge says of each history at the end of each of its blocks, one track per history, in order.

    The longest of the windows side by side is how far back a life's usual range is known; 0: not beyond the window.
    """
    tracks = []
    for history in histories:
        ends = (history.starts + history.block_seconds).astype(np.float64)
        tracks.append(Track(window_seconds, ends, np.zeros(len(ends), np.int8), np.zeros(len(ends), bool)))
    for moments in moments_of(histories, window_seconds, longest_window_seconds):
        judged = judge(moments.batch, policy)
        severities, missing = _SEVERITIES[judged.kinds], judged.reasons == _LOAD_MISSING
        bounds = np.flatnonzero(np.diff(moments.owners)) + 1
        begins, ends_before = [0, *bounds], [*bounds, len(moments.owners)]
        for begin, end in zip(begins, ends_before, strict=True):
            track, positions = tracks[int(moments.owners[begin])], moments.positions[begin:end]
            track.kinds[positions] = severities[begin:end]
            track.load_missing[positions] = missing[begin:end]
    return tracks


def replayed(recordings: Sequence[Recording], replay: Replay, judge: Judge) -> list[Outcome]:
    """The outcome of each recording, in order.

    Recordings that share a window, a length of blocks and a warm-up are judged together.
    """
    together: dict[tuple[int, int, int, float], list[int]] = defaultdict(list)
    for number, recording in enumerate(recordings):
        interval = max(round(recording.interval_seconds), 1)
        warm_up = recording.warm_up_seconds
        windows = recording.window_seconds or replay.window_seconds
        for window in windows:
            length = replay.block_seconds(window, interval)
            youth = replay.policy.warm_up_seconds if warm_up is None else warm_up
            together[window, max(windows), length, youth].append(number)
    tracks: dict[int, list[Track]] = defaultdict(list)
    for (window, longest, length, warm_up), numbers in together.items():
        policy = replace(replay.policy, warm_up_seconds=warm_up)
        histories = [_on_one_objective(reduced(recordings[each], length), recordings[each], policy) for each in numbers]
        for number, track in zip(numbers, tracks_of(histories, window, policy, judge, longest), strict=True):
            tracks[number].append(track)
    return [
        _outcome(side_by_side(tracks[number]), replay.confirm_after_new_blocks, float(recording.times[0]))
        for number, recording in enumerate(recordings)
    ]


def _on_one_objective(history: LifeBlocks, recording: Recording, policy: DetectionPolicy) -> LifeBlocks:
    """Latency scaled so that the recording's objective is the policy's: rows of one batch share a policy."""
    objective = recording.objective
    if objective is None:
        return history
    return replace(
        history, latency_milliseconds=history.latency_milliseconds * (policy.objective_milliseconds / objective)
    )


def _outcome(course: Course, confirm_after_new_blocks: int, first: float) -> Outcome:
    episodes = episodes_of(course, confirm_after_new_blocks)
    known = course.kinds != UNKNOWN
    return Outcome(tuple(each.counted_from(first) for each in episodes), float(known.mean()) if len(known) else 0.0)
