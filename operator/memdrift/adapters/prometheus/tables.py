"""The samples of range answers as rows over a grid of blocks.

Exists so that no sample is believed that was not asked for. Must not send anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memdrift.adapters.prometheus.answers import Origin, RangeSeries, SeriesKey, Table, key_of
from memdrift.adapters.prometheus.grid import Grid
from memdrift.api.administration import SourceLabels
from memdrift.drift.blocks import Floats

NEAR_SECONDS = 0.001


def table_of(grid: Grid, series: Sequence[RangeSeries], labels: SourceLabels, origin: Origin) -> Table:
    """The series as rows over the grid.

    Raises:
        MetricsUnavailable: `MetricsMalformed`: times off the grid, or two series of the same labels.
    """
    keys = tuple(key_of(one.metric, labels) for one in series)
    samples = np.array([sample for one in series for sample in one.values]).reshape(-1, 2)
    return Table(grid, keys, rows_on(grid, keys, [len(one.values) for one in series], samples, origin))


def rows_on(grid: Grid, keys: Sequence[SeriesKey], counts: Sequence[int], samples: Floats, origin: Origin) -> Floats:
    """Samples as rows over the grid, one row per key.

    Args:
        grid: the blocks that were asked for.
        keys: of the series.
        counts: how many samples each has.
        samples: time and value of all of them, series after series, shape (samples, 2).
        origin: for messages.

    Raises:
        MetricsUnavailable: see `table_of`.
    """
    if len(set(keys)) < len(keys):
        raise origin.malformed("two series with the same labels")
    if len(samples) == len(keys) * grid.count:
        whole = samples.reshape(len(keys), grid.count, 2)
        if np.array_equal(whole[:, :, 0], np.broadcast_to(grid.starts + grid.block_seconds, whole.shape[:2])):
            return np.where(np.isfinite(whole[:, :, 1]), whole[:, :, 1], np.nan)
    distances = (samples[:, 0] - grid.first_end) / grid.block_seconds
    columns = np.rint(distances)
    fitting = (np.abs(distances - columns) * grid.block_seconds < NEAR_SECONDS) & (columns >= 0)
    fitting &= columns < grid.count
    if not fitting.all():
        raise origin.malformed(f"a sample at {samples[~fitting][0, 0]:.3f}, which was not asked for")
    values = np.full((len(keys), grid.count), np.nan)
    rows = np.repeat(np.arange(len(keys)), counts)
    values[rows, columns.astype(np.intp)] = np.where(np.isfinite(samples[:, 1]), samples[:, 1], np.nan)
    return values


def together(tables: Sequence[Table]) -> Table:
    """Answers on one grid that share no series, as one."""
    if len(tables) == 1:
        return tables[0]
    keys = tuple(key for table in tables for key in table.keys)
    return Table(tables[0].grid, keys, np.concatenate([table.values for table in tables]))
