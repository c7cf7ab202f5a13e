"""Servers shared by the tests of the metrics adapter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memdrift.adapters.prometheus import PrometheusMetrics
from tests.adapters.prometheus import history, scenes
from tests.adapters.prometheus_server import PrometheusServer


@pytest.fixture(scope="session")
def shop() -> history.History:
    return history.shop()


@pytest.fixture(scope="session")
def shop_prometheus(shop: history.History) -> Iterator[PrometheusServer]:
    """A Prometheus that remembers the shop."""
    with PrometheusServer(history=shop.text()) as server:
        yield server


@pytest.fixture
def clock() -> scenes.StillClock:
    return scenes.StillClock()


@pytest.fixture
def metrics(shop_prometheus: PrometheusServer, clock: scenes.StillClock) -> Iterator[PrometheusMetrics]:
    sampler = PrometheusMetrics(lambda: [scenes.source(shop_prometheus.url)], clock)
    yield sampler
    sampler.close()
