"""One store's share of an answer: its series as rows over the grid.

Exists so that an answer for many stores can be taken apart, kept and joined store by store, and so that windows can
be views of what is kept instead of copies. Values of a part never change; must not send anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from memdrift.adapters.prometheus.grid import Grid
from memdrift.drift.blocks import Floats

Named = tuple[str, str, str]
"""(pod, container, band) of a series; a label it does not have is ""."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The answer to one question for one store.

    Attributes:
        rows: the row of each series, in the order of the names, so that equal names have equal rows.
        values: shape (series, blocks), not writeable; NaN where there is no figure.
    """

    grid: Grid
    rows: Mapping[Named, int]
    values: Floats

    def __post_init__(self) -> None:
        self.values.setflags(write=False)

    @classmethod
    def nothing(cls, grid: Grid) -> Part:
        """The answer that holds no series."""
        return cls(grid, {}, np.empty((0, grid.count)))

    @property
    def cells(self) -> int:
        """How much it weighs, 8 bytes each; an empty answer still weighs something."""
        return 1 + self.values.size

    def figures(self, pod: str, container: str = "", band: str = "") -> Floats | None:
        """A series over the grid; None where there is none."""
        row = self.rows.get((pod, container, band))
        return None if row is None else self.values[row]


def joined(known: Part | None, grid: Grid, fetched: Part) -> Part:
    """The answer over the whole grid: what was fetched over its young end, what was known before it.

    The very same object where that changes nothing, so that whoever looked at it need not look again.
    """
    fetched_from = grid.count - fetched.grid.count
    if known is None or fetched_from == 0:
        return known if known is not None and _same(known, grid, fetched) else fetched
    shift = (grid.first_end - known.grid.first_end) // grid.block_seconds
    kept = known.values[:, shift : shift + fetched_from]
    if fetched.rows is known.rows or fetched.rows == known.rows:
        whole = Part(grid, known.rows, np.concatenate([kept, fetched.values], axis=1))
    else:
        whole = _merged(grid, known, kept, fetched)
    return known if _same(known, grid, whole) else whole


def _merged(grid: Grid, known: Part, kept: Floats, fetched: Part) -> Part:
    """Series that ended before the grid are dropped, new ones are added."""
    alive = np.asarray(np.isfinite(kept).any(axis=1))
    names = sorted({name for name, row in known.rows.items() if alive[row]} | fetched.rows.keys())
    values = np.full((len(names), grid.count), np.nan)
    for place, name in enumerate(names):
        if name in known.rows:
            values[place, : kept.shape[1]] = kept[known.rows[name]]
        if name in fetched.rows:
            values[place, kept.shape[1] :] = fetched.values[fetched.rows[name]]
    return Part(grid, {name: place for place, name in enumerate(names)}, values)


def _same(known: Part, grid: Grid, other: Part) -> bool:
    return (
        known.grid == grid
        and (known.rows is other.rows or known.rows == other.rows)
        and np.array_equal(known.values, other.values, equal_nan=True)
    )
