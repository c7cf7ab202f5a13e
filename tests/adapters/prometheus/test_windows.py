"""Windows of a real Prometheus agree with the raw samples, reduced once more by numpy."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from memdrift.adapters.prometheus import PrometheusMetrics
from memdrift.drift.blocks import POD_TOTAL, LifeBlocks, Window
from memdrift.errors import MetricsUnavailable, NotAllowed, SpecInvalid
from tests.adapters.prometheus import scenes
from tests.adapters.prometheus.history import END, GONE, HOUR, INTERVAL, MIB, TIMES, A, B, History
from tests.adapters.prometheus_server import PrometheusServer

pytestmark = pytest.mark.servers


async def window(metrics: PrometheusMetrics, **arguments: object) -> Window:
    (only,) = await metrics.windows(scenes.request(**arguments))  # type: ignore[arg-type]
    return only


def life(of: Window, pod: str, container: str = "app") -> LifeBlocks:
    (found,) = [each for each in of.lives if (each.life.pod, each.life.container) == (pod, container)]
    return found


def reduced(raw: np.ndarray, blocks: LifeBlocks, quantile: float) -> np.ndarray:
    """The quantile of the samples in (start, end] of every block that is the life's own."""
    values = []
    for start in blocks.starts.tolist():
        inside = raw[(start < TIMES) & (start + blocks.block_seconds >= TIMES)]
        inside = inside[~np.isnan(inside)]
        own = start >= blocks.life.started_at and inside.size
        values.append(np.quantile(inside, quantile) if own else np.nan)
    return np.array(values)


async def test_memory_bands_are_the_quantiles_of_the_samples(metrics: PrometheusMetrics, shop: History) -> None:
    measured = await window(metrics)

    assert measured.block_seconds == 450
    assert measured.ended_at == END
    for pod, heap in ((A, "go_gc_heap_live_bytes"), (B, "go_memstats_heap_inuse_bytes")):
        of = life(measured, pod)
        kinds = {
            heap: of.live_heap,
            "process_resident_memory_bytes": of.resident,
            "container_memory_working_set_bytes": of.working_set,
        }
        for metric, bands in kinds.items():
            labels = {"container": "app"} if metric.startswith("container") else {}
            raw = shop.raw(metric, namespace="shop", pod=pod, **labels)
            for name, quantile in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
                np.testing.assert_allclose(getattr(bands, name), reduced(raw, of, quantile), rtol=1e-9)
            assert set(bands.count[np.isfinite(bands.p50)]) == {30.0}
    assert life(measured, A).expected_samples == 30.0


async def test_blocks_before_and_across_a_start_are_nan(metrics: PrometheusMetrics) -> None:
    of = life(await window(metrics), B)
    own = of.starts >= of.life.started_at
    assert not own[:9].any()
    assert own[9:].all()
    for array in (of.resident.p50, of.load[0], of.latency_milliseconds):
        assert np.isnan(array[~own]).all()
        assert np.isfinite(array[own]).all()


async def test_load_and_latency_come_from_rates(metrics: PrometheusMetrics) -> None:
    of = life(await window(metrics), A)
    np.testing.assert_allclose(of.load[0][1:], 40.0, rtol=1e-6)
    # 98 % are under 200 ms, all under 500 ms: the 99th percentile lies half way between.
    np.testing.assert_allclose(of.latency_milliseconds[1:], 350.0, rtol=1e-6)


async def test_limits_and_identity_come_with_the_life(metrics: PrometheusMetrics) -> None:
    measured = await window(metrics)
    assert life(measured, A).life.runtime_limit_bytes == 96 * MIB
    assert life(measured, B).life.runtime_limit_bytes is None  # the largest integer means: no limit
    assert life(measured, A).life.limit_bytes == 512 * MIB
    assert life(measured, A).life.uid == f"uid-{A}"


async def test_a_pods_total_is_the_sum_of_its_containers(metrics: PrometheusMetrics) -> None:
    since = float(TIMES[0]) - 10_000
    two = scenes.pod(A, scenes.container(since), scenes.container(float(TIMES[2 * HOUR]), name="proxy"))
    measured = await window(metrics, of=scenes.target(two, scenes.shop_target().pods[1]))

    total = life(measured, A, POD_TOTAL)
    assert total.life.started_at == float(TIMES[2 * HOUR])
    assert total.life.limit_bytes == 1024 * MIB
    assert np.isnan(total.resident.p50).all()  # nothing is known of the proxy
    assert np.isnan(total.live_heap.p50).all()
    alone = life(measured, B, POD_TOTAL)
    np.testing.assert_array_equal(alone.resident.p50, life(measured, B).resident.p50)
    np.testing.assert_array_equal(alone.live_heap.p50, life(measured, B).live_heap.p50)


async def test_a_pod_that_is_gone_is_a_past_life(metrics: PrometheusMetrics) -> None:
    measured = await window(metrics)
    past, total = measured.past_lives
    assert (total.life.container, total.resident) == (POD_TOTAL, past.resident)
    assert (past.life.pod, past.life.uid, past.life.container) == (GONE, "", "app")
    assert past.life.started_at == TIMES[HOUR // 2] - 7.5
    known = np.isfinite(past.resident.p50)
    first, last = past.starts[known][0], past.starts[known][-1]
    assert past.life.started_at <= first < TIMES[HOUR // 2] + 450
    assert TIMES[3 * HOUR] - 900 < last <= TIMES[3 * HOUR]


async def test_an_earlier_run_of_a_living_container_is_a_past_life(metrics: PrometheusMetrics) -> None:
    restarted = scenes.target(scenes.pod(A, scenes.container(float(TIMES[4 * HOUR]))), scenes.shop_target().pods[1])
    measured = await window(metrics, of=restarted)
    past = next(each for each in measured.past_lives if each.life.pod == A)
    assert past.life.uid == f"uid-{A}"
    assert past.life.started_at == TIMES[0] - 7.5


async def test_several_windows_have_their_own_grids(metrics: PrometheusMetrics) -> None:
    windows = await metrics.windows(scenes.request(windows=(3600, 6 * 3600)))
    assert [(each.seconds, each.block_seconds, len(each.lives[0].starts)) for each in windows] == [
        (3600, 75, 48),
        (6 * 3600, 450, 48),
    ]


async def test_latency_of_the_whole_store_is_copied_to_every_life(metrics: PrometheusMetrics) -> None:
    measured = await window(metrics, spec={"latency": {"preset": "http-server", "scope": "Store"}})
    assert measured.latency_scope_is_store
    for each in measured.lives:
        own = (each.starts >= each.life.started_at) & (each.starts > TIMES[0])
        np.testing.assert_allclose(each.latency_milliseconds[own], 350.0, rtol=1e-6)


async def test_custom_queries_are_reduced_the_same_way(metrics: PrometheusMetrics) -> None:
    custom = {
        "memory": {
            "liveHeap": "go_gc_heap_live_bytes or go_memstats_heap_inuse_bytes",
            "resident": "process_resident_memory_bytes",
            "workingSet": 'sum by (pod, container) (container_memory_working_set_bytes{container!=""})',
        },
        "latency": {"query": "max by (pod) (0.000000001 * process_resident_memory_bytes)"},
        "load": [
            {"query": "sum by (pod) (rate(http_request_duration_seconds_count[1m]))"},
            {"query": "sum(secret_bytes)"},
        ],
    }
    preset, own = life(await window(metrics), A), life(await window(metrics, spec=custom), A)
    for name in ("live_heap", "resident", "working_set"):
        np.testing.assert_allclose(getattr(own, name).p90, getattr(preset, name).p90, rtol=1e-9)
        np.testing.assert_array_equal(getattr(own, name).count, getattr(preset, name).count)
    np.testing.assert_allclose(own.latency_milliseconds, preset.resident.p50 * 1e-6, rtol=1e-9)
    np.testing.assert_allclose(own.load[0][1:], 40.0, rtol=1e-6)
    assert set(own.load[1]) == {1.0}  # the series of the namespace bank is not in the sum


async def test_a_missing_load_or_latency_is_nan(metrics: PrometheusMetrics) -> None:
    absent = {"latency": {"preset": "grpc-server"}, "load": [{"preset": "http-server"}, {"preset": "feast"}]}
    of = life(await window(metrics, spec=absent), A)
    assert np.isnan(of.latency_milliseconds).all()
    assert np.isfinite(of.load[0]).all()
    assert np.isnan(of.load[1]).all()


async def test_missing_memory_is_an_error(metrics: PrometheusMetrics) -> None:
    with pytest.raises(MetricsUnavailable, match="MetricsMissing"):
        await window(metrics, spec={"memory": {"resident": "no_such_metric"}})


async def test_memory_that_is_nan_throughout_is_an_error(metrics: PrometheusMetrics) -> None:
    with pytest.raises(MetricsUnavailable, match="MetricsMissing"):
        await window(metrics, spec={"memory": {"resident": "0 * process_resident_memory_bytes / 0"}})


async def test_memory_that_ended_is_stale(metrics: PrometheusMetrics) -> None:
    with pytest.raises(MetricsUnavailable, match=r"MetricsStale: .* 3600 s before"):
        await window(metrics, now=END + 3600)


async def test_a_pod_too_young_for_a_block_is_no_error(metrics: PrometheusMetrics) -> None:
    young = scenes.target(scenes.pod("store-6d5f7c9b4d-nnnnn", scenes.container(END - 100.0)))
    measured = await window(metrics, of=young)
    assert np.isnan(life(measured, "store-6d5f7c9b4d-nnnnn").resident.p50).all()


async def test_a_custom_query_without_pods_names_its_field(metrics: PrometheusMetrics) -> None:
    with pytest.raises(SpecInvalid, match=r"QueryHasNoPods: `spec.metrics.memory.resident`"):
        await window(metrics, spec={"memory": {"resident": "sum(process_resident_memory_bytes)"}})
    with pytest.raises(SpecInvalid, match=r"`spec.metrics.latency.scope` to `Store`"):
        await window(metrics, spec={"latency": {"query": "max(process_resident_memory_bytes)"}})


async def test_what_the_engine_refuses_comes_back_in_its_words(metrics: PrometheusMetrics) -> None:
    refused = {"load": [{"query": 'label_replace(secret_bytes, "a", "x", "pod", "(")'}]}
    with pytest.raises(MetricsUnavailable, match=r"MetricsRejected: .*HTTP status 4\d\d: .*regular expression"):
        await window(metrics, spec=refused)


async def test_a_query_far_beyond_an_addresss_length_is_sent(metrics: PrometheusMetrics) -> None:
    strangers = [scenes.pod(f"cut-name-{number}-" + "x" * 40, scenes.container(END - 1.0)) for number in range(300)]
    measured = await window(metrics, of=scenes.target(*scenes.shop_target().pods, *strangers))
    assert max(len(query) for query in measured.queries) > 100_000
    assert np.isfinite(life(measured, A).resident.p50).all()


async def test_gathering_tick_by_tick_gives_what_one_question_gives(
    metrics: PrometheusMetrics, clock: scenes.StillClock, shop_prometheus: PrometheusServer
) -> None:
    for now in range(END - 3 * 3600, END + 1, 700):
        clock.seconds += 700
        ticks = await window(metrics, now=now, windows=(2 * 3600,))
        fresh = PrometheusMetrics(lambda: [scenes.source(shop_prometheus.url)], clock)
        once = await window(fresh, now=now, windows=(2 * 3600,))
        fresh.close()
        assert ticks.queries == once.queries
        for gathered, asked in zip((*ticks.lives, *ticks.past_lives), (*once.lives, *once.past_lives), strict=True):
            assert gathered.life == asked.life
            np.testing.assert_array_equal(gathered.resident.p50, asked.resident.p50)
            np.testing.assert_array_equal(gathered.live_heap.count, asked.live_heap.count)
            np.testing.assert_array_equal(gathered.load, asked.load)
            np.testing.assert_array_equal(gathered.latency_milliseconds, asked.latency_milliseconds)


async def test_a_source_is_only_for_whom_the_administrator_says(
    shop_prometheus: PrometheusServer, clock: scenes.StillClock
) -> None:
    metrics = PrometheusMetrics(lambda: [scenes.source(shop_prometheus.url, allowed_namespaces=["bank-*"])], clock)
    with pytest.raises(NotAllowed, match="SourceNotAllowed"):
        await window(metrics)
    with pytest.raises(NotAllowed, match="SourceNotConfigured"):
        await window(metrics, spec={"source": "other"})


async def test_fixed_matchers_and_labels_of_the_source_are_used(
    shop_prometheus: PrometheusServer, clock: scenes.StillClock
) -> None:
    source = scenes.source(shop_prometheus.url, fixed_matchers={"instance": A}, replica_labels=["instance"])
    metrics = PrometheusMetrics(lambda: [source], clock)
    measured = await window(metrics)
    metrics.close()
    assert np.isfinite(life(measured, A).resident.p50).all()
    assert np.isnan(life(measured, B).resident.p50).all()


async def test_down_and_up_again(shop: History, clock: scenes.StillClock) -> None:
    server = PrometheusServer(history=shop.text()).start()
    try:
        metrics = PrometheusMetrics(lambda: [scenes.source(server.url)], clock)
        before = await window(metrics)
        server.stop(forget=False)
        clock.seconds += INTERVAL + 1  # the answer in the cache is young enough, the source must be asked all the same
        with pytest.raises(MetricsUnavailable, match="MetricsUnreachable"):
            await window(metrics)
        (health,) = metrics.health()
        assert health.last_failure == "MetricsUnreachable"
        server.start()
        after = await window(metrics)
        np.testing.assert_array_equal(life(before, A).resident.p50, life(after, A).resident.p50)
        (health,) = metrics.health()
        assert health.last_failure == ""
        assert health.age_seconds is not None
        assert health.skew_seconds is not None
        assert abs(timedelta(seconds=health.skew_seconds)) < timedelta(minutes=1)
        metrics.close()
    finally:
        server.stop()
