"""The bounds next to the objective, and what is counted where it lies between two."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from memdrift.adapters.prometheus import PrometheusMetrics
from memdrift.adapters.prometheus.buckets import Buckets, buckets_around
from tests.adapters.prometheus import scenes
from tests.adapters.prometheus.history import A

LABELS = ("0.1", "0.2", "0.5", "1.0", "+Inf")


@pytest.mark.parametrize(
    ("objective", "found", "counted"),
    [
        (200, Buckets(200.0, 200.0, "0.2"), ""),
        (300, Buckets(200.0, 500.0, "0.5"), "0.5"),
        (50, Buckets(0.0, 100.0, "0.1"), "0.1"),
        (999, Buckets(500.0, 1000.0, "1.0"), "1.0"),
        (2000, Buckets(1000.0, inf, ""), ""),
    ],
)
def test_the_bounds_next_to_the_objective(objective: int, found: Buckets, counted: str) -> None:
    assert buckets_around(objective, LABELS) == found
    assert found.counted_bound == counted


def test_what_is_no_finite_bound_is_none() -> None:
    assert buckets_around(200, ("+Inf", "", "many", "NaN")) is None
    assert buckets_around(200, ()) is None


@pytest.mark.servers
@pytest.mark.parametrize(
    ("objective", "kept", "slow", "fraction"),
    [(200, 200.0, 200.0, None), (150, 100.0, 200.0, 0.02), (300, 200.0, 500.0, 0.0), (50, 0.0, 100.0, 0.1)],
)
@pytest.mark.parametrize("scope", ["Pod", "Store"])
async def test_requests_above_a_real_bound_are_counted(
    metrics: PrometheusMetrics, objective: int, kept: float, slow: float, fraction: float | None, scope: str
) -> None:
    request = scenes.request({"latency": {"preset": "http-server", "scope": scope}})
    (window,) = await metrics.windows(replace(request, objective_milliseconds=objective))
    life = next(each for each in window.lives if each.life.pod == A)
    assert (life.kept_bound_milliseconds, life.slow_bound_milliseconds) == (kept, slow)
    if fraction is None:
        assert life.slow_fraction is None
    else:
        assert life.slow_fraction is not None
        np.testing.assert_allclose(life.slow_fraction[1:], fraction, atol=1e-9)


@pytest.mark.servers
async def test_a_custom_latency_has_no_buckets(metrics: PrometheusMetrics) -> None:
    spec = {"latency": {"query": "max by (pod) (0.000000001 * process_resident_memory_bytes)"}}
    (window,) = await metrics.windows(scenes.request(spec))
    assert {each.slow_bound_milliseconds for each in window.lives} == {None}
