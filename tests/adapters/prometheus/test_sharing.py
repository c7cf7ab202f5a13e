"""Presets are asked for all stores at once, and no store notices it, except by the speed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from memdrift.adapters.prometheus import PrometheusMetrics
from memdrift.adapters.prometheus.answers import SeriesKey, Table
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.scopes import Scope, matchers_of, taken_apart
from memdrift.api.administration import SourceLabels
from memdrift.api.metrics import MetricsSpec
from memdrift.drift.blocks import Window
from memdrift.errors import MetricsUnavailable
from memdrift.ports import BlocksRequest
from tests.adapters.prometheus import faulty_server, scenes
from tests.adapters.prometheus.fleet_server import Fleet

END, WINDOW, BLOCK = scenes.END, 6 * 3600, 450
QUESTIONS = 6
"""Facts, live heap, resident, working set, latency, load; beside them, now and then, the bounds of buckets."""
BOUNDS = "label_replace(group by"
LATER_BANDS = tuple(f'"memdrift_band", "{band}"' for band in ("p50", "p90", "count"))


def pods_of(store: int) -> tuple[str, ...]:
    return tuple(f"svc-{store}-6d5f7c9b4d-x2k4{letter}" for letter in "pq")


class Stand:
    """A sampler before a fleet of stores: five in each namespace."""

    def __init__(self, stores: int, clock: scenes.StillClock) -> None:
        self.stores = range(stores)
        self.fleet = Fleet(
            {
                f"team-{team}": tuple(pod for store in self.stores if store // 5 == team for pod in pods_of(store))
                for team in range(-(-stores // 5))
            }
        )
        self.clock = clock

    async def start(self) -> None:
        self.server = await self.fleet.start()
        source = scenes.source(str(self.server.make_url("")), allowed_namespaces=["*"], timeout_seconds=5)
        self.metrics = PrometheusMetrics(lambda: [source], self.clock)

    async def stop(self) -> None:
        self.metrics.close()
        await self.server.close()

    def request(self, store: int, now: float = END, **spec: object) -> BlocksRequest:
        pods = [scenes.pod(name, scenes.container(0.0)) for name in pods_of(store)]
        return BlocksRequest(
            namespace=f"team-{store // 5}",
            store=f"store-{store}",
            target=scenes.target(*pods, name=f"svc-{store}"),
            metrics=MetricsSpec.model_validate({**scenes.PRESETS, **spec}),
            quantile="0.99",
            objective_milliseconds=200,
            windows_seconds=(WINDOW,),
            now=datetime.fromtimestamp(now, UTC),
        )

    async def look(self, store: int, now: float = END, **spec: object) -> Window:
        (window,) = await self.metrics.windows(self.request(store, now, **spec))
        return window

    def questions(self) -> list[tuple[str, list[tuple[str, str]], int]]:
        """What was asked; of the bands of a whole window, which are asked for one by one, the first."""
        return [
            each for each in self.fleet.asked if '"p10"' in each[0] or not any(band in each[0] for band in LATER_BANDS)
        ]

    async def all_look(self, now: float = END) -> list[Window | BaseException]:
        looks = (self.look(store, now) for store in self.stores)
        return list(await asyncio.gather(*looks, return_exceptions=True))


@pytest.fixture
async def stand(clock: scenes.StillClock) -> AsyncIterator[Stand]:
    made = Stand(40, clock)
    await made.start()
    yield made
    await made.stop()


async def test_every_store_sees_its_own_pods_and_nobody_elses(stand: Stand) -> None:
    # A pod of another namespace with a name of this one's, a workload whose name begins alike, a stranger.
    for pod in (pods_of(7)[0], "svc-0-other-6d5f7c9b4d-x2k4p", "svc-0-1", "else"):
        stand.fleet.pods = {**stand.fleet.pods, "team-0": (*stand.fleet.pods["team-0"], pod)}
    for store, window in zip(stand.stores, await stand.all_look(), strict=True):
        assert isinstance(window, Window)
        assert {each.life.pod for each in window.lives} == set(pods_of(store))
        for each in window.lives:
            ends = each.starts + BLOCK
            np.testing.assert_array_equal(each.resident.p50, ends % 1_000_000 + len(each.life.pod))
    own = {pod: namespace for namespace, pods in stand.fleet.pods.items() for pod in pods}
    assert len(own) == 2 * len(stand.stores) + 3


async def test_who_comes_together_is_asked_about_together(stand: Stand) -> None:
    await stand.all_look()
    assert [len(covered) for _, covered, _ in stand.questions()] == [2 * len(stand.stores)] * (QUESTIONS + 1)


async def test_one_stores_tick_refreshes_the_new_blocks_of_all(stand: Stand) -> None:
    await stand.all_look()
    stand.fleet.asked.clear()
    stand.clock.seconds += BLOCK
    await stand.look(3, END + BLOCK)
    for window in await stand.all_look(END + BLOCK + 1):
        assert isinstance(window, Window)
        assert window.ended_at == END + BLOCK
    stand.fleet.asked = [each for each in stand.questions() if not each[0].startswith(BOUNDS)]
    assert sum(len(covered) for _, covered, _ in stand.fleet.asked) == 2 * len(stand.stores) * QUESTIONS
    most = [blocks for _, covered, blocks in stand.fleet.asked if len(covered) > len(stand.stores)]
    assert most == [3] * QUESTIONS  # those whose turn it is are asked about wholly, apart from the others


async def test_a_store_whose_clock_is_a_moment_behind_gets_the_newer_block(stand: Stand) -> None:
    await stand.all_look()
    stand.clock.seconds += BLOCK
    await stand.all_look(END + BLOCK)
    stand.fleet.asked.clear()
    assert (await stand.look(4, END + BLOCK - 1)).ended_at == END + BLOCK
    assert stand.fleet.asked == []


async def test_a_window_without_news_is_the_very_same_object(stand: Stand) -> None:
    first = await stand.look(0)
    stand.clock.seconds += BLOCK / 2
    again = await stand.look(0, END + BLOCK / 2)
    assert len(stand.questions()) == 2 * QUESTIONS + 1  # the youngest blocks were read again and were as before
    assert again is first
    request = stand.request(0, END + BLOCK / 2)
    restarted = scenes.pod(pods_of(0)[0], scenes.container(float(END - 9000)))
    target = scenes.target(restarted, request.target.pods[1], name="svc-0")
    (changed,) = await stand.metrics.windows(replace(request, target=target))
    assert changed is not first
    stand.fleet.value = lambda namespace, pod, end: 7.0
    stand.clock.seconds += BLOCK / 2
    assert (await stand.look(0, END + BLOCK / 2)) is not first


async def test_a_new_store_does_not_wait_for_the_fleet(stand: Stand) -> None:
    newcomer = stand.stores[-1]
    await asyncio.gather(*(stand.look(store) for store in stand.stores[:-1]))
    held = asyncio.Event()
    stand.fleet.hold = lambda query, covered: (
        held.wait() if len(covered) > 2 and "histogram_quantile" in query else None
    )
    stand.clock.seconds += BLOCK
    others = [asyncio.create_task(stand.look(store, END + BLOCK)) for store in stand.stores[:-1]]
    window = await asyncio.wait_for(stand.look(newcomer, END + BLOCK), 5)
    assert np.isfinite(window.lives[0].resident.p50).all()
    assert not any(task.done() for task in others)
    held.set()
    await asyncio.gather(*others)


BAD = 17


def rejecting(store: int = BAD, status: int = 422) -> object:
    def spoil(request: web.Request, query: str, covered: list[tuple[str, str]], ends: list[int]) -> web.Response | None:
        words = '{"status":"error","errorType":"execution","error":"query processing would load too many samples"}'
        hit = any(pod in pods_of(store) for _, pod in covered)
        return web.Response(status=status, text=words, content_type="application/json") if hit else None

    return spoil


def warning(request: web.Request, query: str, covered: list[tuple[str, str]], ends: list[int]) -> web.Response | None:
    hit = any(pod in pods_of(BAD) for _, pod in covered)
    return (
        web.Response(text=faulty_server.document([], warnings=["partial"]), content_type="application/json")
        if hit
        else None
    )


async def endless(request: web.Request) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(("spoil", "reason"), [(rejecting(), "MetricsRejected"), (warning, "MetricsWarned")])
async def test_one_store_that_cannot_be_had_does_not_blind_the_others(stand: Stand, spoil: object, reason: str) -> None:
    stand.fleet.spoil = spoil  # type: ignore[assignment]
    results = await stand.all_look()
    failed = [store for store, result in zip(stand.stores, results, strict=True) if isinstance(result, BaseException)]
    assert failed == [BAD]
    failure = results[BAD]
    assert isinstance(failure, MetricsUnavailable)
    assert failure.reason == reason
    assert len(stand.fleet.asked) < QUESTIONS * 16
    stand.fleet.asked.clear()
    again = await stand.all_look()
    assert sum(isinstance(result, Window) for result in again) == len(stand.stores) - 1
    assert len(stand.fleet.asked) <= QUESTIONS  # it is known to be asked apart


async def test_an_answer_that_is_too_large_is_asked_again_in_pieces(clock: scenes.StillClock) -> None:
    stand = Stand(40, clock)
    server = await stand.fleet.start()
    source = scenes.source(str(server.make_url("")), allowed_namespaces=["*"], max_response_bytes=100_000)
    metrics = PrometheusMetrics(lambda: [source], clock)
    windows = await asyncio.gather(*(metrics.windows(stand.request(store)) for store in stand.stores))
    assert all(np.isfinite(window.lives[0].resident.p50).all() for (window,) in windows)
    metrics.close()
    await server.close()


async def test_a_source_that_is_down_is_not_asked_store_by_store(stand: Stand) -> None:
    await stand.all_look()
    stand.fleet.asked.clear()
    stand.fleet.spoil = lambda *_: web.Response(status=503)
    stand.clock.seconds += BLOCK
    with pytest.raises(MetricsUnavailable, match="MetricsUnreachable"):
        await stand.look(0, END + BLOCK)
    assert len(stand.fleet.asked) <= 2 * QUESTIONS
    stand.fleet.spoil = lambda *_: None
    assert (await stand.look(0, END + BLOCK)).ended_at == END + BLOCK


async def test_who_does_not_ask_any_more_is_not_asked_about(stand: Stand) -> None:
    await stand.all_look()
    for _ in range(4):
        stand.clock.seconds += BLOCK
        await stand.look(0, END + BLOCK)
        stand.fleet.asked.clear()
    stand.clock.seconds += BLOCK
    await stand.look(0, END + 2 * BLOCK)
    assert {len(covered) for _, covered, _ in stand.fleet.asked} == {2}


async def test_a_custom_query_and_a_stores_own_latency_are_asked_per_store(stand: Stand) -> None:
    own = {"load": [{"query": "sum by (pod) (rate(my_requests_total[5m]))"}]}
    await asyncio.gather(*(stand.look(store, **own) for store in stand.stores[:4]))
    custom = [query for query, _, _ in stand.fleet.asked if "my_requests_total" in query]
    assert len(custom) == 4
    assert all('namespace="team-0"' in query for query in custom)
    stand.fleet.asked.clear()
    scope = {"latency": {"preset": "http-server", "scope": "Store"}}
    await asyncio.gather(*(stand.look(store, **scope) for store in stand.stores[:4]))
    assert len([query for query, _, _ in stand.fleet.asked if "histogram_quantile" in query]) == 4


NAMES = st.sampled_from(["a", "a-b", "a-b-c", "a.b", "b"])
HASHES = st.sampled_from(["6d5f7c9b4d-x2k4p", "x2k4p", "0", "12", "b-6d5f7c9b4d-x2k4p", "c-x2k4p"])
SCOPES = st.builds(
    Scope,
    namespace=st.sampled_from(["n", "m"]),
    workload=NAMES,
    kind=st.sampled_from(["Deployment", "StatefulSet", "DaemonSet", "Job"]),
    strangers=st.lists(st.sampled_from(["cut-name-x", "a-b-cut"]), max_size=2, unique=True).map(tuple),
)


@given(
    scopes=st.lists(SCOPES, min_size=1, max_size=6, unique=True), pods=st.lists(st.tuples(NAMES, HASHES), max_size=20)
)
def test_taking_apart_gives_each_store_what_it_would_have_got_alone(
    scopes: list[Scope], pods: list[tuple[str, str]]
) -> None:
    names = {f"{name}-{suffix}" for name, suffix in pods} | {"cut-name-x", "a-b-cut", "a"}
    keys = tuple(SeriesKey(namespace, pod, "", "") for namespace in ("n", "m", "x", "") for pod in sorted(names))
    grid = Grid(60, 60, 120)
    values = np.arange(2.0 * len(keys)).reshape(-1, 2)
    matchers = matchers_of(scopes, SourceLabels())
    patterns = {each.label: each.value if each.operator == "=~" else re.escape(each.value) for each in matchers}
    wide = [all(re.fullmatch(patterns[label], getattr(key, label)) for label in patterns) for key in keys]
    chosen = Table(grid, tuple(key for key, covered in zip(keys, wide, strict=True) if covered), values[np.array(wide)])
    for scope, part in zip(scopes, taken_apart(chosen, scopes), strict=True):
        alone = {
            (key.pod, "", ""): row
            for key, row in zip(keys, values.tolist(), strict=True)
            if key.namespace == scope.namespace and re.fullmatch(scope.pattern, key.pod)
        }
        assert {name: part.values[row].tolist() for name, row in part.rows.items()} == alone
