"""Windows of healthy recorded series as raw samples, to which growth can be added before they are reduced.

Read from beside the project, never copied into it. A window is taken as a moment in the middle of a settled life.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from memdrift.adapters.recordings import recordings_of
from memdrift.backtest.recording import Recording
from memdrift.backtest.reduction import mean_per_block, quantiles_per_block
from memdrift.drift.batch import BandRows, Batch, Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.policy import DetectionPolicy
from tests.drift.corpus import FOLDER

HOUR = 3600
POLICY = DetectionPolicy()
SETTLED_SECONDS = 10 * 86_400.0
"""Age of every life at the start of its window: nothing is called too young or not settled."""
_WARM_UP_SECONDS = 1800
_FULL_SHARE = 0.5
"""Of its samples; a block with fewer is a hole, and a window with a hole is left out."""
_CONSTANT_LOAD = 100.0
_ENDS = 4
"""Load is compared between the first and the last of so many parts of a window."""
_LEAST_RISE = 1.5


@dataclass(frozen=True, eq=False, repr=False)
class Backgrounds:
    """Healthy windows of one family; sample arrays have shape (rows, samples) and no calendar.

    Attributes:
        names: which recording a row is from, and the hour at which its window begins.
        latency: milliseconds, scaled so that the recording's objective is the policy's.
    """

    family: str
    window_seconds: int
    block_seconds: int
    interval_seconds: int
    names: tuple[str, ...]
    memory: Floats
    load: Floats
    latency: Floats

    @property
    def rows(self) -> int:
        return len(self.memory)

    @property
    def blocks(self) -> int:
        return self.window_seconds // self.block_seconds

    @property
    def shares(self) -> Floats:
        """Each sample's time as a share of the window."""
        samples = self.memory.shape[1]
        return np.arange(samples) / samples

    @property
    def levels(self) -> Floats:
        """The median memory of each window, shape (rows, 1)."""
        return np.asarray(np.nanmedian(self.memory, axis=1, keepdims=True))

    def rows_where(self, which: Bools) -> Backgrounds:
        """Some of the windows."""
        names = tuple(name for name, kept in zip(self.names, which, strict=True) if kept)
        return replace(self, names=names, memory=self.memory[which], load=self.load[which], latency=self.latency[which])

    @property
    def has_load_to_double(self) -> Bools:
        """Windows whose load, doubled over their length, really is higher by half at the end than at the beginning.

        A third of the recorded pods is never asked anything, and the load of others stops within the window.
        """
        blocks = self.load.reshape(self.rows, self.blocks, -1)
        doubled = np.nanmean(blocks, axis=2) * (1 + (np.arange(self.blocks) + 0.5) / self.blocks)
        ends = self.blocks // _ENDS
        first, last = np.median(doubled[:, :ends], axis=1), np.median(doubled[:, -ends:], axis=1)
        return np.asarray((first > 0) & (last >= _LEAST_RISE * first))

    def batch(self, memory: Floats, load: Floats, presented_as: str = "resident") -> Batch:
        """The windows with another memory and load, reduced to blocks."""
        rows, blocks = self.rows, self.blocks
        index = np.repeat(np.arange(rows * blocks), memory.shape[1] // blocks)
        (p10, p50, p90), count = quantiles_per_block(memory.ravel(), index, rows * blocks, (0.1, 0.5, 0.9))
        bands = BandRows(*(each.reshape(rows, blocks) for each in (p10, p50, p90, count)))
        (latency,), _ = quantiles_per_block(self.latency.ravel(), index, rows * blocks, (0.5,))
        unlimited = np.full(rows, np.nan)
        return Batch(
            window_seconds=self.window_seconds,
            block_seconds=self.block_seconds,
            ages=np.full(rows, SETTLED_SECONDS),
            live_heap=bands if presented_as == "live_heap" else None,
            resident=bands if presented_as == "resident" else None,
            working_set=None,
            load=mean_per_block(load.ravel(), index, rows * blocks).reshape(rows, 1, blocks),
            latency=latency.reshape(rows, blocks),
            expected_samples=np.full(rows, self.block_seconds / self.interval_seconds),
            limits=unlimited,
            runtime_limits=unlimited,
        )


def healthy() -> tuple[Backgrounds, Backgrounds, Backgrounds]:
    """Pods through windows of 6 h that overlap by half, and machines through windows of 24 h and 72 h.

    Blocks are as long as the operator's sampler would make them.
    """
    steady = [recording for recording in recordings_of(FOLDER / "manifest.json") if recording.label == "steady"]

    def of(family: str) -> list[Recording]:
        return [recording for recording in steady if recording.family == family]

    return (
        _windows("nezha", of("nezha"), 6 * HOUR, 3 * HOUR, block_seconds=480),
        _windows("alibaba", of("alibaba"), 24 * HOUR, 12 * HOUR, block_seconds=1800),
        _windows("alibaba-72h", of("alibaba"), 72 * HOUR, 24 * HOUR, block_seconds=5400),
    )


def _windows(
    family: str, recordings: Sequence[Recording], window_seconds: int, stride_seconds: int, *, block_seconds: int
) -> Backgrounds:
    interval, length = round(recordings[0].interval_seconds), block_seconds
    found = [
        (f"{recording.id} +{begin / HOUR:g} h", *window)
        for recording in recordings
        for begin, window in _cut(recording, interval, length, window_seconds, stride_seconds)
    ]
    return Backgrounds(
        family=family,
        window_seconds=window_seconds // length * length,
        block_seconds=length,
        interval_seconds=interval,
        names=tuple(name for name, *_ in found),
        memory=np.stack([memory for _, memory, _, _ in found]),
        load=np.stack([load for _, _, load, _ in found]),
        latency=np.stack([latency for *_, latency in found]),
    )


def _cut(
    recording: Recording, interval: int, length: int, window_seconds: int, stride_seconds: int
) -> Iterable[tuple[int, tuple[Floats, Floats, Floats]]]:
    """The windows without a hole, on a regular grid of samples."""
    if recording.resident is None:
        return
    positions = np.rint((recording.times - recording.times[0]) / interval).astype(int)
    total = int(positions[-1]) + 1

    def regular(series: Floats) -> Floats:
        even = np.full(total, np.nan)
        even[positions] = series
        return even

    load = recording.load[0] if len(recording.load) else np.full(len(positions), np.nan)
    if not np.isfinite(load).any():
        load = np.full(len(positions), _CONSTANT_LOAD)
    scale = POLICY.objective_milliseconds / (recording.objective or POLICY.objective_milliseconds)
    series = tuple(regular(each) for each in (recording.resident, load, recording.latency_milliseconds * scale))
    samples = window_seconds // length * length // interval
    for begin in range(_WARM_UP_SECONDS // interval, total - samples + 1, stride_seconds // interval):
        window = tuple(each[begin : begin + samples] for each in series)
        whole = all(_is_full(each, length // interval) for each in window[:2])
        if whole and np.nanmedian(window[0]) > 0:  # some recordings say 0 throughout: nothing was measured
            yield begin * interval, window


def _is_full(samples: Floats, per_block: int) -> bool:
    present = np.isfinite(samples).reshape(-1, per_block).mean(axis=1)
    return bool((present >= _FULL_SHARE).all())
