"""Raw samples of a run reduced to blocks on the epoch-aligned grid, as the query engine reduces them for the operator.

Exists so that a recording is judged on the very figures that a live pod would be judged on. Must not judge.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memdrift.backtest.recording import Recording
from memdrift.drift.blocks import Bands, Floats, Life, LifeBlocks

Indices = npt.NDArray[np.intp]


def reduced(recording: Recording, block_seconds: int) -> LifeBlocks:
    """The complete blocks of the whole run, from the one in which it began.

    A block that straddles the first sample is empty: it would mix two lives. The last block counts where the samples
    fill it to its end.
    """
    born_at = float(recording.times[0])
    first = int(born_at // block_seconds)
    ended_at = float(recording.times[-1]) + recording.interval_seconds
    blocks = max(int(ended_at // block_seconds) - first, 0)
    index = (recording.times // block_seconds).astype(np.intp) - first
    straddling = 1 if first * block_seconds < born_at else 0
    kept = (index >= straddling) & (index < blocks)
    index = index[kept]

    def bands(series: Floats | None) -> Bands:
        if series is None:
            return Bands.missing(blocks)
        (p10, p50, p90), count = quantiles_per_block(series[kept], index, blocks, (0.1, 0.5, 0.9))
        return Bands(p10, p50, p90, count)

    latency, _ = quantiles_per_block(recording.latency_milliseconds[kept], index, blocks, (0.5,))
    measured = recording.load[np.isfinite(recording.load).any(axis=1)]
    load = [mean_per_block(series[kept], index, blocks) for series in measured]
    return LifeBlocks(
        life=_life(recording, born_at),
        block_seconds=block_seconds,
        starts=block_seconds * (first + np.arange(blocks, dtype=np.int64)),
        live_heap=bands(recording.live_heap),
        resident=bands(recording.resident),
        working_set=bands(recording.working_set),
        load=np.array(load).reshape(len(load), blocks),
        latency_milliseconds=latency[0],
        expected_samples=block_seconds / recording.interval_seconds,
    )


def quantiles_per_block(
    values: Floats, index: Indices, blocks: int, quantiles: tuple[float, ...]
) -> tuple[Floats, Floats]:
    """Quantiles per block, shape (quantiles, blocks), NaN without samples, and the number of samples per block.

    Interpolated between the neighbours in rank, as `quantile_over_time` does. Samples that are not finite do not count.
    """
    finite = np.isfinite(values)
    values, index = values[finite], index[finite]
    ranked = values[np.lexsort((values, index))]
    count = np.bincount(index, minlength=blocks)[:blocks]
    first = np.cumsum(count) - count
    there = np.flatnonzero(count)
    found = np.full((len(quantiles), blocks), np.nan)
    for row, quantile in zip(found, quantiles, strict=True):
        rank = quantile * (count[there] - 1)
        below = np.floor(rank).astype(np.intp)
        above = np.minimum(below + 1, count[there] - 1)
        low, high = ranked[first[there] + below], ranked[first[there] + above]
        row[there] = low + (high - low) * (rank - below)
    return found, count.astype(np.float64)


def mean_per_block(values: Floats, index: Indices, blocks: int) -> Floats:
    """The mean of the finite samples per block, shape (blocks,); NaN without any."""
    finite = np.isfinite(values)
    count = np.bincount(index[finite], minlength=blocks)[:blocks]
    total = np.bincount(index[finite], weights=values[finite], minlength=blocks)[:blocks]
    return np.asarray(np.divide(total, count, out=np.full(blocks, np.nan), where=count > 0), dtype=np.float64)


def _life(recording: Recording, born_at: float) -> Life:
    return Life(
        pod=recording.id,
        uid=recording.id,
        container="recorded",
        started_at=born_at,
        revision="recorded",
        limit_bytes=None if recording.limit_bytes is None else int(recording.limit_bytes),
    )
