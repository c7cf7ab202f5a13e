"""All verdicts of a fleet at one moment: ten thousand pods, three windows each, every memory they have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from memdrift.drift.batch import BandRows, Batch
from memdrift.drift.judgement import judge_batch
from memdrift.drift.judgements import KINDS
from memdrift.drift.policy import DetectionPolicy
from tests.bench.population import MIB, reduced, samples
from tests.bench.timing import fastest_seconds

PODS = 10_000
WINDOWS_SECONDS = (21_600, 86_400, 259_200)
BLOCKS, SAMPLES_PER_BLOCK = 48, 8
REPEATS = 3
WANTED_SECONDS = 1.5
POLICY = DetectionPolicy()


def fleet() -> dict[str, object]:
    """Seconds to judge all rows; wanted: 1.5 on one core."""
    batches = [_window(seconds, seed) for seed, seconds in enumerate(WINDOWS_SECONDS)]
    (seconds,) = fastest_seconds(lambda: [judge_batch(batch, POLICY) for batch in batches], repeats=REPEATS)
    judged = np.concatenate([judge_batch(batch, POLICY).kinds for batch in batches])
    rows = PODS * len(batches)
    return {
        "pods": PODS,
        "windows": len(batches),
        "seconds": seconds,
        "wanted_seconds": WANTED_SECONDS,
        "microseconds_per_row": 1e6 * seconds / rows,
        "verdicts": {str(kind): int((judged == code).sum()) for code, kind in enumerate(KINDS)},
    }


def _window(window_seconds: int, seed: int) -> Batch:
    """Live heap, resident memory and working set of every pod; one in twenty leaks."""
    kinds = ("flat", "sawtooth", "random walk", "sawtooth on a random walk", "flat") * 4
    given = samples(PODS, BLOCKS * SAMPLES_PER_BLOCK, (*kinds[:-1], "ramp"), seed)
    block_seconds = window_seconds // BLOCKS
    whole = reduced(given, window_seconds, block_seconds, block_seconds // SAMPLES_PER_BLOCK)
    heap = whole.resident
    assert heap is not None
    return replace(
        whole,
        live_heap=heap,
        resident=_moved(heap, 1.5, 30 * MIB),
        working_set=_moved(heap, 1.5, 60 * MIB),
        limits=np.full(PODS, 1024 * MIB),
    )


def _moved(bands: BandRows, factor: float, more: float) -> BandRows:
    return BandRows(bands.p10 * factor + more, bands.p50 * factor + more, bands.p90 * factor + more, bands.count)
