"""Prometheus, or whatever speaks its API, as the `Metrics` port.

One instance serves all stores: connections per source, one cache for all. Must not judge: what is missing, old or
warned about ends in `MetricsUnavailable`, the rest goes to the detector as it was measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memdrift.adapters.prometheus.answers import SeriesArrays, arrays_on
from memdrift.adapters.prometheus.cache import BlockCache, CacheKey, Remembered, joined, missing_part
from memdrift.adapters.prometheus.connection import Connection
from memdrift.adapters.prometheus.connections import Connections, SourceHealth
from memdrift.adapters.prometheus.freshness import require_fresh
from memdrift.adapters.prometheus.grid import Grid, block_seconds
from memdrift.adapters.prometheus.measured import Lookup, Measured, lookup
from memdrift.adapters.prometheus.pastlives import past_lives
from memdrift.adapters.prometheus.promql import LabelMatcher, aggregated, any_of, selector
from memdrift.adapters.prometheus.questions import LATENCY, Questions, questions_of
from memdrift.api.administration import Source
from memdrift.drift.blocks import Window
from memdrift.errors import MetricsUnavailable, SpecInvalid
from memdrift.ports import BlocksRequest, Clock

MAXIMUM_CACHED_CELLS = 4_000_000
"""Series times blocks, 8 bytes each: about 32 MB."""


class PrometheusMetrics:
    """The sampler.

    Args:
        sources: the administrator's sources of the moment, asked at every call.
        clock: for deadlines, for the age of cached answers and for the skew of the sources' clocks.
        maximum_cached_cells: bound of the block cache, in series times blocks.
    """

    def __init__(
        self,
        sources: Callable[[], Sequence[Source]],
        clock: Clock,
        maximum_cached_cells: int = MAXIMUM_CACHED_CELLS,
    ) -> None:
        self._clock = clock
        self._cache = BlockCache(maximum_cached_cells)
        self._connections = Connections(sources, clock, self._cache.forget_source)

    async def windows(self, request: BlocksRequest) -> tuple[Window, ...]:
        """One window per requested length, in the order of the request.

        Raises:
            MetricsUnavailable: error, warning, partial or stale answer, NaN throughout; the reason is the word to show.
            NotAllowed: the source is not configured, or not for this namespace.
            SpecInvalid: a custom query does not parse, or cannot be confined to the namespace.
        """
        connection = self._connections.to(request.metrics.source, request.namespace)
        plans = [self._plan(request, connection.source, seconds) for seconds in request.windows_seconds]
        windows = tuple([await self._window(connection, request, plan) for plan in plans])
        if connection.seconds_since_good() > connection.source.scrape_interval_seconds:
            # Everything was known already; a source that is down must be noticed all the same.
            await connection.ask("vector(1)")
        return windows

    async def firing_alerts(self, source: str, namespace: str, names: Sequence[str]) -> tuple[str, ...]:
        """Which of these alerts fire now for the namespace (or for no namespace), sorted.

        Raises:
            MetricsUnavailable: it could not be asked; the caller must hold.
            NotAllowed: the source is not configured, or not for this namespace.
        """
        connection = self._connections.to(source, namespace)
        if not names:
            return ()
        matchers = (
            LabelMatcher("alertstate", "firing"),
            LabelMatcher("alertname", any_of(names), "=~"),
            LabelMatcher(connection.source.labels.namespace, f"{any_of([namespace])}|", "=~"),
            *(LabelMatcher(label, value) for label, value in sorted(connection.source.fixed_matchers.items())),
        )
        series = await connection.ask(aggregated("max", ["alertname"], selector("ALERTS", matchers)))
        return tuple(sorted({one.metric.get("alertname", "") for one in series} & set(names)))

    def health(self) -> tuple[SourceHealth, ...]:
        """What is known of every source that was asked since the start, by name."""
        return self._connections.health()

    def close(self) -> None:
        """Give threads and sockets back; requests under way end by their own timeout."""
        self._connections.close()

    def _plan(self, request: BlocksRequest, source: Source, seconds: int) -> _Plan:
        length = block_seconds(seconds, source.scrape_interval_seconds)
        grid = Grid.before(request.now.timestamp(), seconds, length, source.ingestion_delay_seconds)
        return _Plan(seconds, grid, questions_of(request, source, length))

    async def _window(self, connection: Connection, request: BlocksRequest, plan: _Plan) -> Window:
        figures = await self._figures(connection, request, plan)
        source = connection.source
        measured = Measured(plan.grid, figures, plan.asked, request.target, source.scrape_interval_seconds)
        try:
            require_fresh(measured.containers(), plan.grid, source.scrape_interval_seconds, connection.origin)
        except MetricsUnavailable:
            # What is missing may be filled in later, anywhere in the window.
            self._cache.forget(self._key(request, plan, query) for query in plan.asked.queries.values())
            raise
        return Window(
            seconds=plan.window_seconds,
            block_seconds=plan.grid.block_seconds,
            ended_at=float(plan.grid.last_end),
            lives=measured.lives(),
            queries=tuple(plan.asked.queries.values()),
            latency_scope_is_store=not plan.asked.latency_per_pod,
            past_lives=past_lives(measured),
        )

    async def _figures(self, connection: Connection, request: BlocksRequest, plan: _Plan) -> dict[str, Lookup]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {
                    kind: group.create_task(self._answer(connection, request, plan, query))
                    for kind, query in plan.asked.queries.items()
                }
        except BaseExceptionGroup as failures:
            # One source, one cause: the first failure speaks for all.
            raise failures.exceptions[0] from failures.exceptions[0].__cause__
        figures = {kind: lookup(task.result(), request.namespace) for kind, task in tasks.items()}
        for kind, field in plan.asked.fields.items():
            _require_pods(kind, field, figures[kind], plan.asked)
        return figures

    async def _answer(self, connection: Connection, request: BlocksRequest, plan: _Plan, query: str) -> SeriesArrays:
        source, grid = connection.source, plan.grid
        key = self._key(request, plan, query)
        known = self._cache.get(key)
        asked_at = self._clock.monotonic()
        part = missing_part(known, grid, asked_at)
        if part is None and known is not None:
            return known.arrays
        part = part or grid
        series = await connection.ask_range(query, part)
        arrays = joined(known, grid, part, arrays_on(part, series, source.labels, connection.origin))
        whole_end = grid.last_end if part == grid or known is None else known.whole_end
        self._cache.put(key, Remembered(grid, arrays, asked_at, whole_end))
        return arrays

    @staticmethod
    def _key(request: BlocksRequest, plan: _Plan, query: str) -> CacheKey:
        return CacheKey(
            request.metrics.source,
            request.namespace,
            request.store,
            plan.window_seconds,
            plan.grid.block_seconds,
            query,
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is asked for one window."""

    window_seconds: int
    grid: Grid
    asked: Questions


def _require_pods(kind: str, field: str, figures: Lookup, asked: Questions) -> None:
    """A series without a pod can stand for the store's load, or its latency where the spec says so; nothing else."""
    for_store = kind in asked.load_kinds or (kind == LATENCY and not asked.latency_per_pod)
    if figures and not for_store and not any(pod for pod, _, _ in figures):
        remedy = ", or set `spec.metrics.latency.scope` to `Store`" if kind == LATENCY else ""
        raise SpecInvalid(
            "QueryHasNoPods",
            f"`{field}` gives series without the label that names the pod; keep it in every aggregation{remedy}",
        )
