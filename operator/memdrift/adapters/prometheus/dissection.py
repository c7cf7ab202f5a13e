"""Answers about many stores taken apart, again and again.

Exists because at every tick the same series come for the same stores: whose a pod is, and in which order a store's
series are kept, is found out once. Must not send anything, and must not give a store another's series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from memdrift.adapters.prometheus.answers import SeriesKey, Table
from memdrift.adapters.prometheus.parts import Named, Part
from memdrift.adapters.prometheus.scopes import Finder, Indices, Scope, ordered

MOST_PODS, MOST_SCOPES = 100_000, 20_000
"""Remembered ones; with more than that, which are mostly gone, all is found out anew."""


class Owners:
    """Which scopes mean a pod, among all that were ever asked about; one for all questions of a source."""

    def __init__(self) -> None:
        self._finder = Finder()
        self._numbers: dict[Scope, int] = {}
        self._owners: dict[tuple[str, str], tuple[int, ...]] = {}

    def numbers(self, scopes: Sequence[Scope]) -> list[int]:
        """Each scope's number, from now on."""
        if len(self._owners) > MOST_PODS or len(self._numbers) > MOST_SCOPES:
            self._finder, self._numbers, self._owners = Finder(), {}, {}
        for scope in scopes:
            if scope not in self._numbers:
                self._numbers[scope] = self._finder.add(scope)
                self._owners.clear()
        return [self._numbers[scope] for scope in scopes]

    def of(self, namespace: str, pod: str) -> tuple[int, ...]:
        """The numbers of the scopes that mean the pod."""
        place = (namespace, pod)
        found = self._owners.get(place)
        if found is None:
            found = self._owners[place] = self._finder.owners(namespace, pod)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """How the series of one store, that come in this order, are kept."""

    keys: tuple[SeriesKey, ...]
    rows: Mapping[Named, int]
    places: Indices


class Dissector:
    """Takes the answers to one question apart.

    Equal rows are the same object at every tick, so that parts are compared and joined without looking at names.
    """

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._orders: dict[Scope, _Order] = {}

    def parts(self, table: Table, scopes: Sequence[Scope]) -> list[Part]:
        """Each scope's own series, in the order of the scopes; what is nobody's is dropped."""
        places: dict[int, list[int]] = {number: [] for number in self._owners.numbers(scopes)}
        of = self._owners.of
        for place, key in enumerate(table.keys):
            for number in of(key.namespace, key.pod):
                if number in places:
                    places[number].append(place)
        if len(self._orders) > MOST_SCOPES:
            self._orders.clear()
        return [self._part(table, scope, own) for scope, own in zip(scopes, places.values(), strict=True)]

    def _part(self, table: Table, scope: Scope, places: list[int]) -> Part:
        keys = tuple([table.keys[place] for place in places])
        order = self._orders.get(scope)
        if order is None or order.keys != keys:
            order = self._orders[scope] = _Order(keys, *ordered(keys))
        return Part(table.grid, order.rows, table.values[np.array(places, dtype=np.intp)[order.places]])
