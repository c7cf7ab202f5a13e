"""The recorded series as a sampler would hand them over: read from beside the project, never copied into it."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from memdrift.drift.blocks import Bands, Floats, Life, LifeBlocks, Window

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "drift-corpus"
BLOCKS_PER_WINDOW = 48
_EPOCH = 1_699_920_000  # a whole day
_GIBIBYTE = 1024.0**3
_MEBIBYTE = 1024.0**2


@dataclass(frozen=True)
class Recording:
    id: str
    family: str
    label: str
    interval_seconds: float
    exposure_weeks: float
    times: Floats
    memory: Floats  # bytes
    load: Floats
    latency: Floats  # milliseconds


def recordings() -> Iterator[Recording]:
    for entry in json.loads((FOLDER / "manifest.json").read_text()):
        yield _recording(entry)


def _recording(entry: dict[str, Any]) -> Recording:
    with gzip.open(FOLDER / entry["file"], "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    names = ("t", "memory", "load", "latency")
    columns = {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}
    # Machines report percent of a capacity nobody wrote down: 16 GiB stands for it.
    unit = 16 * _GIBIBYTE / 100 if "percent" in entry["memory_unit"] else _MEBIBYTE
    return Recording(
        id=entry["id"],
        family=entry["family"],
        label=entry["label"],
        interval_seconds=float(entry["interval_seconds"]),
        exposure_weeks=entry["exposure_seconds"] / (7 * 86400),
        times=columns["t"],
        memory=columns["memory"] * unit,
        load=columns["load"],
        latency=columns["latency"] * 1000.0,
    )


def blocks_of(recording: Recording, window_seconds: int) -> LifeBlocks:
    """The whole recording, reduced to the blocks of one window length."""
    block_seconds = window_seconds // BLOCKS_PER_WINDOW
    index = (recording.times // block_seconds).astype(int)
    total = int(index[-1])  # the last block is not complete
    keep = index < total
    order = [np.flatnonzero(keep & (index == block)) for block in range(total)]

    def reduced(values: Floats, quantile: float) -> Floats:
        picked = [values[rows][np.isfinite(values[rows])] for rows in order]
        return np.array([np.quantile(some, quantile) if len(some) else np.nan for some in picked])

    memory = Bands(
        p10=reduced(recording.memory, 0.1),
        p50=reduced(recording.memory, 0.5),
        p90=reduced(recording.memory, 0.9),
        count=np.array([np.isfinite(recording.memory[rows]).sum() for rows in order], dtype=float),
    )
    return LifeBlocks(
        life=Life(pod=recording.id, uid=recording.id, container="c", started_at=float(_EPOCH), revision="r"),
        block_seconds=block_seconds,
        starts=_EPOCH + block_seconds * np.arange(total, dtype=np.int64),
        live_heap=Bands.missing(total),
        resident=memory,
        working_set=Bands.missing(total),
        load=reduced(recording.load, 0.5).reshape(1, -1),
        latency_milliseconds=reduced(recording.latency, 0.5),
        expected_samples=block_seconds / recording.interval_seconds,
    )


def windows_of(recording: Recording, window_seconds: int) -> Iterator[Window]:
    """Windows that slide by one block; the first ones see the youth of the life only."""
    whole = blocks_of(recording, window_seconds)
    for end in range(1, len(whole.starts) + 1):
        cut = slice(max(end - BLOCKS_PER_WINDOW, 0), end)
        yield Window(
            seconds=window_seconds,
            block_seconds=whole.block_seconds,
            ended_at=float(whole.starts[end - 1] + whole.block_seconds),
            lives=(_cut(whole, cut),),
        )


def _cut(whole: LifeBlocks, cut: slice) -> LifeBlocks:
    def of(bands: Bands) -> Bands:
        return Bands(bands.p10[cut], bands.p50[cut], bands.p90[cut], bands.count[cut])

    return LifeBlocks(
        life=whole.life,
        block_seconds=whole.block_seconds,
        starts=whole.starts[cut],
        live_heap=of(whole.live_heap),
        resident=of(whole.resident),
        working_set=of(whole.working_set),
        load=whole.load[:, cut],
        latency_milliseconds=whole.latency_milliseconds[cut],
        expected_samples=whole.expected_samples,
    )
