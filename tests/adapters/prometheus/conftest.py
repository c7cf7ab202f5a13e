"""Servers shared by the tests of the metrics adapter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memdrift.adapters.prometheus import PrometheusMetrics
from tests.adapters.prometheus import history, scenes
from tests.adapters.prometheus_server import PrometheusServer
from tests.cluster import binaries


@pytest.fixture(scope="session")
def shop() -> history.History:
    return history.shop()


@pytest.fixture(scope="session", params=["Prometheus 2", "Prometheus 3"])
def shop_prometheus(shop: history.History, request: pytest.FixtureRequest) -> Iterator[PrometheusServer]:
    """A Prometheus that remembers the shop. The majors differ in whether a range holds the sample at its left end."""
    newer = binaries.find_programs(binaries.prometheus_build())["prometheus"] if request.param[-1] == "3" else None
    with PrometheusServer(history=shop.text(), server=newer) as server:
        yield server


@pytest.fixture
def clock() -> scenes.StillClock:
    return scenes.StillClock()


@pytest.fixture
def metrics(shop_prometheus: PrometheusServer, clock: scenes.StillClock) -> Iterator[PrometheusMetrics]:
    sampler = PrometheusMetrics(lambda: [scenes.source(shop_prometheus.url)], clock)
    yield sampler
    sampler.close()
