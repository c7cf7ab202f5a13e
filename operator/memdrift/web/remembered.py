"""Answers that count for a while.

Exists so that one question is asked once, not once for every page. Bounded: the oldest make room. Must not ask.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Values with an end, the oldest of which make room."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._held: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def valid(self, now: float) -> Valid[K, V]:
        """What counts now."""
        return Valid(self._held, now)

    def keep(self, key: K, value: V, until: float) -> None:
        """Remember a value until its end."""
        self._held[key] = until, value
        self._held.move_to_end(key)
        while len(self._held) > self._at_most:
            self._held.popitem(last=False)

    def ends_at(self, key: K) -> float:
        """When the value ends or ended; 0 where none is remembered."""
        return self._held[key][0] if key in self._held else 0.0


@dataclass(frozen=True, slots=True)
class Valid(Generic[K, V]):
    """What is remembered, as far as it counts at one moment."""

    held: OrderedDict[K, tuple[float, V]]
    now: float

    def __contains__(self, key: K) -> bool:
        return key in self.held and self.held[key][0] > self.now

    def __getitem__(self, key: K) -> V:
        return self.held[key][1]

    def get(self, key: K, default: V) -> V:
        """The value, or the default where none counts."""
        until, value = self.held.get(key, (self.now, default))
        return value if until > self.now else default
