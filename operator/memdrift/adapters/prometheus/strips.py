"""Series over a long stretch of blocks, kept only where they have figures.

Exists because a month holds many pods that lived for hours: as whole arrays they would be mostly holes. Must not send
anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from memdrift.adapters.prometheus.answers import Table
from memdrift.adapters.prometheus.grid import Grid
from memdrift.drift.blocks import Floats

Named = tuple[str, str, str]
"""(pod, container, band)."""


@dataclass(slots=True)
class Strips:
    """The series of one question over the grid; 8 bytes for every block of every part in which a series is."""

    grid: Grid
    _parts: dict[Named, list[tuple[int, Floats]]] = field(default_factory=dict)

    def add(self, table: Table, namespace: str) -> None:
        """The answer for a part of the grid; series of other namespaces are left out, as a query may not change it."""
        offset = (table.grid.first_end - self.grid.first_end) // self.grid.block_seconds
        for key, array in zip(table.keys, table.values, strict=True):
            if key.namespace in {"", namespace} and np.isfinite(array).any():
                self._parts.setdefault((key.pod, key.container, key.band), []).append((offset, array))

    def containers(self) -> set[tuple[str, str]]:
        """(pod, container) of every series."""
        return {(pod, container) for pod, container, _ in self._parts}

    def __contains__(self, name: Named) -> bool:
        return name in self._parts

    def over(self, name: Named, first: int, count: int) -> Floats:
        """The series from the block `first` on; NaN where it has no figure."""
        found = np.full(count, np.nan)
        for offset, array in self._parts.get(name, ()):
            begin, end = max(first, offset), min(first + count, offset + len(array))
            if begin < end:
                found[begin - first : end - first] = array[begin - offset : end - offset]
        return found

    def whole(self, name: Named) -> Floats:
        """The series over the whole grid."""
        return self.over(name, 0, self.grid.count)
