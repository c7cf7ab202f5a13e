"""What a histogram's real bucket bounds say about a latency objective.

Exists because a quantile is interpolated inside its bucket: 180 ms and 240 ms are the same measurement where buckets
end at 100 and at 250. Source: Prometheus' documentation of `histogram_quantile`, and its practice on errors of quantile
estimation. Must not judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memdrift.drift.batch import Batch, Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.statistics import counted, median
from memdrift.drift.stretch import Stretch

_FEWEST_BLOCKS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Arrays of shape (rows,); NaN where a row's buckets are not known.

    Attributes:
        kept: milliseconds; a quantile up to it certainly keeps the objective.
        slow: milliseconds; a quantile above it certainly breaks the objective.
        slow_share: of the recent requests, those slower than `slow`, counted; NaN where it was not asked.
    """

    kept: Floats
    slow: Floats
    slow_share: Floats

    @property
    def coarse(self) -> Bools:
        """Where a bucket reaches across the objective, so that interpolation inside it is not believed."""
        return np.asarray(~np.isnan(self.slow) & ~(self.kept >= self.slow))

    def certainly_broken(self, latency: Floats, quantile: float) -> Bools:
        """Where the objective is broken, whatever the interpolation says."""
        too_many = np.nan_to_num(self.slow_share) > 1 - quantile
        return np.asarray((np.nan_to_num(latency) > self.slow) | too_many)


def buckets_of(batch: Batch, whole: Stretch) -> Buckets:
    """The bounds of each row, and the share of slow requests in the youngest quarter of its blocks."""
    nothing = np.full(batch.size, np.nan)
    share = nothing
    if whole.slow_fraction is not None:
        positions = np.arange(whole.slow_fraction.shape[1])[None, :]
        young = positions >= (whole.lengths - np.maximum(whole.lengths // 4, 3))[:, None]
        recent = np.where(young, whole.slow_fraction, np.nan)
        share = np.where(counted(np.isfinite(recent)) >= _FEWEST_BLOCKS, median(recent), np.nan)
    kept = nothing if batch.kept_bounds is None else batch.kept_bounds
    slow = nothing if batch.slow_bounds is None else batch.slow_bounds
    return Buckets(kept, slow, share)
