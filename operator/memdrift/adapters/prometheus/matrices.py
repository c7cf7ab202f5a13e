"""The answers of range queries as tables, read without an object for every sample.

Exists because a fleet's answers are tens of megabytes, and because the same label sets come again at every tick: they
are read once and known by their bytes afterwards. What this reader does not take, such as an infinite sample or
anything malformed, is read by `answers` and `tables`, which word the faults. Must not send anything.
"""

from __future__ import annotations

import sys
from itertools import chain
from typing import Literal

import msgspec
import numpy as np

from memdrift.adapters.prometheus.answers import (
    Origin,
    SeriesKey,
    Table,
    key_of,
    range_series,
    require_unwarned,
)
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.tables import rows_on, table_of
from memdrift.api.administration import SourceLabels

MOST_LABEL_SETS = 500_000
"""Known by their bytes, about 400 bytes each."""


class _Series(msgspec.Struct):
    metric: msgspec.Raw
    values: list[tuple[float, float]] = []


class _Data(msgspec.Struct):
    result_type: Literal["matrix"] = msgspec.field(name="resultType")
    result: list[_Series]


class _Answer(msgspec.Struct):
    status: Literal["success"]
    data: _Data
    warnings: list[str] = []


_ANSWER = msgspec.json.Decoder(_Answer, strict=False)
_LABELS = msgspec.json.Decoder(dict[str, str])


class Matrices:
    """Reads the matrices of one source.

    Args:
        labels: the source's names for namespace, pod and container.
        origin: for messages.
    """

    def __init__(self, labels: SourceLabels, origin: Origin) -> None:
        self._labels = labels
        self._origin = origin
        self._keys: dict[bytes, SeriesKey] = {}

    def table(self, body: bytes, grid: Grid) -> Table:
        """The answer on the grid.

        Raises:
            MetricsUnavailable: `MetricsMalformed` or `MetricsWarned`.
        """
        try:
            answer = _ANSWER.decode(body)
            keys = tuple([self._key(one.metric) for one in answer.data.result])
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return table_of(grid, range_series(body, self._origin), self._labels, self._origin)
        require_unwarned(answer.warnings, self._origin)
        values = [one.values for one in answer.data.result]
        counts = [len(each) for each in values]
        flat = chain.from_iterable(chain.from_iterable(values))
        samples = np.fromiter(flat, np.float64, 2 * sum(counts)).reshape(-1, 2)
        return Table(grid, keys, rows_on(grid, keys, counts, samples, self._origin))

    def _key(self, labels: msgspec.Raw) -> SeriesKey:
        raw = bytes(labels)
        known = self._keys.get(raw)
        if known is None:
            if len(self._keys) >= MOST_LABEL_SETS:
                self._keys.clear()
            key = key_of(_LABELS.decode(raw), self._labels)
            known = self._keys[raw] = SeriesKey(*(sys.intern(label) for label in key))
        return known
