"""Every gate on a thousand containers against the usual trend test on the same samples.

The trend test sees a sample of the series, one by one, as it must; its time is per series. Ours contains the reduction
of the raw samples to blocks, which the operator leaves to the query engine.
"""

from __future__ import annotations

import pymannkendall

from memdrift.drift.assessment import GATES
from memdrift.drift.judgement import judge_batch
from memdrift.drift.policy import DetectionPolicy
from tests.bench.population import reduced, samples
from tests.bench.timing import fastest_seconds

SERIES, TESTED_SERIES = 1000, 50
REPEATS = 20
"""Turns of all three, of which the fastest counts; with five, often none is undisturbed."""
POLICY = DetectionPolicy()


def kernel_360() -> dict[str, object]:
    """Six hours at a sample a minute; wanted: 200 times faster."""
    return _kernel(360, window_seconds=21_600, block_seconds=480, wanted_ratio=200)


def kernel_1440() -> dict[str, object]:
    """A day at a sample a minute; wanted: 1,000 times faster."""
    return _kernel(1440, window_seconds=86_400, block_seconds=1800, wanted_ratio=1000)


def _kernel(count: int, *, window_seconds: int, block_seconds: int, wanted_ratio: float) -> dict[str, object]:
    given = samples(SERIES, count)
    tested = given.memory[:: SERIES // TESTED_SERIES]
    batch = reduced(given, window_seconds, block_seconds)
    reduction, judgement, theirs = fastest_seconds(
        lambda: reduced(given, window_seconds, block_seconds),
        lambda: judge_batch(batch, POLICY),
        lambda: [pymannkendall.original_test(series) for series in tested],
        repeats=REPEATS,
    )
    ours_microseconds = 1e6 * (reduction + judgement) / SERIES
    their_microseconds = 1e6 * theirs / len(tested)
    return {
        "samples_per_series": count,
        "series": SERIES,
        "blocks": batch.blocks,
        "gates": len(GATES),
        "reduction_microseconds_per_series": 1e6 * reduction / SERIES,
        "judgement_microseconds_per_series": 1e6 * judgement / SERIES,
        "microseconds_per_series": ours_microseconds,
        "pymannkendall_microseconds_per_series": their_microseconds,
        "pymannkendall_series": len(tested),
        "ratio": their_microseconds / ours_microseconds,
        "wanted_ratio": wanted_ratio,
    }
