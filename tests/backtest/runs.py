"""Hand-made recordings and verdicts for the tests of the back-test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from memdrift.backtest.episodes import Episode, Track
from memdrift.backtest.recording import Recording
from memdrift.backtest.replay import Outcome
from memdrift.drift.blocks import Floats

MEBIBYTE = 1024.0**2


def recording(times: Floats, resident: Floats | None = None, **changes: Any) -> Recording:
    """A run of resident memory; everything else is absent unless it is named."""
    made = Recording(
        id="run",
        family="made",
        label="steady",
        interval_seconds=60.0,
        exposure_seconds=60.0 * len(times),
        times=times,
        live_heap=None,
        resident=resident,
        working_set=None,
        load=np.empty((0, len(times))),
        latency_milliseconds=np.full(len(times), np.nan),
    )
    return replace(made, **changes)


def track(window_seconds: int, ends: Sequence[float], kinds: Sequence[int], missing: Sequence[bool] = ()) -> Track:
    """What a window said at the end of each block."""
    without: npt.NDArray[np.bool_] = np.array(missing, dtype=bool) if missing else np.zeros(len(ends), dtype=bool)
    return Track(window_seconds, np.array(ends, dtype=float), np.array(kinds, dtype=np.int8), without)


def outcome(*confirmed_at: float, impact: bool = False, judged_share: float = 1.0) -> Outcome:
    """A run with episodes confirmed at these seconds."""
    episodes = tuple(Episode(at - 60.0, at, None, at if impact else None, 21_600) for at in confirmed_at)
    return Outcome(episodes, judged_share)
