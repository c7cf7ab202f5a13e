"""A Prometheus that scrapes and evaluates rules at this moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
import pytest

from memdrift.adapters.prometheus import PrometheusMetrics
from memdrift.drift.blocks import LifeBlocks
from memdrift.errors import MetricsUnavailable
from tests.adapters.prometheus import scenes
from tests.adapters.prometheus.exporter import Exporter
from tests.adapters.prometheus.history import A
from tests.adapters.prometheus_server import PrometheusServer

pytestmark = pytest.mark.servers

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
- job_name: store
  honor_labels: true
  static_configs: [{{targets: ["{target}"]}}]
"""
RULES = """
groups:
- name: alerts
  rules:
  - {alert: Ours, expr: vector(1), labels: {namespace: shop}}
  - {alert: "With (odd) name.", expr: vector(1), labels: {namespace: shop}}
  - {alert: Everybodys, expr: vector(1)}
  - {alert: Theirs, expr: vector(1), labels: {namespace: shop-2}}
  - {alert: Pending, expr: vector(1), for: 1h, labels: {namespace: shop}}
"""
NAMES = ["Ours", "With (odd) name.", "Everybodys", "Theirs", "Pending", "NeverDefined"]

T = TypeVar("T")


@pytest.fixture(scope="module")
def live() -> Iterator[PrometheusServer]:
    with Exporter() as exporter:
        config = CONFIG.format(target=exporter.address)
        with PrometheusServer(config, files={"rules.yml": RULES}) as server:
            yield server


@pytest.fixture
def sampler(live: PrometheusServer) -> Iterator[PrometheusMetrics]:
    class Clock(scenes.StillClock):
        def monotonic(self) -> float:
            return time.monotonic()

    source = scenes.source(live.url, scrape_interval_seconds=1, ingestion_delay_seconds=1)
    metrics = PrometheusMetrics(lambda: [source], Clock())
    yield metrics
    metrics.close()


async def eventually(look: Callable[[], Awaitable[T]], good: Callable[[T], Any], seconds: float = 60) -> T:
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = await look()
            if good(seen):
                return seen
        except MetricsUnavailable as error:
            seen = error  # type: ignore[assignment]
        assert time.monotonic() < deadline, f"not in time; the last was {seen}"
        await asyncio.sleep(0.3)


async def test_blocks_arrive_as_they_are_scraped(sampler: PrometheusMetrics) -> None:
    of = scenes.target(scenes.pod(A, scenes.container(datetime.now(UTC).timestamp() - 1)))

    async def look() -> LifeBlocks:
        (window,) = await sampler.windows(scenes.request(of=of, now=datetime.now(UTC).timestamp(), windows=(120,)))
        return window.lives[0]

    def grown(life: LifeBlocks) -> bool:
        return int(np.isfinite(life.live_heap.p50).sum()) >= 3

    life = await eventually(look, grown)
    assert life.block_seconds == 5
    known = life.live_heap.p50[np.isfinite(life.live_heap.p50)]
    assert (np.diff(known) > 0).all()
    assert (life.resident.p50[np.isfinite(life.live_heap.p50)] == 2 * known).all()
    np.testing.assert_allclose(life.load[0][np.isfinite(life.load[0])][-1], 50.0, rtol=0.5)
    np.testing.assert_allclose(life.latency_milliseconds[np.isfinite(life.latency_milliseconds)][-1], 100.0, rtol=0.1)
    (health,) = sampler.health()
    assert health.skew_seconds is not None
    assert abs(health.skew_seconds) < 30


async def test_firing_alerts_are_the_namespaces_own_or_nobodys(sampler: PrometheusMetrics) -> None:
    firing = await eventually(lambda: sampler.firing_alerts("main", "shop", NAMES), lambda names: len(names) >= 3)
    assert firing == ("Everybodys", "Ours", "With (odd) name.")
    assert await sampler.firing_alerts("main", "shop", ["Theirs", "Ours|Theirs", ".*"]) == ()
    assert await sampler.firing_alerts("main", "shop", []) == ()
