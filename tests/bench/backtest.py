"""The recorded corpus replayed, by our detector and by the usual trend test, each as a whole.

Both see the same blocks, windows and moments: what differs is the judge. The trend test must look at one window after
another, so it replays a part of the recordings; what is compared is the time per window.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pymannkendall

from memdrift.adapters.prometheus.grid import block_seconds
from memdrift.adapters.recordings import recordings_of
from memdrift.backtest.baselines import baselines
from memdrift.backtest.recording import Recording
from memdrift.backtest.replay import Judge, Judged, Replay, replayed
from memdrift.drift.batch import Batch
from memdrift.drift.blocks import Floats
from memdrift.drift.judgement import judge_batch
from memdrift.drift.policy import DetectionPolicy
from tests.backtest.ablation import CORPUS
from tests.bench.timing import fastest_seconds

REPLAY = Replay(
    window_seconds=(21_600, 86_400, 259_200),
    confirm_after_new_blocks=2,
    policy=DetectionPolicy(),
    block_seconds=block_seconds,
)
TREND_TEST = "mann-kendall p < .001, sen >= 5 %"
EVERY_NTH_FOR_THE_TEST = 12
REPEATS = 2


def run() -> dict[str, object]:
    """Seconds per window of either judge, reduction to blocks and counting of episodes included."""
    if not CORPUS.is_file():
        sys.exit("../shared/drift-corpus is absent: the recorded series stay there")
    recordings = recordings_of(CORPUS)
    tested = recordings[::EVERY_NTH_FOR_THE_TEST]
    ours, theirs = fastest_seconds(
        lambda: replayed(recordings, REPLAY, judge_batch),
        # made anew each time, since it remembers the windows that it has seen
        lambda: replayed(tested, REPLAY, baselines(_mann_kendall)[TREND_TEST]),
        repeats=REPEATS,
    )
    our_windows, their_windows = _windows(recordings), _windows(tested)
    our_microseconds, their_microseconds = 1e6 * ours / our_windows, 1e6 * theirs / their_windows
    return {
        "recordings": len(recordings),
        "windows": our_windows,
        "seconds": ours,
        "microseconds_per_window": our_microseconds,
        "trend_test": TREND_TEST,
        "trend_test_recordings": len(tested),
        "trend_test_windows": their_windows,
        "trend_test_seconds": theirs,
        "trend_test_microseconds_per_window": their_microseconds,
        "ratio": their_microseconds / our_microseconds,
    }


def _mann_kendall(values: Floats) -> tuple[float, float, float]:
    test = pymannkendall.original_test(values)
    return test.p, test.z, test.slope


def _windows(recordings: Sequence[Recording]) -> int:
    """How many windows a replay asks about."""
    sizes: list[int] = []

    def counting(batch: Batch, policy: DetectionPolicy) -> Judged:
        sizes.append(batch.size)
        return judge_batch(batch, policy)

    judge: Judge = counting
    replayed(recordings, REPLAY, judge)
    return sum(sizes)
