"""What stays the same for a store from one tick to the next: its questions, and its windows while nothing new arrived.

Exists so that a tick without news costs next to nothing, and so that a window that did not change is the very same
object: whoever judged it need not judge again. Losing all of it loses nothing. Must not send anything.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from memdrift.adapters.prometheus.buckets import Buckets
from memdrift.adapters.prometheus.grid import Grid, block_seconds
from memdrift.adapters.prometheus.interests import INTEREST_PERIODS, LEAST_INTEREST_SECONDS
from memdrift.adapters.prometheus.parts import Part
from memdrift.adapters.prometheus.questions import Questions, questions_of
from memdrift.adapters.prometheus.scopes import Scope, scope_of
from memdrift.api.administration import Source
from memdrift.api.metrics import MetricsSpec
from memdrift.drift.blocks import Window
from memdrift.ports import BlocksRequest
from memdrift.remedy.target import Target

QUIET_SHARE, MOST_QUIET_SECONDS = 0.25, 300.0
"""A window is not looked at again for this share of a block; never so long that interest in its answers expires."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for one window."""

    window_seconds: int
    block_seconds: int
    scope: Scope
    asked: Questions


@dataclass(slots=True)
class Made:
    """A window and what it was made of.

    Attributes:
        looked_at: monotonic seconds when its parts were looked at last.
    """

    parts: tuple[Part, ...]
    cast: Hashable
    window: Window
    looked_at: float

    @property
    def cells(self) -> int:
        """What it keeps alive."""
        return sum(part.cells for part in self.parts)


@dataclass(slots=True)
class Standing:
    """One store's questions and last windows.

    Attributes:
        buckets: the bounds around the objective; None where they are not known, or there are none.
        buckets_known_until: monotonic seconds when to ask for them again.
        asked_at, period_seconds: monotonic seconds of its last look, and how long after the one before that was.
    """

    key: tuple[str, str]
    source: Source
    metrics: MetricsSpec
    quantile: str
    windows_seconds: tuple[int, ...]
    objective_milliseconds: int
    scope: Scope
    plans: tuple[Plan, ...]
    buckets: Buckets | None = None
    buckets_known_until: float = float("-inf")
    made: dict[int, Made] = field(default_factory=dict)
    asked_at: float = 0.0
    period_seconds: float = 0.0

    def quiet(self, plan: Plan, grid: Grid, cast: Hashable, now: float) -> Window | None:
        """The last window, where it was looked at a moment ago, no block has become complete and no pod changed."""
        last = self.made.get(plan.window_seconds)
        if last is None or now - last.looked_at >= min(QUIET_SHARE * plan.block_seconds, MOST_QUIET_SECONDS):
            return None
        return last.window if last.parts[0].grid.last_end >= grid.last_end and last.cast == cast else None

    def fits(self, request: BlocksRequest, source: Source, scope: Scope) -> bool:
        """Whether the same questions are asked again."""
        return (
            (self.quantile, self.windows_seconds, self.scope) == (request.quantile, request.windows_seconds, scope)
            and self.objective_milliseconds == request.objective_milliseconds
            and self.source is source
            and self.metrics == request.metrics
        )


class Standings:
    """The standings of all stores, least recently used first, bounded by what their windows keep alive.

    Windows are views of the parts in the cache, so that this bound is mostly the same memory counted once more.
    """

    def __init__(self, maximum_cells: int) -> None:
        self._maximum_cells = maximum_cells
        self._cells = 0
        self._by_store: OrderedDict[tuple[str, str], Standing] = OrderedDict()

    def of(self, request: BlocksRequest, source: Source, now: float) -> Standing:
        """The store's, made anew where its spec or its source changed; those that nobody asks for any more are dropped.

        Raises:
            SpecInvalid: a custom query is invalid or cannot be confined.
        """
        key = (request.namespace, request.store)
        scope = scope_of(request.namespace, request.target)
        standing = self._by_store.get(key)
        if standing is None or not standing.fits(request, source, scope):
            self._remove(key)
            standing = self._by_store[key] = Standing(
                key,
                source,
                request.metrics,
                request.quantile,
                request.windows_seconds,
                request.objective_milliseconds,
                scope,
                tuple(_plan(request, source, scope, seconds) for seconds in request.windows_seconds),
                asked_at=now,
            )
        standing.period_seconds, standing.asked_at = now - standing.asked_at, now
        self._by_store.move_to_end(key)
        self._drop_abandoned(now)
        return standing

    def _drop_abandoned(self, now: float) -> None:
        """The longest unasked ones come first."""
        while True:
            key, standing = next(iter(self._by_store.items()))
            if now - standing.asked_at <= max(LEAST_INTEREST_SECONDS, INTEREST_PERIODS * standing.period_seconds):
                return
            self._remove(key)

    def learn(self, standing: Standing, request: BlocksRequest, buckets: Buckets | None, known_until: float) -> None:
        """Which buckets the store's latency has; other ones are other questions."""
        standing.buckets_known_until = known_until
        if buckets != standing.buckets:
            standing.buckets = buckets
            bound = buckets.counted_bound if buckets else ""
            standing.plans = tuple(
                _plan(request, standing.source, standing.scope, seconds, bound) for seconds in standing.windows_seconds
            )
            if self._by_store.get(standing.key) is standing:
                self._cells -= sum(made.cells for made in standing.made.values())
            standing.made.clear()

    def window(
        self,
        standing: Standing,
        plan: Plan,
        parts: tuple[Part, ...],
        cast: Hashable,
        now: float,
        make: Callable[[], Window],
    ) -> Window:
        """The window made of these parts: the last one where they and the pods are still the same."""
        last = standing.made.get(plan.window_seconds)
        if last is not None and last.cast == cast and all(a is b for a, b in zip(last.parts, parts, strict=True)):
            last.looked_at = now
            return last.window
        made = Made(parts, cast, make(), now)
        if self._by_store.get(standing.key) is standing:
            self._cells += made.cells - (last.cells if last else 0)
            standing.made[plan.window_seconds] = made
            while self._cells > self._maximum_cells and self._by_store:
                self._remove(next(iter(self._by_store)))
        return made.window

    def _remove(self, key: tuple[str, str]) -> None:
        removed = self._by_store.pop(key, None)
        if removed is not None:
            self._cells -= sum(made.cells for made in removed.made.values())
            removed.made.clear()


def _plan(request: BlocksRequest, source: Source, scope: Scope, seconds: int, slow_bound: str = "") -> Plan:
    length = block_seconds(seconds, source.scrape_interval_seconds)
    return Plan(seconds, length, scope, questions_of(request, source, length, slow_bound))


def cast_of(target: Target) -> Hashable:
    """All that a window depends on of the workload."""
    pods = tuple((pod.name, pod.uid, pod.revision, pod.zone, pod.containers) for pod in target.pods)
    return (target.default_container, target.containers, pods)
