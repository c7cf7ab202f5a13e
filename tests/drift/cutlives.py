"""Recorded series cut into short lives that follow each other, with or without growth that starts again in each.

`python -m tests.drift.cutlives [--heap] [--floor-mib 0] [--every 1]` prints what is found and what is called drift.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from memdrift.adapters.prometheus.grid import block_seconds
from memdrift.adapters.recordings import recordings_of
from memdrift.backtest.cutting import stretch_of
from memdrift.backtest.recording import Recording
from memdrift.backtest.reduction import mean_per_block, quantiles_per_block
from memdrift.drift.blocks import Bands, Floats, Life, LifeBlocks, Window
from memdrift.drift.judge import judge
from memdrift.drift.policy import DetectionPolicy
from tests.drift.series import EPOCH, HOUR

MANIFEST = Path(__file__).resolve().parents[3] / "shared" / "drift-corpus" / "manifest.json"
CONSTANT_LOAD = 100.0
"""Machines have no load series; without any, nothing is judged."""
CUTS = ((5400, 6 * HOUR), (6 * HOUR, 24 * HOUR))
"""Length of a life, and of the window in which it is too short to be judged alone."""


@dataclass(frozen=True)
class Rate:
    """Windows that drift, of windows; series with any, of series that are long enough."""

    windows: int
    of_windows: int
    series: int
    of_series: int

    def __str__(self) -> str:
        share = 100 * self.windows / max(self.of_windows, 1)
        return f"{self.windows}/{self.of_windows} windows ({share:.1f} %), {self.series}/{self.of_series} series"


def healthy(family: str, every: int = 1) -> list[Recording]:
    found = [each for each in recordings_of(MANIFEST) if each.label == "steady" and each.family == family]
    return found[::every]


def windows_of(
    recording: Recording, life: int, window: int, growth: float, *, heap: bool = False, stride: float = 1.3
) -> Iterator[Window]:
    """Full windows of one pod whose container starts anew every `life` seconds.

    Args:
        recording: what is cut.
        life: length of a life in seconds.
        window: in seconds.
        growth: what a ramp adds within each life, as a share of the median memory.
        heap: whether the memory is presented as live heap; as resident otherwise.
        stride: from one window to the next, in lives.
    """
    length = block_seconds(window, round(recording.interval_seconds))
    lives = _lives(recording, life, length, growth, heap=heap)
    total, count = len(lives[0].starts), window // length
    for end in range(count, total + 1, max(round(stride * life / length), 1)):
        starts = lives[0].starts[end - count : end]
        now = float(starts[-1] + length)
        seen = [stretch_of(each, starts) for each in lives]
        running = [each for each in seen if each.life.started_at < now <= each.life.started_at + life]
        over = [each for each in seen if starts[0] < each.life.started_at + life < now]
        if running:
            yield Window(window, length, now, tuple(running), past_lives=tuple(over))


def rate(
    recordings: list[Recording], life: int, window: int, growth: float, policy: DetectionPolicy, *, heap: bool
) -> Rate:
    drifting = [
        [judge([each], policy)[0].drifting for each in windows_of(recording, life, window, growth, heap=heap)]
        for recording in recordings
    ]
    judged = [each for each in drifting if each]
    return Rate(sum(map(sum, judged)), sum(map(len, judged)), sum(any(each) for each in judged), len(judged))


def _lives(recording: Recording, life: int, length: int, growth: float, *, heap: bool) -> list[LifeBlocks]:
    since = recording.times - recording.times[0]
    index = (since // length).astype(int)
    total = int(index[-1])  # the last block is not complete
    kept = index < total
    recorded = np.full(len(since), np.nan) if recording.resident is None else recording.resident
    memory = recorded + growth * float(np.nanmedian(recorded)) * (since % life) / life
    known = [each for each in recording.load if np.isfinite(each).any()]
    load = known[0] if known else np.full(len(since), CONSTANT_LOAD)
    (low, middle, high), count = quantiles_per_block(memory[kept], index[kept], total, (0.1, 0.5, 0.9))
    mean = mean_per_block(load[kept], index[kept], total)
    starts = EPOCH + length * np.arange(total, dtype=np.int64)
    missing = Bands.missing(total)
    lives = []
    for began in range(EPOCH, EPOCH + total * length, life):
        own = (starts >= began) & (starts + length <= began + life)

        def masked(values: Floats, own: np.ndarray[tuple[int], np.dtype[np.bool_]] = own) -> Floats:
            return np.where(own, values, np.nan)

        bands = Bands(masked(low), masked(middle), masked(high), np.where(own, count, 0.0))
        lives.append(
            LifeBlocks(
                life=Life("pod", "uid", "store", float(began), "r"),
                block_seconds=length,
                starts=starts,
                live_heap=bands if heap else missing,
                resident=missing if heap else bands,
                working_set=missing,
                load=masked(mean).reshape(1, -1),
                latency_milliseconds=np.full(total, np.nan),
                expected_samples=length / recording.interval_seconds,
            )
        )
    return lives


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description="healthy recorded series cut into short lives")
    parser.add_argument("--heap", action="store_true", help="present the memory as live heap")
    parser.add_argument("--floor-mib", type=float, default=0.0, help="detection.minGrowth")
    parser.add_argument("--every", type=int, default=1, help="one series of so many")
    arguments = parser.parse_args()
    policy = replace(DetectionPolicy(), minimum_growth_bytes=arguments.floor_mib * 2**20)
    for family in ("nezha", "alibaba"):
        recordings = healthy(family, arguments.every)
        for life, window in CUTS:
            for growth in (0.0, 0.05, 0.10, 0.20, 0.50):
                found = rate(recordings, life, window, growth, policy, heap=arguments.heap)
                print(f"{family}: lives of {life / HOUR:g} h, + {growth:.0%} in each: {found}", flush=True)


if __name__ == "__main__":
    main()
