"""A window cut out of long histories, as the sampler would have given it at that moment.

Exists so that a moment of a back-test can be judged by the front door, with every gate and sentence. Must not judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from memdrift.drift.blocks import Bands, Floats, LifeBlocks, Window


def window_at(
    histories: Sequence[LifeBlocks],
    window_seconds: int,
    end: float,
    queries: tuple[str, ...] = (),
    *,
    store: bool = False,
) -> Window:
    """The window whose youngest block ends at `end`, a multiple of the blocks' length.

    Args:
        histories: lives over their whole length, all with blocks of one length.
        window_seconds: length of the window.
        end: epoch seconds.
        queries: kept with the window as evidence.
        store: whether latency is one series of the whole store.

    Raises:
        ValueError: there is no history.
    """
    if not histories:
        raise ValueError("histories is empty: no life was measured")
    length = histories[0].block_seconds
    count = max(window_seconds // length, 1)
    starts = int(end) - length * np.arange(count, 0, -1, dtype=np.int64)
    living = [each for each in histories if each.starts[0] <= starts[-1] <= each.starts[-1]]
    past = [each for each in histories if starts[0] <= each.starts[-1] < starts[-1]]
    return Window(
        seconds=window_seconds,
        block_seconds=length,
        ended_at=float(end),
        lives=tuple(stretch_of(each, starts) for each in living),
        queries=queries,
        latency_scope_is_store=store,
        past_lives=tuple(stretch_of(each, starts) for each in past),
    )


def stretch_of(history: LifeBlocks, starts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> LifeBlocks:
    """The history over these blocks, empty where it has none; the blocks must follow each other."""
    first = int(starts[0] - history.starts[0]) // history.block_seconds

    def cut(values: Floats, absent: float = np.nan) -> Floats:
        found = np.full(len(starts), absent)
        begin, end = max(first, 0), min(first + len(starts), len(values))
        if begin < end:
            found[begin - first : end - first] = values[begin:end]
        return found

    def bands(series: Bands) -> Bands:
        return Bands(cut(series.p10), cut(series.p50), cut(series.p90), cut(series.count, 0.0))

    return replace(
        history,
        starts=starts,
        live_heap=bands(history.live_heap),
        resident=bands(history.resident),
        working_set=bands(history.working_set),
        load=np.array([cut(row) for row in history.load]).reshape(len(history.load), len(starts)),
        latency_milliseconds=cut(history.latency_milliseconds),
    )
