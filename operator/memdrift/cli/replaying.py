"""A store's past, asked of Prometheus and replayed: what `backtest STORE` shows.

Exists so that asking and replaying are apart from printing. Must not print a result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click
import numpy as np

from memdrift.adapters.clock import SystemClock
from memdrift.adapters.prometheus.connection import Connection
from memdrift.adapters.prometheus.history import History, Past
from memdrift.adapters.prometheus.pastblocks import blocks_of
from memdrift.api.administration import Source
from memdrift.api.featurestore import FeatureStore, LatencyScope, Strategy
from memdrift.backtest.cutting import stretch_of, window_at
from memdrift.backtest.findings import Finding, findings_of
from memdrift.backtest.replay import tracks_of
from memdrift.backtest.stopgaps import Rules, latency_of
from memdrift.backtest.storewide import Exposure, courses_of, exposure_of
from memdrift.backtest.trust import Furthest, Trust, trust_in
from memdrift.cli import judging
from memdrift.drift.blocks import LifeBlocks
from memdrift.drift.judge import judge
from memdrift.drift.judgement import judge_batch
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import GrowthKind, PodVerdict, Verdict
from memdrift.drift.weeks import WEEK_SECONDS
from memdrift.remedy.target import Target
from memdrift.report.panels import Picture, picture_of_life

Histories = Mapping[int, Sequence[LifeBlocks]]
"""Lives over their whole length, by the window on whose blocks they are."""


@dataclass(frozen=True, slots=True)
class Told:
    """One finding with what would have been said of it.

    Attributes:
        verdict: at the moment of its confirmation; None where the front door would not have said so.
    """

    finding: Finding
    verdict: Verdict | None
    pod: PodVerdict | None
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """Everything that was found in a past.

    Attributes:
        began_at, ended_at: epoch seconds of the span that was judged.
        questions: how many were sent to Prometheus.
    """

    store: FeatureStore
    began_at: float
    ended_at: float
    lives: int
    pods: int
    questions: int
    told: tuple[Told, ...]
    exposure: Exposure
    trust: Trust


async def replay(source: Source, store: FeatureStore, known: Target, began: datetime, ended: datetime) -> Replayed:
    """Ask for the span and the longest window before it, and judge every block of it.

    Raises:
        click.ClickException: the source remembers no pod of the store.
        MetricsUnavailable, SpecInvalid: as the source says.
    """
    histories, questions = await _histories(source, store, known, began.timestamp(), ended.timestamp())
    if not any(histories.values()):
        raise click.ClickException(
            f"no pod of {store.metadata.namespace}/{store.metadata.name} has a memory series since {began:%Y-%m-%d} in "
            f"{source.url}; look at the label names of the source (--administration) and at how long it keeps its data"
        )
    return _replayed(store, histories, questions, (began.timestamp(), ended.timestamp()))


async def _histories(
    source: Source, store: FeatureStore, known: Target, began_at: float, ended_at: float
) -> tuple[Histories, int]:
    windows, now = sorted(store.spec.detection.window_seconds), SystemClock().now()
    end = judging.settled(source, datetime.fromtimestamp(ended_at, UTC), now).timestamp()
    connection = Connection(source, SystemClock())
    history = History(connection, judging.request_of(store, known, now))
    found = {}
    try:
        for window in windows:
            past = await history.past(window, began_at - max(windows), end)
            found[window] = _lives(past, known, source)
    finally:
        connection.close()
    return found, history.asked


def _lives(past: Past, known: Target, source: Source) -> Sequence[LifeBlocks]:
    return [blocks_of(past, life, known, source.scrape_interval_seconds) for life in past.lives]


def _replayed(store: FeatureStore, histories: Histories, questions: int, span: tuple[float, float]) -> Replayed:
    policy = judging.detection_of(store.spec)
    tracks = {
        window: tracks_of(lives, window, policy, judge_batch, max(histories))
        for window, lives in histories.items()
        if window < WEEK_SECONDS or min(histories) >= WEEK_SECONDS  # a week beside shorter windows confirms nothing
    }
    confirming = {window: histories[window] for window in tracks}
    courses = courses_of(confirming, tracks, *span, policy.minimum_drifting_pods)
    finest = histories[min(histories)]
    found = findings_of(courses, latency_of(finest), _rules(store))
    exposure = exposure_of(courses, *span)
    return Replayed(
        store=store,
        began_at=span[0],
        ended_at=span[1],
        lives=len({(each.life.pod, each.life.started_at) for each in finest}),
        pods=len({each.life.pod for each in finest}),
        questions=questions,
        told=tuple(_told(each, histories, policy, store) for each in found),
        exposure=exposure,
        trust=_at_most_approve(trust_in(found, exposure), store),
    )


def _at_most_approve(trust: Trust, store: FeatureStore) -> Trust:
    """Latency of the whole store never restarts without a person's yes; see `LatencyScopeStore`."""
    if store.spec.metrics.latency.scope is not LatencyScope.STORE or trust.furthest is not Furthest.ENFORCE:
        return trust
    advice = f"{trust.advice} With `spec.metrics.latency.scope: Store`, Enforce counts as Approve."
    return replace(trust, furthest=Furthest.APPROVE, advice=advice)


def _rules(store: FeatureStore) -> Rules:
    """The store's own; an administrator's ceiling may allow less."""
    remediation, detection = store.spec.remediation, store.spec.detection
    return Rules(
        confirm_after_new_blocks=detection.confirm_after_new_blocks,
        cooldown_seconds=remediation.cooldown_seconds,
        maximum_per_24_hours=remediation.max_per_24_hours,
        maximum_per_7_days=remediation.max_per_7_days,
        maximum_consecutive=0 if remediation.strategy is Strategy.NONE else remediation.max_consecutive,
        objective_milliseconds=store.spec.objective.latency_milliseconds,
        whole_rollout=remediation.strategy is Strategy.ROLLOUT,
        join_seconds=min(detection.window_seconds) / 3,
    )


def _told(finding: Finding, histories: Histories, policy: DetectionPolicy, store: FeatureStore) -> Told:
    """The finding, judged by the front door as of its confirmation."""
    scope = store.spec.metrics.latency.scope is LatencyScope.STORE
    windows = [
        window_at(lives, window, finding.confirmed_at // lives[0].block_seconds * lives[0].block_seconds, store=scope)
        for window, lives in histories.items()
        if lives
    ]
    verdict = next((each for each in judge(windows, policy) if each.container == finding.container), None)
    pods = verdict.drifting_pods if verdict else ()
    picture = _picture(finding, pods[0], histories, policy) if pods else None
    return Told(finding, verdict if pods else None, pods[0] if pods else None, picture)


def _picture(finding: Finding, pod: PodVerdict, histories: Histories, policy: DetectionPolicy) -> Picture | None:
    """The worst pod's life around the finding, on the finest blocks."""
    finest = histories[min(histories)]
    lives = [
        each
        for each in finest
        if (each.life.pod, each.life.container) == (pod.pod, finding.container)
        and each.life.started_at == pod.started_at
    ]
    if not lives:
        return None
    life, onset = lives[0], pod.onset_at or finding.started_at
    ended_at = finding.ended_at or float(life.starts[-1])
    margin = 0.25 * (ended_at - onset)
    inside = (life.starts >= onset - margin) & (life.starts <= ended_at + margin)
    if not np.any(inside):
        return None
    marks = [("onset", onset), ("flagged", finding.confirmed_at)]
    marks += [("restart", finding.stopgaps[0].at)] if finding.stopgaps else []
    shown = stretch_of(life, life.starts[inside])
    heap = pod.growth_kind is not GrowthKind.NATIVE
    return picture_of_life(shown, policy.objective_milliseconds, tuple(marks), heap=heap)
