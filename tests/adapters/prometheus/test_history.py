"""A store's past from a real Prometheus that has one: lives, blocks, limits; the same figures as the sampler's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from memdrift.adapters.prometheus import PrometheusMetrics, history
from memdrift.adapters.prometheus.connection import REJECTED, TOO_LARGE, Connection
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.history import History, Past
from memdrift.adapters.prometheus.pastblocks import blocks_of
from memdrift.adapters.prometheus.pastpods import revision_of, target_at
from memdrift.api.administration import Source
from memdrift.drift.blocks import LifeBlocks
from memdrift.errors import MetricsUnavailable
from memdrift.ports import BlocksRequest
from memdrift.remedy.target import Target
from tests.adapters.prometheus import longago, scenes
from tests.adapters.prometheus.longago import DAY, END, HEALTHY, HOUR, INTERVAL, LEAKING, LIMIT, RELIEVED, UNNAMED
from tests.adapters.prometheus_server import PrometheusServer

pytestmark = pytest.mark.servers

WINDOW = 6 * HOUR
BEGIN = END - longago.DAYS * DAY
KNOWN = replace(scenes.target(name=longago.STORE), default_container="")


@pytest.fixture(scope="module")
def server() -> Iterator[PrometheusServer]:
    with PrometheusServer(history=longago.text()) as started:
        yield started


def source(server: PrometheusServer, **changes: Any) -> Source:
    return scenes.source(server.url, **{"scrape_interval_seconds": INTERVAL, **changes})


def request(of: Target = KNOWN, **spec: Any) -> BlocksRequest:
    return replace(scenes.request(spec, of=of, now=END, windows=(WINDOW,)), store=longago.STORE)


async def asked(source: Source, wanted: BlocksRequest | None = None) -> tuple[Past, int]:
    connection = Connection(source, scenes.StillClock())
    try:
        found = History(connection, wanted or request())
        return await found.past(WINDOW, BEGIN, END), found.asked
    finally:
        connection.close()


async def test_every_life_is_found_with_its_start_and_its_end(server: PrometheusServer) -> None:
    past, _ = await asked(source(server))
    found = {life.pod: life for life in past.lives}

    assert set(found) == {each.name for each in longago.PODS}
    for pod in (HEALTHY, LEAKING, RELIEVED):
        life = found[pod.name]
        assert life.started_at == pytest.approx(BEGIN + pod.first_day * DAY + 0.25)
        ended_at = past.grid.starts[life.last] + past.grid.block_seconds
        assert abs(ended_at - (BEGIN + pod.last_day * DAY)) <= past.grid.block_seconds
        assert life.limit_bytes == LIMIT
    assert past.main_container == "app"


async def test_a_life_whose_start_nobody_tells_is_at_least_as_old_as_its_series(server: PrometheusServer) -> None:
    past, _ = await asked(source(server))
    life = next(each for each in past.lives if each.pod == UNNAMED.name)

    assert life.started_at <= past.grid.starts[0] - DAY
    assert (life.first, life.last) == (0, past.grid.count - 1)
    assert life.limit_bytes is None


async def test_the_blocks_are_the_samplers(server: PrometheusServer) -> None:
    past, _ = await asked(source(server))
    end = int(BEGIN + 3.5 * DAY) // past.grid.block_seconds * past.grid.block_seconds
    block = past.grid.index(end)
    assert block is not None
    then = target_at(past.lives, block, KNOWN, past.main_container)
    sampler = PrometheusMetrics(lambda: [source(server)], scenes.StillClock())
    (window,) = await sampler.windows(replace(request(then), now=datetime.fromtimestamp(end, UTC)))
    sampler.close()
    sampled = next(each for each in window.lives if each.life.pod == LEAKING.name)

    life = next(each for each in past.lives if each.pod == LEAKING.name)
    replayed = blocks_of(past, life, KNOWN, INTERVAL)

    shift = int(sampled.starts[0] - replayed.starts[0]) // replayed.block_seconds
    for one, other in zip(figures(sampled), figures(replayed), strict=True):
        np.testing.assert_array_equal(one, other[..., shift : shift + len(sampled.starts)])
    assert sampled.life == replace(replayed.life, requested_bytes=None)
    assert sampled.expected_samples == replayed.expected_samples


def figures(life: LifeBlocks) -> list[np.ndarray]:
    bands = [
        getattr(series, band) for series in (life.live_heap, life.resident) for band in ("p10", "p50", "p90", "count")
    ]
    return [*bands, life.working_set.p50, life.load, life.latency_milliseconds]


async def test_the_pods_of_a_moment_are_those_which_ran_then(server: PrometheusServer) -> None:
    past, _ = await asked(source(server))

    def names(day: float) -> set[str]:
        block = int((BEGIN + day * DAY - past.grid.starts[0]) // past.grid.block_seconds)
        return {pod.name for pod in target_at(past.lives, block, KNOWN, past.main_container).pods}

    assert names(1.0) == {HEALTHY.name, UNNAMED.name}
    assert names(3.0) == {LEAKING.name, UNNAMED.name}
    assert names(4.9) == {RELIEVED.name, UNNAMED.name}


async def test_what_is_known_of_a_pod_now_is_kept(server: PrometheusServer) -> None:
    past, _ = await asked(source(server))
    started_at = BEGIN + RELIEVED.first_day * DAY - 2
    now = scenes.pod(RELIEVED.name, scenes.container(started_at, limit=2**29))
    then = target_at(past.lives, past.grid.count - 1, replace(KNOWN, pods=(now,)), "app")
    pod = next(each for each in then.pods if each.name == RELIEVED.name)

    assert (pod.uid, pod.revision, pod.zone) == (now.uid, now.revision, now.zone)
    assert pod.containers == now.containers


async def test_a_long_span_is_asked_in_pieces_that_change_nothing(
    server: PrometheusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, few = await asked(source(server))
    monkeypatch.setattr(history, "CHUNK_BLOCKS", 77)
    pieces, many = await asked(source(server))

    assert many > few
    assert pieces.lives == whole.lives
    for life in whole.lives:
        one, other = (blocks_of(past, life, KNOWN, INTERVAL) for past in (whole, pieces))
        for left, right in zip(figures(one), figures(other), strict=True):
            np.testing.assert_array_equal(left, right)


async def test_what_is_too_large_is_asked_in_halves(server: PrometheusServer) -> None:
    whole, few = await asked(source(server))
    halves, many = await asked(source(server, max_response_bytes=60_000))

    assert many > few
    assert halves.lives == whole.lives


async def test_what_stays_too_large_is_an_error(server: PrometheusServer) -> None:
    with pytest.raises(MetricsUnavailable) as refused:
        await asked(source(server, max_response_bytes=1_000))

    assert refused.value.reason == TOO_LARGE


@pytest.mark.parametrize("interval", [15, 60, 300])
async def test_the_scrape_interval_is_seen(server: PrometheusServer, interval: int) -> None:
    connection = Connection(source(server, scrape_interval_seconds=interval), scenes.StillClock())
    try:
        assert await History(connection, request()).scrape_interval_seconds(END - DAY) == INTERVAL
        assert await History(connection, request()).scrape_interval_seconds(BEGIN - DAY) == 30
    finally:
        connection.close()


async def test_other_namespaces_and_workloads_are_not_seen(server: PrometheusServer) -> None:
    elsewhere, _ = await asked(source(server), replace(request(), namespace="bank"))
    another, _ = await asked(source(server), request(replace(KNOWN, name="basketball")))

    assert elsewhere.lives == another.lives == ()


async def test_a_custom_query_is_confined_to_the_namespace(server: PrometheusServer) -> None:
    past, _ = await asked(source(server), request(memory={"resident": "process_resident_memory_bytes"}))

    assert all('namespace="shop"' in query for query in past.asked.queries.values())
    assert {life.pod for life in past.lives} == {each.name for each in longago.PODS}


def test_the_revision_is_in_the_names_of_a_deployments_pods() -> None:
    assert revision_of("basket-7d8f9c5b4-z7w9q", "Deployment") == "7d8f9c5b4"
    assert revision_of("basket-0", "StatefulSet") == ""


def test_a_rejected_question_is_worth_halving() -> None:
    """Prometheus refuses with 422 what would load too many samples."""
    assert REJECTED in history.SPLITTABLE
    assert Grid(60, 60, 60 * history.FEWEST_CHUNK_BLOCKS).count == history.FEWEST_CHUNK_BLOCKS
