"""Prometheus, or whatever speaks its API, as the `Metrics` port.

One instance serves all stores: connections per source, one cache for all, every preset asked for all stores at once.
Must not judge: what is missing, old or warned about ends in `MetricsUnavailable`, the rest goes to the detector as it
was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from memdrift.adapters.prometheus.buckets import buckets_around
from memdrift.adapters.prometheus.cache import BlockCache
from memdrift.adapters.prometheus.connection import Connection
from memdrift.adapters.prometheus.connections import Connections, SourceHealth
from memdrift.adapters.prometheus.desk import Desk
from memdrift.adapters.prometheus.freshness import require_fresh
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.measured import Measured
from memdrift.adapters.prometheus.parts import Part
from memdrift.adapters.prometheus.pastlives import past_lives
from memdrift.adapters.prometheus.promql import LabelMatcher, aggregated, any_of, selector
from memdrift.adapters.prometheus.questions import LATENCY, Questions, bounds_of
from memdrift.adapters.prometheus.standing import Plan, Standing, Standings, cast_of
from memdrift.api.administration import Source
from memdrift.drift.blocks import LifeBlocks, Window
from memdrift.errors import MetricsUnavailable, SpecInvalid
from memdrift.ports import BlocksRequest, Clock

MAXIMUM_CACHED_CELLS = 32_000_000
"""Series times blocks, 8 bytes each: 256 MB, about 12,000 pods in three windows."""
BOUNDS_SECONDS = 60
BUCKETS_STAY_SECONDS, BUCKETS_ABSENT_SECONDS = 3600.0, 300.0
"""How long what is known of a histogram's buckets holds, and that there are none."""


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
        self._desk = Desk(BlockCache(maximum_cached_cells), clock)
        self._standings = Standings(maximum_cached_cells)
        self._connections = Connections(sources, clock, self._desk.forget_source)

    async def windows(self, request: BlocksRequest) -> tuple[Window, ...]:
        """One window per requested length, in the order of the request.

        The last one again, the very same object, where nothing new arrived and the workload's pods did not change.

        Raises:
            MetricsUnavailable: error, warning, partial or stale answer, NaN throughout; the reason is the word to show.
            NotAllowed: the source is not configured, or not for this namespace.
            SpecInvalid: a custom query does not parse, or cannot be confined to the namespace.
        """
        connection = self._connections.to(request.metrics.source, request.namespace)
        standing = self._standings.of(request, connection.source, self._clock.monotonic())
        await self._learn_buckets(connection, request, standing)
        cast = cast_of(request.target)
        windows = tuple([await self._window(connection, request, standing, plan, cast) for plan in standing.plans])
        # Where everything was known already, a source that is down must be noticed all the same.
        await connection.ask_whether_there()
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
        """What is known of every source that is configured and was asked since the start, by name."""
        return self._connections.health()

    def close(self) -> None:
        """Give threads and sockets back; requests under way end by their own timeout."""
        self._desk.close()
        self._connections.close()

    async def _learn_buckets(self, connection: Connection, request: BlocksRequest, standing: Standing) -> None:
        """Ask for the latency's bucket bounds, now and then: they change with a deploy only."""
        now = self._clock.monotonic()
        if now < standing.buckets_known_until:
            return
        source, buckets = connection.source, None
        length = max(BOUNDS_SECONDS, 2 * source.scrape_interval_seconds)
        question = bounds_of(request, source, length)
        if question is not None:
            grid = Grid.before(request.now.timestamp(), length, length, source.ingestion_delay_seconds)
            labels = await self._desk.bounds(connection, standing.scope, question, grid)
            # A scrape that was missed takes no bound away.
            buckets = buckets_around(request.objective_milliseconds, labels) or standing.buckets
        again = BUCKETS_STAY_SECONDS if buckets or question is None else BUCKETS_ABSENT_SECONDS
        self._standings.learn(standing, request, buckets, now + again)

    async def _window(
        self, connection: Connection, request: BlocksRequest, standing: Standing, plan: Plan, cast: Hashable
    ) -> Window:
        source = connection.source
        now, delay = request.now.timestamp(), source.ingestion_delay_seconds
        grid = Grid.before(now, plan.window_seconds, plan.block_seconds, delay)
        quiet = standing.quiet(plan, grid, cast, self._clock.monotonic())
        if quiet is not None:
            return quiet
        parts = await self._desk.parts(connection, plan, grid)
        figures = dict(zip((question.kind for question in plan.asked.asked), parts, strict=True))
        for question in plan.asked.asked:
            if question.spec_field:
                _require_pods(question.kind, question.spec_field, figures[question.kind], plan.asked)
        grid = parts[0].grid
        interval = source.scrape_interval_seconds
        measured = Measured(grid, figures, plan.asked, request.target, interval, standing.buckets)

        def made() -> Window:
            lives = measured.lives()
            try:
                require_fresh(lives, grid, source.scrape_interval_seconds, connection.origin)
            except MetricsUnavailable:
                # What is missing may be filled in later, anywhere in the window.
                self._desk.forget(connection, plan)
                raise
            return _window_of(measured, lives, plan)

        return self._standings.window(standing, plan, parts, cast, self._clock.monotonic(), made)


def _window_of(measured: Measured, lives: tuple[LifeBlocks, ...], plan: Plan) -> Window:
    return Window(
        seconds=plan.window_seconds,
        block_seconds=measured.grid.block_seconds,
        ended_at=float(measured.grid.last_end),
        lives=lives,
        queries=tuple(plan.asked.queries.values()),
        latency_scope_is_store=not plan.asked.latency_per_pod,
        past_lives=past_lives(measured),
    )


def _require_pods(kind: str, field: str, figures: Part, asked: Questions) -> None:
    """A series without a pod can stand for the store's load, or its latency where the spec says so; nothing else."""
    for_store = kind in asked.load_kinds or (kind == LATENCY and not asked.latency_per_pod)
    if figures.rows and not for_store and not any(pod for pod, _, _ in figures.rows):
        remedy = ", or set `spec.metrics.latency.scope` to `Store`" if kind == LATENCY else ""
        raise SpecInvalid(
            "QueryHasNoPods",
            f"`{field}` gives series without the label that names the pod; keep it in every aggregation{remedy}",
        )
