"""The part of one life that is judged: one memory, its load and its latency on the same blocks.

Exists so that gates see neither warm-up, nor blocks of another life, nor samples too thin to count. Cuts and masks
only; must not judge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from memdrift.drift.blocks import Bands, Floats, LifeBlocks
from memdrift.drift.policy import DetectionPolicy

Bools = npt.NDArray[np.bool_]

FEWEST_BLOCKS = 8
"""Below this, Kendall's tau of pure noise reaches its threshold too often to mean anything."""
_THIN_SHARE = 0.5
"""A block with fewer of its expected samples is a hole: its quantiles would be those of a moment."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Blocks of a life after its warm-up, NaN where a block is missing.

    Attributes:
        seconds: middle of each block, in seconds since the first block's start.
        began_at: epoch seconds of the first block's start.
        low, middle, high: the 10th, 50th and 90th percentile in bytes.
        judged: the band whose shape is judged: the middle of live heap, the quieter lower or middle one of others.
        load: per second, one row per series, shape (series, blocks).
        latency: milliseconds.
    """

    block_seconds: int
    began_at: float
    seconds: Floats
    low: Floats
    middle: Floats
    high: Floats
    judged: Floats
    load: Floats
    latency: Floats

    @property
    def present(self) -> Bools:
        """Which blocks have the judged memory."""
        return np.isfinite(self.judged)

    @property
    def times(self) -> Floats:
        """Middles of the present blocks."""
        return self.seconds[self.present]

    @property
    def values(self) -> Floats:
        """The judged memory of the present blocks."""
        return self.judged[self.present]

    @property
    def span_seconds(self) -> float:
        """From the first present block's middle to the last one's."""
        return float(self.times[-1] - self.times[0]) if self.present.any() else 0.0

    def after(self, seconds: float) -> Stretch:
        """The blocks whose middle is not before the given second."""
        return self.masked(self.seconds >= seconds)

    def masked(self, keep: Bools) -> Stretch:
        """The kept blocks only."""
        return replace(
            self,
            seconds=self.seconds[keep],
            low=self.low[keep],
            middle=self.middle[keep],
            high=self.high[keep],
            judged=self.judged[keep],
            load=self.load[:, keep],
            latency=self.latency[keep],
        )


def exists(bands: Bands) -> bool:
    """Whether the series has any sample at all."""
    return bool(np.isfinite(bands.p50).any())


def stretch_of(blocks: LifeBlocks, bands: Bands, policy: DetectionPolicy, *, quieter_band: bool) -> Stretch:
    """The judged stretch of one memory of a life; without blocks where the life is younger than its warm-up."""
    own = own_blocks(blocks, policy)
    enough = np.asarray(bands.count >= _THIN_SHARE * blocks.expected_samples)
    low, middle, high = (
        np.where(enough & np.isfinite(band), band, np.nan) for band in (bands.p10, bands.p50, bands.p90)
    )
    latency = np.where(np.isfinite(blocks.latency_milliseconds), blocks.latency_milliseconds, np.nan)
    load = np.where(np.isfinite(blocks.load), blocks.load, np.nan).reshape(-1, len(blocks.starts))
    starts = blocks.starts.astype(np.float64)
    began_at = float(starts[own][0]) if own.any() else float(starts[-1]) if len(starts) else 0.0
    whole = Stretch(
        block_seconds=blocks.block_seconds,
        began_at=began_at,
        seconds=starts - began_at + blocks.block_seconds / 2,
        low=low,
        middle=middle,
        high=high,
        judged=_quieter(low, middle) if quieter_band else middle,
        load=load,
        latency=latency,
    )
    return whole.masked(own)


def own_blocks(blocks: LifeBlocks, policy: DetectionPolicy) -> Bools:
    """Which blocks start after the life's warm-up."""
    return np.asarray(blocks.starts >= blocks.life.started_at + policy.warm_up_seconds)


def _quieter(low: Floats, middle: Floats) -> Floats:
    """The band that jumps less from block to block: the lower one of a sawtooth, the middle one of dips."""
    return low if _roughness(low) < _roughness(middle) else middle


def _roughness(band: Floats) -> float:
    jumps = np.abs(np.diff(band[np.isfinite(band)]))
    return float(jumps.mean()) if len(jumps) else 0.0
