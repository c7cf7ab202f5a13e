"""The composition root: settings → adapters → ports → scheduler, in one place, and how to take it apart again.

The only module that names concrete adapters. Must not contain behaviour.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from memdrift.adapters.analyser import ProcessAnalyser
from memdrift.adapters.archive import ObjectArchive, open_configured
from memdrift.adapters.clock import SystemClock
from memdrift.adapters.connection import Connection, open_connection
from memdrift.adapters.events import KubernetesEvents
from memdrift.adapters.incidents import KubernetesIncidents
from memdrift.adapters.installation import Installation
from memdrift.adapters.leases import LeaseSlots, LeaseTurns
from memdrift.adapters.logs import log_tick
from memdrift.adapters.mirror import QueuedMirror
from memdrift.adapters.portforward import PortForwardHttp
from memdrift.adapters.profiler import PprofProfiler
from memdrift.adapters.prometheus import PrometheusMetrics
from memdrift.adapters.requests import KubernetesRequests
from memdrift.adapters.reviews import KubernetesReviews
from memdrift.adapters.stores import KubernetesStores
from memdrift.adapters.telemetry import Telemetry
from memdrift.adapters.trackers import ConfiguredTrackers
from memdrift.adapters.workloads import KubernetesWorkloads
from memdrift.api.administration import Administration
from memdrift.errors import ConfigurationInvalid
from memdrift.reconcile.judging import COMPANY_SECONDS, Judging
from memdrift.reconcile.tick import Ticked, tick
from memdrift.reconcile.world import Fleet, World
from memdrift.report.board import Board
from memdrift.report.health import Health
from memdrift.report.tick import TickReport
from memdrift.scheduler import Scheduler
from memdrift.settings import AdministrationFile, Settings


@dataclass(frozen=True, slots=True)
class Operator:
    """Everything that runs, assembled."""

    scheduler: Scheduler
    telemetry: Telemetry
    health: Health
    requests: KubernetesRequests
    administration: AdministrationFile
    connection: Connection
    trackers: ConfiguredTrackers
    metrics: PrometheusMetrics
    mirror: QueuedMirror
    clock: SystemClock
    world: World
    incidents: KubernetesIncidents
    board: Board
    reviews: KubernetesReviews

    async def close(self) -> None:
        """Close every connection."""
        await self.mirror.close()
        await self.trackers.close()
        self.metrics.close()
        await self.connection.close()


def _archive(administration: Administration, installation: Installation) -> ObjectArchive:
    configured = administration.default_archive
    if configured is None:
        raise ConfigurationInvalid("AdministrationInvalid", "`archives` is empty: name a place for evidence")
    return open_configured(configured, installation.uid)


def _profiler(
    connection: Connection, clock: SystemClock, current: Callable[[], Administration], analyser: ProcessAnalyser
) -> PprofProfiler:
    def allowed() -> tuple[frozenset[int], frozenset[str]]:
        administration = current()
        return frozenset(administration.allowed_ports), frozenset(administration.allowed_base_paths)

    return PprofProfiler(connection, PortForwardHttp(connection), clock, allowed, analyser.validate)


def _identity(clock: SystemClock) -> str:
    """Of this process, and of no earlier one in the same pod."""
    return f"{socket.gethostname()}-{os.getpid()}-{clock.now():%Y%m%dT%H%M%SZ}"


async def assemble(settings: Settings, version: str) -> Operator:
    """The operator, connected but not yet running.

    Raises:
        ConfigurationInvalid: the administrator's file or the credentials.
    """
    clock, file = SystemClock(), AdministrationFile(settings.administration_file)
    administration = file.current()
    connection = await open_connection(settings.kubeconfig, clock)
    telemetry, health = Telemetry(version), Health(started_at=clock.monotonic())
    metrics = PrometheusMetrics(lambda: file.current().sources, clock)
    turns = LeaseTurns(connection, settings.namespace, clock, _identity(clock))
    trackers, analyser = ConfiguredTrackers(file.current, turns), ProcessAnalyser()
    incidents, board = KubernetesIncidents(connection), Board()
    mirror = QueuedMirror(lambda: file.current().profile_servers)
    world = World(
        clock=clock,
        metrics=metrics,
        workloads=KubernetesWorkloads(connection),
        stores=KubernetesStores(connection),
        incidents=incidents,
        profiler=_profiler(connection, clock, file.current, analyser),
        analyser=analyser,
        archive=_archive(administration, Installation(connection, settings.namespace)),
        trackers=trackers,
        events=KubernetesEvents(connection, clock, socket.gethostname()),
        slots=LeaseSlots(connection, settings.namespace, clock, incidents.is_restarting),
        skew_seconds=lambda: _largest(connection, metrics),
        administration=file.current,
        pages_url=settings.pages_url,
        mirror=mirror,
        judging=Judging(COMPANY_SECONDS, administration.concurrency.evaluations),
    )

    scheduler = _scheduler(world, administration, file, telemetry, health, connection, metrics, board)
    requests, reviews = KubernetesRequests(connection), KubernetesReviews(connection)
    return Operator(
        scheduler, telemetry, health, requests, file, connection, trackers, metrics, mirror, clock,
        world, incidents, board, reviews,
    )  # fmt: skip


def _scheduler(
    world: World,
    administration: Administration,
    file: AdministrationFile,
    telemetry: Telemetry,
    health: Health,
    connection: Connection,
    metrics: PrometheusMetrics,
    board: Board,
) -> Scheduler:
    """The scheduler, with everybody who wants to hear of its ticks."""

    async def tick_one(namespace: str, name: str, fleet: Fleet) -> Ticked:
        return await tick(world, namespace, name, fleet)

    def observe(report: TickReport) -> None:
        telemetry.observe_tick(report)
        if report.archive_puts:
            reachable = "Failed" not in report.archive_puts
            health.archive_answered(reachable, "" if reachable else report.error)
        telemetry.administration_read(valid=not file.problem)
        log_tick(report)

    def turned(lag_seconds: float) -> None:
        now = world.clock.monotonic()
        health.scheduler_turned(lag_seconds, now)
        if connection.clock_skew_seconds is not None:
            health.clock_compared("api-server", connection.clock_skew_seconds)
        _report_sources(metrics, health, now)
        telemetry.observe_health(health.figures(now))

    def forget(namespace: str, name: str) -> None:
        telemetry.forget(namespace, name)
        board.store_gone(namespace, name)

    concurrency = administration.concurrency.evaluations
    return Scheduler(tick_one, world.clock, concurrency, observe, forget, turned)


def _largest(connection: Connection, metrics: PrometheusMetrics) -> float | None:
    skews = [connection.clock_skew_seconds, *(source.skew_seconds for source in metrics.health())]
    return max((abs(skew) for skew in skews if skew is not None), default=None)


def _report_sources(metrics: PrometheusMetrics, health: Health, now: float) -> None:
    sources = metrics.health()
    health.sources_are({source.source for source in sources})
    for source in sources:
        if source.last_failure:
            health.source_failed(source.source, source.last_failure, now)
        else:
            health.source_answered(source.source)
        if source.skew_seconds is not None:
            health.clock_compared(source.source, source.skew_seconds)
