"""One question of one source, asked for all stores that are interested in it.

A store becomes interested by asking. Whoever finds its own part old first has the parts of all others refreshed that
are old as well; who asks meanwhile awaits the same answer. A store without any part is not made to wait for the fleet:
it is asked about at once, together with whoever else is new at that moment. Must not know what is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final

from memdrift.adapters.prometheus import connection as faults
from memdrift.adapters.prometheus.answers import MALFORMED, WARNED
from memdrift.adapters.prometheus.batches import Wanted, batch_of, halves
from memdrift.adapters.prometheus.cache import BlockCache, CacheKey, Remembered, missing_part, whole_end_of
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.interests import LEAST_INTEREST_SECONDS, PASSENGER_SHARE, Interest, Interests
from memdrift.adapters.prometheus.parts import Part, joined
from memdrift.adapters.prometheus.scopes import Scope
from memdrift.errors import MetricsUnavailable
from memdrift.ports import Clock

DIVISIBLE = frozenset({faults.TOO_LARGE, faults.REJECTED, faults.TIMED_OUT, WARNED, MALFORMED})
"""Failures that may be one store's only."""
MOST_TIMEOUTS, MOST_FAILURES = 3, 24
"""How many failed queries one batch may cost before the rest of it is given up until the next tick."""
NEW, OLD = 0, 1

Ask = Callable[[Sequence[Scope], Grid], Awaitable[list[Part]]]
"""Sends one query about these stores for these blocks and gives each one's part, in order."""


class SharedQuestion:
    """The question, who wants to know, and what is under way.

    Args:
        source, question: what identifies it for the cache, without a scope.
        bands: series per container in its answer.
        ask: sends it.
    """

    def __init__(self, source: str, question: Hashable, bands: int, ask: Ask, cache: BlockCache, clock: Clock) -> None:
        self.source: Final = source
        self._question = question
        self._bands = bands
        self._ask = ask
        self._cache = cache
        self._clock = clock
        self._made_at = clock.monotonic()
        self._interests = Interests()
        self._flights: dict[Scope, asyncio.Future[Part]] = {}
        self._queues: dict[int, list[Wanted]] = {NEW: [], OLD: []}
        self._serving: dict[int, asyncio.Task[None]] = {}

    def known(self, scope: Scope, grid: Grid) -> Part | None:
        """The part if it is good enough as it is; it may be a block ahead of the grid. None where it must be asked."""
        now = self._clock.monotonic()
        self._interests.note(scope, now)
        known = self._cache.get(self.cache_key(scope))
        if known is None:
            return None
        ahead = 0 < known.grid.last_end - grid.last_end <= grid.block_seconds
        return known.part if ahead or missing_part(known, grid, now) is None else None

    async def part(self, scope: Scope, grid: Grid) -> Part:
        """The store's part over the grid, or over one that is a block ahead.

        Raises:
            MetricsUnavailable.
        """
        known = self.known(scope, grid)
        while known is None:
            if scope not in self._flights:
                self._depart(scope, grid)
            part = await asyncio.shield(self._flights[scope])
            known = part if part.grid.last_end >= grid.last_end else self.known(scope, grid)
        return known

    def cache_key(self, scope: Scope) -> CacheKey:
        """Where the store's part is kept."""
        return CacheKey(self.source, self._question, scope)

    def idle(self) -> bool:
        """Whether nobody has been interested for long."""
        self._drop_expired()
        return not self._interests and self._clock.monotonic() - self._made_at > LEAST_INTEREST_SECONDS

    def close(self, failure: MetricsUnavailable) -> None:
        """Whoever waits gets the failure."""
        for flight in list(self._flights.values()):
            if not flight.done():
                flight.set_exception(failure)
        for task in self._serving.values():
            task.cancel()

    def _drop_expired(self) -> None:
        self._cache.forget(self.cache_key(scope) for scope in self._interests.drop_expired(self._clock.monotonic()))

    def _depart(self, scope: Scope, grid: Grid) -> None:
        """Put the store's part on its way, and the old parts of others along with it."""
        now = self._clock.monotonic()
        known = self._cache.get(self.cache_key(scope))
        interest = self._interests.note(scope, now)
        self._enlist(interest, grid, known, missing_part(known, grid, now) or grid)
        if known is not None:
            self._drop_expired()
            for other in self._interests.passengers(grid, now):
                self._take_along(other, grid, now)
        for lane in (NEW, OLD):
            if self._queues[lane] and lane not in self._serving:
                self._serving[lane] = asyncio.create_task(self._serve(lane))

    def _take_along(self, interest: Interest, grid: Grid, now: float) -> None:
        known = self._cache.get(self.cache_key(interest.scope))
        if known is not None and interest.scope not in self._flights:
            needed = missing_part(known, grid, now, PASSENGER_SHARE)
            if needed is not None:
                self._enlist(interest, grid, known, needed)

    def _enlist(self, interest: Interest, grid: Grid, known: Remembered | None, needed: Grid) -> None:
        flight: asyncio.Future[Part] = asyncio.get_running_loop().create_future()
        flight.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be waiting for it
        self._flights[interest.scope] = flight
        wanted = Wanted(interest.scope, grid, known, needed, interest.together, flight)
        self._queues[NEW if known is None else OLD].append(wanted)

    async def _serve(self, lane: int) -> None:
        """One query after the other until nobody waits: who comes meanwhile goes with the next one."""
        queue = self._queues[lane]
        try:
            while queue:
                batch = batch_of(queue, self._bands)
                chosen = {id(wanted) for wanted in batch}
                queue[:] = [wanted for wanted in queue if id(wanted) not in chosen]
                try:
                    await self._settle(batch)
                except Exception as error:  # noqa: BLE001 - whoever waits must hear of it; nobody else would
                    for wanted in batch:
                        self._land(wanted, error)
        finally:
            del self._serving[lane]

    async def _settle(self, batch: list[Wanted]) -> None:
        """Ask about the batch; where that fails, about its halves, down to the stores that cannot be had."""
        waiting, failures = [batch], 0
        while waiting:
            part = waiting.pop()
            failure = await self._attempt(part)
            if failure is None:
                continue
            failures += 1
            most = MOST_TIMEOUTS if failure.reason == faults.TIMED_OUT else MOST_FAILURES
            if len(part) > 1 and failures < most and failure.reason in DIVISIBLE:
                waiting += halves(part)
                continue
            for wanted in part:
                self._interests.failed(wanted.scope, self._clock.monotonic())
                self._land(wanted, failure)

    async def _attempt(self, batch: list[Wanted]) -> MetricsUnavailable | None:
        asked_at = self._clock.monotonic()
        try:
            parts = await self._ask([wanted.scope for wanted in batch], batch[0].needed)
        except MetricsUnavailable as failure:
            if failure.reason in DIVISIBLE:
                self._resize(batch, good=False)
            return failure
        self._resize(batch, good=True)
        for wanted, fetched in zip(batch, parts, strict=True):
            key, known = self.cache_key(wanted.scope), wanted.known
            part = joined(known.part if known else None, wanted.grid, fetched)
            whole_end = whole_end_of(known, wanted.grid, wanted.needed, wanted.scope.name)
            self._cache.put(key, Remembered(part, asked_at, whole_end))
            self._land(wanted, part)
        return None

    def _resize(self, batch: list[Wanted], *, good: bool) -> None:
        for wanted in batch:
            self._interests.resize(wanted.scope, len(batch), good=good)

    def _land(self, wanted: Wanted, result: Part | Exception) -> None:
        flight = wanted.flight
        if self._flights.get(wanted.scope) is flight:
            del self._flights[wanted.scope]
        if flight is None or flight.done():
            return
        if isinstance(result, Part):
            flight.set_result(result)
        else:
            flight.set_exception(result)
