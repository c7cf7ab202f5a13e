"""memdrift's scan of the fleet: every store's windows asked of the server and judged, as the operator does it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from memdrift.adapters.prometheus import PrometheusMetrics
from memdrift.api.administration import Concurrency, Source
from memdrift.api.metrics import MetricsSpec
from memdrift.drift.judge import JudgedWindows
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import Verdict, VerdictKind
from memdrift.ports import BlocksRequest
from memdrift.reconcile.judging import Judging
from memdrift.remedy.target import ContainerLife, Pod, Target
from tests.bench.fleet_history import END, INTERVAL_SECONDS, FleetSize, leaks, namespace, pods, workload

METRICS = MetricsSpec.model_validate(
    {
        "source": "main",
        "memory": {"preset": "process"},
        "latency": {"preset": "http-server"},
        "load": [{"preset": "http-server"}],
    }
)
POLICY = DetectionPolicy()
EVALUATIONS = Concurrency().evaluations


@dataclass
class Time:
    """A clock that the scan moves. Implements `Clock`."""

    at: datetime = field(default_factory=lambda: datetime.fromtimestamp(END, UTC))

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class FleetScan:
    """The sampler and what was judged of every store so far."""

    def __init__(self, url: str, size: FleetSize, windows_seconds: Sequence[int]) -> None:
        self.clock = Time()
        self._size = size
        self._windows_seconds = tuple(windows_seconds)
        source = Source(
            name="main",
            url=url,
            allowed_namespaces=["*"],
            scrape_interval_seconds=INTERVAL_SECONDS,
            ingestion_delay_seconds=0,
            timeout_seconds=120,
        )
        self._metrics = PrometheusMetrics(lambda: [source], self.clock)
        self._targets = [target(store, size) for store in range(size.stores)]
        self._judged = [JudgedWindows() for _ in self._targets]
        self._judging = Judging()

    def close(self) -> None:
        """Give the sockets back."""
        self._metrics.close()

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.at += timedelta(seconds=seconds)

    async def scan(self) -> list[tuple[Verdict, ...]]:
        """All stores at once, as after a start of the operator."""
        return list(await asyncio.gather(*(self._look(store) for store in range(self._size.stores))))

    async def tick(self) -> list[tuple[Verdict, ...]]:
        """So many stores at once as the operator evaluates: one that must be judged waits for that much company."""
        verdicts: list[tuple[Verdict, ...]] = []
        for first in range(0, self._size.stores, EVALUATIONS):
            some = range(first, min(first + EVALUATIONS, self._size.stores))
            verdicts += await asyncio.gather(*(self._look(store) for store in some))
        return verdicts

    async def _look(self, store: int) -> tuple[Verdict, ...]:
        windows = await self._metrics.windows(
            BlocksRequest(
                namespace=namespace(store),
                store=workload(store),
                target=self._targets[store],
                metrics=METRICS,
                quantile="0.99",
                objective_milliseconds=200,
                windows_seconds=self._windows_seconds,
                now=self.clock.now(),
            )
        )
        return await self._judging.verdicts(windows, POLICY, self._judged[store])


def target(store: int, size: FleetSize) -> Target:
    """The workload of a store, whose pods are ten days old."""
    started = datetime.fromtimestamp(END, UTC) - timedelta(days=10)
    container = ContainerLife("app", "", "", started, ready=True, memory_limit_bytes=1024 * 2**20)
    running = tuple(
        Pod(name, f"uid-{name}", "node", "", "r1", True, False, started, (container,)) for name in pods(store, size)
    )
    count = size.pods_per_store
    return Target(
        api_version="apps/v1",
        kind="Deployment",
        name=workload(store),
        uid=f"uid-{store}",
        generation=1,
        desired_replicas=count,
        ready_replicas=count,
        updated_replicas=count,
        paused=False,
        rolling=False,
        controller="",
        default_container="app",
        containers=("app",),
        restarted_for="",
        pods=running,
        revisions=(),
    )


def found(verdicts: Sequence[tuple[Verdict, ...]]) -> dict[str, int]:
    """How many leaking stores were called drifting, and how many others."""
    drifting = [any("Drifting" in str(each.kind) for each in of_store) for of_store in verdicts]
    return {
        "leaking": sum(leaks(store) for store in range(len(verdicts))),
        "found": sum(alarm and leaks(store) for store, alarm in enumerate(drifting)),
        "false": sum(alarm and not leaks(store) for store, alarm in enumerate(drifting)),
        "unknown": sum(all(each.kind is VerdictKind.UNKNOWN for each in of_store) for of_store in verdicts),
    }
