"""A store judged now or as of a moment, from the Prometheus that the person reaches.

Exists so that `explain` and `backtest` ask the operator's own questions and judge by the same front door. Must not
print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import click

from memdrift.adapters.clock import SystemClock
from memdrift.adapters.prometheus import PrometheusMetrics, questions
from memdrift.adapters.prometheus.connection import Connection
from memdrift.adapters.prometheus.history import History
from memdrift.adapters.prometheus.pastpods import LIMITS, target_at
from memdrift.api.administration import Administration, Source
from memdrift.api.featurestore import FeatureStore, FeatureStoreSpec
from memdrift.cli.asking import Asking
from memdrift.drift.blocks import Window
from memdrift.drift.judge import judge, judge_each
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import Verdict
from memdrift.ports import BlocksRequest
from memdrift.remedy import policy as policies
from memdrift.remedy.target import Target


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts with what they were judged from.

    Attributes:
        by_window: each window judged alone, so that one which lost against another can be looked at.
    """

    windows: tuple[Window, ...]
    verdicts: tuple[Verdict, ...]
    by_window: dict[int, tuple[Verdict, ...]]
    policy: DetectionPolicy


def judged(windows: Sequence[Window], policy: DetectionPolicy) -> Judged:
    """The windows judged together, and one by one."""
    return Judged(tuple(windows), judge(windows, policy), judge_each(windows, policy), policy)


def detection_of(spec: FeatureStoreSpec) -> DetectionPolicy:
    """The thresholds of a spec; no administrator's ceiling concerns them."""
    return policies.combine(spec, Administration(), "").detection


def nothing_known_of(store: FeatureStore) -> Target:
    """The workload as far as the spec names it: enough to find its pods by their names."""
    reference, container = store.spec.target_ref, store.spec.capture.container or ""
    return Target(
        api_version=reference.api_version,
        kind=reference.kind.value,
        name=reference.name,
        uid="",
        generation=0,
        desired_replicas=0,
        ready_replicas=0,
        updated_replicas=0,
        paused=False,
        rolling=False,
        controller="",
        default_container=container,
        containers=(container,) if container else (),
        restarted_for="",
        pods=(),
        revisions=(),
    )


def request_of(store: FeatureStore, target: Target, now: datetime) -> BlocksRequest:
    """The operator's own question about the store."""
    return BlocksRequest(
        namespace=store.metadata.namespace,
        store=store.metadata.name,
        target=target,
        metrics=store.spec.metrics,
        quantile=store.spec.objective.quantile,
        objective_milliseconds=store.spec.objective.latency_milliseconds,
        windows_seconds=tuple(store.spec.detection.window_seconds),
        now=now,
    )


async def source_as_scraped(asking: Asking, store: FeatureStore, target: Target, at: datetime) -> Source:
    """The source of the options; where nobody said how often it scrapes, its series are asked."""
    source = asking.source(store)
    if asking.interval_is_known:
        return source
    connection = Connection(source, SystemClock())
    try:
        history = History(connection, request_of(store, target, at))
        seconds = await history.scrape_interval_seconds(at.timestamp())
    finally:
        connection.close()
    return source.model_copy(update={"scrape_interval_seconds": seconds})


async def windows_at(source: Source, store: FeatureStore, known: Target, at: datetime | None) -> tuple[Window, ...]:
    """The windows that end at a moment, or now.

    Args:
        source: where the figures are.
        store: whose.
        known: the workload as it is now; its pods are those of the moment where `at` is None.
        at: a moment of the past, whose pods are found by their series.

    Raises:
        click.ClickException: no pod of the store has a series at that moment.
        MetricsUnavailable, SpecInvalid: as the sampler says.
    """
    clock = SystemClock()
    moment = settled(source, at, clock.now()) if at is not None else clock.now()
    request = request_of(store, known, moment)
    if at is not None or not known.pods:
        request = replace(request, target=await _target_then(source, request, moment))
    sampler = PrometheusMetrics(lambda: [source], clock)
    try:
        return await sampler.windows(request)
    finally:
        sampler.close()


def settled(source: Source, at: datetime, now: datetime) -> datetime:
    """When a moment's samples had arrived: the past waits for nothing, the present does."""
    return min(at + timedelta(seconds=source.ingestion_delay_seconds), now)


async def _target_then(source: Source, request: BlocksRequest, at: datetime) -> Target:
    connection = Connection(source, SystemClock())
    kinds = {questions.FACTS, questions.RESIDENT, questions.LIVE_HEAP, LIMITS}
    end, longest = at.timestamp(), max(request.windows_seconds)
    try:
        past = await History(connection, request).past(min(request.windows_seconds), end - longest, end, kinds)
    finally:
        connection.close()
    found = target_at(past.lives, past.grid.count - 1, request.target, past.main_container)
    if not found.pods:
        pattern = questions.pods_pattern(request.target)
        raise click.ClickException(
            f"no pod named `{pattern}` of namespace {request.namespace} has a memory series at {at:%Y-%m-%d %H:%M:%S} "
            f"UTC in {source.url}; look at the namespace, at the label names of the source (--administration) and at "
            "how long it keeps its data"
        )
    return found
