"""Containers, pods and windows side by side: who decides, and what the verdict says of the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from memdrift.drift.blocks import POD_TOTAL, Window
from memdrift.drift.judge import judge
from memdrift.drift.verdict import GrowthKind, VerdictKind, VerdictReason
from tests.drift.series import EPOCH, POLICY, flat, life, line, noise, window

N = 48
LEAK = line(N, 200, 60)
CALM = flat(N, 200)
SLOW = 1800  # block of the long window


def test_a_store_without_lives_is_unknown():
    (verdict,) = judge([Window(21600, 450, float(EPOCH), ())], POLICY)
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, VerdictReason.NO_SERIES)
    assert verdict.sentence


def test_no_window_is_refused_by_name():
    with pytest.raises(ValueError, match=r"detection\.windowSeconds"):
        judge([], POLICY)


def test_every_container_gets_its_verdict_and_the_total_comes_last():
    lives = [life(container=name, live_heap=CALM) for name in (POD_TOTAL, "sidecar", "app")]
    assert [verdict.container for verdict in judge([window(*lives)], POLICY)] == ["app", "sidecar", POD_TOTAL]


def test_the_shortest_window_that_confirms_decides():
    short, long = window(life(live_heap=LEAK)), window(life(live_heap=LEAK, block_seconds=SLOW))
    (verdict,) = judge([long, short], POLICY)
    assert verdict.window_seconds == short.seconds
    assert verdict.block_ended_at == short.ended_at


def test_a_longer_window_may_confirm_alone():
    short = window(life(live_heap=CALM + noise(N, 3)))
    long = window(life(live_heap=LEAK, block_seconds=SLOW))
    (verdict,) = judge([short, long], POLICY)
    assert verdict.kind is VerdictKind.DRIFTING
    assert verdict.window_seconds == long.seconds


def test_impact_in_a_longer_window_outweighs_drift_in_a_shorter_one():
    short = window(life(live_heap=LEAK))
    long = window(life(live_heap=LEAK, latency=line(N, 100, 300), block_seconds=SLOW))
    (verdict,) = judge([short, long], POLICY)
    assert (verdict.kind, verdict.window_seconds) == (VerdictKind.DRIFTING_WITH_IMPACT, long.seconds)


def test_without_drift_the_longest_window_that_could_be_judged_decides():
    born = float(EPOCH - 4 * 3600)
    short = window(life(live_heap=CALM, started_at=born))
    long = window(life(live_heap=CALM, block_seconds=SLOW, started_at=born))
    (verdict,) = judge([short, long], POLICY)
    assert (verdict.kind, verdict.window_seconds) == (VerdictKind.STEADY, short.seconds)


def test_growth_without_load_in_one_window_is_not_called_steady_by_another():
    short = window(life(live_heap=LEAK, load=np.empty((0, N))))
    long = window(life(live_heap=CALM, block_seconds=SLOW))
    (verdict,) = judge([short, long], POLICY)
    assert verdict.reason is VerdictReason.LOAD_MISSING


def test_one_drifting_pod_of_three_is_enough_by_default_and_comes_first():
    lives = [life(pod=pod, live_heap=LEAK if pod == "b" else CALM) for pod in "abc"]
    (verdict,) = judge([window(*lives)], POLICY)
    assert verdict.kind is VerdictKind.DRIFTING
    assert verdict.pods[0].pod == "b"
    assert [pod.pod for pod in verdict.drifting_pods] == ["b"]
    assert "1 of 3 pods" in verdict.sentence


def test_fewer_drifting_pods_than_asked_for_is_steady_and_says_so():
    lives = [life(pod=pod, live_heap=LEAK if pod == "b" else CALM) for pod in "abc"]
    (verdict,) = judge([window(*lives)], replace(POLICY, minimum_drifting_pods=2))
    assert verdict.kind is VerdictKind.STEADY
    assert "detection.minDriftingPods" in verdict.sentence


def test_the_worst_pod_comes_first():
    lives = [life(pod=pod, live_heap=line(N, 200, growth)) for pod, growth in (("a", 40), ("b", 90), ("c", 60))]
    (verdict,) = judge([window(*lives)], POLICY)
    assert [pod.pod for pod in verdict.pods] == ["b", "c", "a"]


def test_most_pods_unmeasured_is_unknown_and_names_only_those():
    born = float(EPOCH - 3600)
    lives = [life(pod=pod, live_heap=CALM, started_at=None if pod == "a" else born) for pod in "abc"]
    (verdict,) = judge([window(*lives)], POLICY)
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, VerdictReason.TOO_YOUNG)
    assert [pod.pod for pod in verdict.pods] == ["b", "c"]


def test_a_young_pod_among_steady_ones_does_not_blind_the_store():
    lives = [life(pod=pod, live_heap=CALM, started_at=float(EPOCH - 60) if pod == "a" else None) for pod in "abc"]
    (verdict,) = judge([window(*lives)], POLICY)
    assert verdict.kind is VerdictKind.STEADY


def test_latency_of_the_whole_store_must_not_restart():
    leaking = life(live_heap=LEAK, latency=line(N, 100, 300))
    (verdict,) = judge([window(leaking, latency_scope_is_store=True)], POLICY)
    assert verdict.kind is VerdictKind.DRIFTING_WITH_IMPACT
    assert not verdict.impact_allowed


def test_a_total_is_seen_with_the_live_heap_of_its_containers():
    creeping = line(N, 28, 30)
    total = life(container=POD_TOTAL, resident=creeping)
    assert judge([window(total)], POLICY)[0].drifting
    app = life(container="store", live_heap=flat(N, 22), resident=creeping)
    assert not any(verdict.drifting for verdict in judge([window(app, total)], POLICY))


def test_a_sidecar_that_leaks_is_found_beside_a_steady_container():
    app = life(container="store", live_heap=CALM, resident=CALM + 90)
    sidecar = life(container="sidecar", resident=line(N, 60, 70))
    total = life(container=POD_TOTAL, resident=CALM + 90 + line(N, 60, 70))
    found = {verdict.container: verdict for verdict in judge([window(app, sidecar, total)], POLICY)}
    assert not found["store"].drifting
    assert found["sidecar"].growth_kind is GrowthKind.UNSPECIFIED
    assert found["sidecar"].drifting
