"""Where stores' questions are brought to: each goes to the one that is shared by all stores which ask the same.

Exists so that the sampler sees one store and this module sees the fleet. Must not look into answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence

from memdrift.adapters.prometheus.answers import Table
from memdrift.adapters.prometheus.cache import BlockCache
from memdrift.adapters.prometheus.connection import UNREACHABLE, Connection
from memdrift.adapters.prometheus.dissection import Dissector, Owners
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.parts import Part
from memdrift.adapters.prometheus.questions import Question, Questions, fixed_matchers
from memdrift.adapters.prometheus.reduction import Reduction
from memdrift.adapters.prometheus.scopes import Scope, matchers_of, own_part
from memdrift.adapters.prometheus.shared import SharedQuestion
from memdrift.adapters.prometheus.standing import Plan
from memdrift.adapters.prometheus.tables import together
from memdrift.errors import MetricsUnavailable
from memdrift.ports import Clock

SPLIT_BLOCKS = 12
"""From so many blocks on, an answer's bands are asked for one by one: the engine's `or` costs more than reducing does.
For fewer, one request costs less than four."""
MOST_ROUNDS = 4
"""How often a window whose questions were answered on two grids is put together again."""

NO_QUESTIONS = Questions((), latency_per_pod=True)

Named = tuple[str, Hashable]


class Desk:
    """All shared questions of all sources, and the cache of their answers."""

    def __init__(self, cache: BlockCache, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock
        self._shared: dict[Named, SharedQuestion] = {}
        self._asked_over: dict[Named, Connection] = {}
        self._owners: dict[str, Owners] = {}

    async def parts(self, connection: Connection, plan: Plan, grid: Grid) -> tuple[Part, ...]:
        """The answers to the plan's questions in their order, all over one grid: the given one or the one after it.

        Raises:
            MetricsUnavailable.
        """
        for _ in range(MOST_ROUNDS):
            parts = await self._answered(connection, plan, grid)
            latest = max((part.grid for part in parts), key=lambda each: each.last_end)
            if all(part.grid == latest for part in parts):
                return parts
            # A new block became complete meanwhile, and another store's tick has seen it.
            grid = latest
        raise MetricsUnavailable(
            UNREACHABLE, f"metrics source `{connection.source.name}` answers more slowly than blocks become complete"
        )

    async def bounds(self, connection: Connection, scope: Scope, question: Question, grid: Grid) -> set[str]:
        """The labels of the bucket bounds that the store's pods have.

        Raises:
            MetricsUnavailable.
        """
        shared = self._question(connection, Plan(grid.block_seconds, grid.block_seconds, scope, NO_QUESTIONS), question)
        part = await shared.part(scope, grid)
        return {bound for _, _, bound in part.rows}

    def forget(self, connection: Connection, plan: Plan) -> None:
        """Drop answers that turned out to be of no use."""
        shared = (self._question(connection, plan, question) for question in plan.asked.asked)
        self._cache.forget([each.cache_key(plan.scope) for each in shared])

    def forget_source(self, source: str) -> None:
        """Drop everything that came from a source, whose configuration changed."""
        self._close({key for key in self._shared if key[0] == source}, "was configured anew")
        self._cache.forget_source(source)
        self._owners.pop(source, None)

    def close(self) -> None:
        """End what is under way."""
        self._close(set(self._shared), "is closed")

    def _close(self, keys: set[Named], why: str) -> None:
        for key in keys:
            failure = MetricsUnavailable(UNREACHABLE, f"metrics source `{key[0]}` {why} while it was asked")
            self._asked_over.pop(key, None)
            self._shared.pop(key).close(failure)

    async def _answered(self, connection: Connection, plan: Plan, grid: Grid) -> tuple[Part, ...]:
        shared = [self._question(connection, plan, question) for question in plan.asked.asked]
        known = [each.known(plan.scope, grid) for each in shared]
        complete = tuple(part for part in known if part is not None)
        if len(complete) == len(shared):
            return complete
        answers = await asyncio.gather(*(each.part(plan.scope, grid) for each in shared), return_exceptions=True)
        # All have ended, so that none is left over to fail the next look; one source, one cause: the first speaks.
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return tuple(answer for answer in answers if isinstance(answer, Part))

    def _question(self, connection: Connection, plan: Plan, question: Question) -> SharedQuestion:
        what: Hashable = question.shape or (question.query, plan.scope)
        key = (connection.source.name, (what, plan.window_seconds, plan.block_seconds))
        if connection.closed:
            raise MetricsUnavailable(UNREACHABLE, f"metrics source `{connection.source.name}` was configured anew")
        found = self._shared.get(key)
        if found is not None and self._asked_over.get(key) is not connection:
            # A tick that began before the source was configured anew has come back to it meanwhile.
            self._close({key}, "was configured anew")
            found = None
        if found is None:
            for idle in [known for known, each in self._shared.items() if each.idle()]:
                del self._shared[idle]
                self._asked_over.pop(idle, None)
            asking = _Asking(connection, plan.block_seconds, question, self._owners.setdefault(key[0], Owners()))
            found = SharedQuestion(*key, question.bands, asking, self._cache, self._clock)
            self._shared[key] = found
            self._asked_over[key] = connection
        return found


class _Asking:
    """Sends one question about some stores."""

    def __init__(self, connection: Connection, block_seconds: int, question: Question, owners: Owners) -> None:
        self._connection = connection
        self._block_seconds = block_seconds
        self._question = question
        self._dissector = Dissector(owners)

    async def __call__(self, scopes: Sequence[Scope], grid: Grid) -> list[Part]:
        """Each store's part, in order; see `shared.Ask`."""
        question, source = self._question, self._connection.source
        if question.write is None:
            return [own_part(await self._connection.ask_blocks(question.query, grid), scopes[0].namespace)]
        matchers = (*matchers_of(scopes, source.labels), *fixed_matchers(source))
        reduction = Reduction(source, self._block_seconds, matchers, name_first=True)
        whole = question.pieces is None or grid.count < SPLIT_BLOCKS
        queries = (question.write(reduction),) if whole or not question.pieces else question.pieces(reduction)
        answers = await asyncio.gather(
            *(self._connection.ask_blocks(query, grid) for query in queries), return_exceptions=True
        )
        # All have ended, so that a batch that is asked again in halves never waits behind itself.
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return self._dissector.parts(together([each for each in answers if isinstance(each, Table)]), scopes)
