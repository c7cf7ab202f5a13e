"""How many stores one query may ask about, and which of them are better asked apart.

Exists so that queries stay small enough for proxies and for the engine, and so that one store whose series cannot be
had does not take the others with it again and again. Must not send anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from memdrift.adapters.prometheus.cache import Remembered
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.parts import Part
from memdrift.adapters.prometheus.scopes import Scope

MOST_STORES = 256
MOST_SCOPE_LETTERS = 12_000
"""The scope stands in every selector of a query, of which there are at most nine: about 100 KB."""
MOST_CELLS = 250_000
"""Series times blocks of an answer: about 8 MB of text, 15 MB while it is read."""
PODS_BESIDE = 1.25
"""An answer also holds pods that are gone."""


@dataclass(slots=True)
class Wanted:
    """One store's part that somebody waits for, or that is asked for along with others.

    Attributes:
        grid: the window.
        known: what was known of it.
        needed: the blocks to ask for, to know it all.
        together: with how many stores at most, itself included: fewer after a failure, more after a success.
        flight: where whoever waits hears of it.
    """

    scope: Scope
    grid: Grid
    known: Remembered | None
    needed: Grid
    together: int = MOST_STORES
    flight: asyncio.Future[Part] | None = None


def batch_of(waiting: Sequence[Wanted], bands: int) -> list[Wanted]:
    """The longest beginning of those that need the same blocks as the first, which one query may ask about."""
    first = waiting[0]
    batch: list[Wanted] = []
    letters, cells, together = 0, 0.0, MOST_STORES
    for wanted in waiting:
        if wanted.needed != first.needed:
            continue
        letters += len(wanted.scope.namespace) + len(wanted.scope.beginnings) + 2
        cells += wanted.scope.expected_pods * PODS_BESIDE * bands * wanted.needed.count
        together = min(together, wanted.together)
        full = len(batch) >= together or letters > MOST_SCOPE_LETTERS or cells > MOST_CELLS
        if full and batch:
            break
        batch.append(wanted)
    return batch


def halves(batch: Sequence[Wanted]) -> tuple[list[Wanted], list[Wanted]]:
    """The batch in two, for after a failure."""
    middle = len(batch) // 2
    return list(batch[:middle]), list(batch[middle:])
