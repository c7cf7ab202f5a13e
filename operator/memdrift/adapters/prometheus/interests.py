"""Who asks a question, how often, and whose answer may be refreshed along with another's.

Exists so that one store's tick can serve all, without asking for stores that are gone or that failed a moment ago. Must
not send anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from memdrift.adapters.prometheus.batches import MOST_STORES
from memdrift.adapters.prometheus.cache import FRESH_SHARE
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.scopes import Scope

PASSENGER_SHARE = FRESH_SHARE / 2
"""An answer older than this share of a block is refreshed along with older ones."""
LEAST_INTEREST_SECONDS = 600.0
INTEREST_PERIODS = 3.0
"""A store that has not asked for so many of its own periods is forgotten."""
SAME_REQUEST_SECONDS = 1.0


@dataclass(slots=True)
class Interest:
    """A store that asks the question.

    Attributes:
        asked_at, failed_at: monotonic seconds of its last request, and of its last answer that could not be had.
        together: with how many stores it may be asked about, itself included.
    """

    scope: Scope
    asked_at: float
    period_seconds: float = 0.0
    failed_at: float = float("-inf")
    together: int = MOST_STORES

    def expired(self, now: float) -> bool:
        """Whether nobody wants it any more."""
        return now - self.asked_at > max(LEAST_INTEREST_SECONDS, INTEREST_PERIODS * self.period_seconds)


@dataclass(slots=True)
class Interests:
    """All stores that ask one question."""

    _by_scope: dict[Scope, Interest] = field(default_factory=dict)
    _gathered_at: float = float("-inf")
    _gathered_end: int = 0

    def note(self, scope: Scope, now: float) -> Interest:
        """The store asks."""
        interest = self._by_scope.get(scope)
        if interest is None:
            interest = self._by_scope[scope] = Interest(scope, now)
        elif now - interest.asked_at >= SAME_REQUEST_SECONDS:
            interest.period_seconds, interest.asked_at = now - interest.asked_at, now
        return interest

    def passengers(self, grid: Grid, now: float) -> Iterator[Interest]:
        """Those whose answers may be refreshed along with one that must be.

        What failed a moment ago is tried again when its own store asks, or later: not at every other store's tick.
        """
        recently = PASSENGER_SHARE * grid.block_seconds
        if now - self._gathered_at < recently and grid.last_end == self._gathered_end:
            return
        self._gathered_at, self._gathered_end = now, grid.last_end
        for interest in list(self._by_scope.values()):
            if now - interest.failed_at >= recently:
                yield interest

    def drop_expired(self, now: float) -> list[Scope]:
        """Forget those that do not ask any more."""
        expired = [scope for scope, interest in self._by_scope.items() if interest.expired(now)]
        for scope in expired:
            del self._by_scope[scope]
        return expired

    def failed(self, scope: Scope, now: float) -> None:
        """Its answer could not be had."""
        if scope in self._by_scope:
            self._by_scope[scope].failed_at = now

    def resize(self, scope: Scope, size: int, *, good: bool) -> None:
        """A query about so many stores succeeded, or failed in a way that may be one store's only."""
        interest = self._by_scope.get(scope)
        if interest is not None:
            grown, shrunk = (
                max(interest.together, min(MOST_STORES, 2 * size)),
                max(1, min(interest.together, size // 2)),
            )
            interest.together = grown if good else shrunk

    def __len__(self) -> int:
        return len(self._by_scope)
