"""What each shape of memory is called, as sentences. Windows of 6 h in 48 blocks unless a row says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from memdrift.drift.blocks import Floats, LifeBlocks
from memdrift.drift.judge import judge
from memdrift.drift.verdict import GrowthKind, Verdict, VerdictKind, VerdictReason
from tests.drift import series
from tests.drift.series import EPOCH, MIB, POLICY, flat, life, line, noise, ramp_from, window

N = 48


def verdict_on(*lives: LifeBlocks, **policy: float) -> Verdict:
    return judge([window(*lives)], replace(POLICY, **policy))[0]


def holed(values: Floats, *holes: int) -> Floats:
    broken = values.copy()
    broken[list(holes)] = np.nan
    return broken


DRIFTING: dict[str, Callable[[], LifeBlocks]] = {
    "a leak that climbs from the start of the window": lambda: life(live_heap=line(N, 200, 60) + noise(N, 3)),
    "a leak that begins in the middle of the window": lambda: life(live_heap=ramp_from(N, 200, 60, 0.5) + noise(N, 2)),
    "a leak that begins at two thirds, found late": lambda: life(live_heap=ramp_from(N, 200, 90, 0.6) + noise(N, 2)),
    "a leak in a staircase of eight stairs": lambda: life(live_heap=series.staircase(N, 200, 80, 8)),
    "a leak under a GC sawtooth": lambda: life(live_heap=line(N, 200, 80) + series.sawtooth(N, 0, 12, 3)),
    "a leak while load falls by a quarter": lambda: life(
        live_heap=line(N, 200, 60) + noise(N, 2), load=np.where(np.arange(N) < 20, 44.0, 33.0) + noise(N, 0.5)
    ),
    "a leak under load that swings up and down": lambda: life(
        live_heap=line(N, 200, 60) + noise(N, 2), load=40 + 10 * np.sin(np.arange(N) / 3) + noise(N, 1)
    ),
    "a leak whose load comes back to where it was before the leak": lambda: life(
        live_heap=ramp_from(N, 200, 60, 0.5) + noise(N, 1),
        load=np.concatenate([flat(24, 46), line(24, 10, 40)]) + noise(N, 4, seed=3),
    ),
    "a leak under short bursts, in which every sixth block doubles": lambda: life(
        resident=ramp_from(N, 200, 80, 0.5) + noise(N, 1), bursts=200.0 * (np.arange(N) % 6 == 0)
    ),
    "a leak that load only adds to": lambda: life(
        live_heap=line(N, 200, 90) + 0.5 * (40 + 10 * np.sin(np.arange(N) / 3)), load=40 + 10 * np.sin(np.arange(N) / 3)
    ),
    "a leak with a few holes": lambda: life(live_heap=holed(line(N, 200, 60), 5, 6, 20, 33)),
    "a leak of an idle service": lambda: life(live_heap=line(N, 200, 60), load=flat(N, 0.0)),
    "resident memory alone, where no heap series exists": lambda: life(resident=line(N, 300, 70) + noise(N, 3)),
    "native growth: resident memory rises over a flat heap": lambda: life(
        live_heap=flat(N, 40) + noise(N, 0.5), resident=line(N, 120, 90) + noise(N, 2)
    ),
}


@pytest.mark.parametrize("sentence", DRIFTING)
def test_drifts(sentence):
    verdict = verdict_on(DRIFTING[sentence]())
    assert verdict.kind is VerdictKind.DRIFTING, verdict.sentence
    assert verdict.reason is VerdictReason.GROWTH_UNEXPLAINED


STEADY: dict[str, Callable[[], LifeBlocks]] = {
    "constant memory": lambda: life(live_heap=flat(N, 200)),
    "noise around a level": lambda: life(live_heap=flat(N, 200) + noise(N, 8)),
    "decreasing memory": lambda: life(live_heap=line(N, 300, -80)),
    "a GC sawtooth with short teeth": lambda: life(live_heap=series.sawtooth(N, 200, 60, 5)),
    "a GC sawtooth with three long teeth": lambda: life(live_heap=series.sawtooth(N, 200, 60, 16)),
    "a cache that warms up fast": lambda: life(live_heap=series.saturating(N, 100, 80, 0.15)),
    "a cache that warms up slowly": lambda: life(live_heap=series.saturating(N, 100, 80, 0.5) + noise(N, 1)),
    "a plateau after growth in the first half": lambda: life(live_heap=series.plateau(N, 100, 80, 0.5)),
    "a plateau after growth in two thirds": lambda: life(live_heap=series.plateau(N, 100, 80, 0.67) + noise(N, 0.5)),
    "growth below the percentage that matters": lambda: life(live_heap=line(N, 2000, 30)),
    "growth below the bytes that matter": lambda: life(live_heap=line(N, 20, 10)),
    "memory that follows load up and down": lambda: life(
        live_heap=100 + 3 * (40 + 20 * np.sin(np.arange(N) / 4)), load=40 + 20 * np.sin(np.arange(N) / 4)
    ),
    "memory that follows doubling load": lambda: life(live_heap=60 + 2 * line(N, 30, 30), load=line(N, 30, 30)),
    "memory that follows doubling load, load measured with noise": lambda: life(
        live_heap=60 + 2 * line(N, 30, 30) + noise(N, 2), load=line(N, 30, 30) + noise(N, 3, seed=2)
    ),
    "memory that follows one of two load series": lambda: life(
        live_heap=100 + 3 * line(N, 20, 30), load=np.stack((flat(N, 5.0), line(N, 20, 30)))
    ),
    "page cache: only the working set rises": lambda: life(
        live_heap=flat(N, 40), resident=flat(N, 90), working_set=line(N, 200, 300)
    ),
    "resident memory that creeps towards twice its live heap": lambda: life(
        live_heap=flat(N, 17), resident=line(N, 28, 22)
    ),
    "a reset: memory climbs, falls back and climbs again": lambda: life(
        live_heap=np.concatenate((line(24, 200, 60), line(24, 200, 60)))
    ),
}


@pytest.mark.parametrize("sentence", STEADY)
def test_does_not_drift(sentence):
    verdict = verdict_on(STEADY[sentence]())
    assert verdict.kind is VerdictKind.STEADY, verdict.sentence


@pytest.mark.parametrize("at", np.linspace(0.05, 0.95, 19).round(2))
def test_a_step_anywhere_does_not_drift(at):
    for seed in range(3):
        memory = series.step(N, 200, 80, at) + noise(N, 1.0, seed)
        assert not verdict_on(life(live_heap=memory)).drifting


UNKNOWN: dict[str, tuple[VerdictReason, Callable[[], LifeBlocks]]] = {
    "no sample at all": (VerdictReason.NO_SERIES, lambda: life(live_heap=flat(N, np.nan))),
    "a life younger than a third of the window": (
        VerdictReason.TOO_YOUNG,
        lambda: life(live_heap=line(N, 200, 60), started_at=float(EPOCH - 2 * 3600)),
    ),
    "a life old enough only with its warm-up": (
        VerdictReason.TOO_YOUNG,
        lambda: life(live_heap=line(N, 200, 60), started_at=float(EPOCH - 2.2 * 3600)),
    ),
    "every third block missing": (
        VerdictReason.COVERAGE_LOW,
        lambda: life(live_heap=holed(line(N, 200, 60), *range(0, N, 3))),
    ),
    "one hole of an hour and a half": (
        VerdictReason.COVERAGE_LOW,
        lambda: life(live_heap=holed(line(N, 200, 60), *range(20, 32))),
    ),
    "a series gone stale": (
        VerdictReason.COVERAGE_LOW,
        lambda: life(live_heap=holed(line(N, 200, 60), *range(39, 48))),
    ),
    "growth without any load series": (
        VerdictReason.LOAD_MISSING,
        lambda: life(live_heap=line(N, 200, 60), load=np.empty((0, N))),
    ),
    "growth with a load series without samples": (
        VerdictReason.LOAD_MISSING,
        lambda: life(live_heap=line(N, 200, 60), load=flat(N, np.nan)),
    ),
    "native growth without load": (
        VerdictReason.LOAD_MISSING,
        lambda: life(live_heap=flat(N, 40), resident=line(N, 120, 90), load=flat(N, np.nan)),
    ),
}


@pytest.mark.parametrize("sentence", UNKNOWN)
def test_is_unknown(sentence):
    reason, build = UNKNOWN[sentence]
    verdict = verdict_on(build())
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, reason), verdict.sentence
    assert len(verdict.pods) == 1


KINDS: dict[str, tuple[GrowthKind, str]] = {
    "a leak that climbs from the start of the window": (GrowthKind.HEAP, "live heap"),
    "resident memory alone, where no heap series exists": (GrowthKind.UNSPECIFIED, "resident memory"),
    "native growth: resident memory rises over a flat heap": (GrowthKind.NATIVE, "resident memory"),
}


@pytest.mark.parametrize("sentence", KINDS)
def test_names_the_memory_that_grows(sentence):
    kind, words = KINDS[sentence]
    verdict = verdict_on(DRIFTING[sentence]())
    assert verdict.growth_kind is kind
    assert verdict.sentence.startswith(words)


def test_page_cache_is_named_as_such_and_explained():
    verdict = verdict_on(STEADY["page cache: only the working set rises"]())
    assert verdict.growth_kind is GrowthKind.CACHE
    assert verdict.reason is VerdictReason.GROWTH_EXPLAINED


def test_blocks_before_the_start_of_a_life_are_not_its_own():
    previous_life = np.concatenate((flat(16, 20), line(32, 200, 4)))  # a counter's jump at the restart
    started = float(EPOCH - 33 * 450)
    assert not verdict_on(life(live_heap=previous_life, started_at=started)).drifting


def test_thin_blocks_are_holes():
    thin = life(live_heap=line(N, 200, 60))
    thin = replace(thin, live_heap=replace(thin.live_heap, count=flat(N, 2.0)))
    assert verdict_on(thin).reason is VerdictReason.COVERAGE_LOW


def test_every_gate_of_a_drifting_pod_says_its_figure():
    pod = verdict_on(life(live_heap=line(N, 200, 60), latency=line(N, 100, 300))).pods[0]
    assert [gate.name for gate in pod.gates] == [
        "age",
        "coverage",
        "gap",
        "onset",
        "trend",
        "material",
        "new-high",
        "line-not-step",
        "not-saturating",
        "still-growing",
        "not-explained-by-load",
        "settled",
        "latency-rises",
        "latency-objective",
        "worth-relieving",
    ]
    assert all(gate.passed and gate.sentence for gate in pod.gates)
    assert [gate.name for gate in pod.gates if gate.figure is None] == ["new-high"]  # nothing earlier is known


def test_onset_growth_and_projection_of_a_leak_from_mid_window():
    heap = ramp_from(N, 200, 60, 0.5) + noise(N, 0.5)
    pod = verdict_on(life(live_heap=heap, resident=heap + 40, limit=400, runtime_limit=320)).pods[0]
    assert pod.onset_at == pytest.approx(EPOCH - 3 * 3600, abs=0.08 * 6 * 3600)
    assert pod.growth_bytes == pytest.approx(60 * MIB, rel=0.08)
    assert pod.growth_percent == pytest.approx(30, abs=3)
    per_hour = pod.growth_bytes_per_hour
    assert per_hour.low <= per_hour.middle <= per_hour.high
    assert per_hour.middle == pytest.approx(20 * MIB, rel=0.08)
    assert pod.seconds_to_limit.middle == pytest.approx(3 * 3600, rel=0.15)  # the runtime's: 320 - 260 at 20 per hour
    assert pod.seconds_to_limit.low <= pod.seconds_to_limit.middle <= pod.seconds_to_limit.high


def test_the_working_set_counts_for_the_time_to_the_kernels_limit():
    heap = line(N, 200, 60)
    pod = verdict_on(life(live_heap=heap, resident=heap + 20, working_set=heap + 120, limit=400)).pods[0]
    assert pod.seconds_to_limit.middle == pytest.approx(2 * 3600, rel=0.15)


IMPACT: dict[str, tuple[bool, Floats]] = {
    "latency that rises above its objective": (True, line(N, 100, 300)),
    "latency that is above its objective and rises two blocks later": (True, 250 + np.roll(line(N, 0, 90), 2)),
    "latency that heads for its objective": (True, line(N, 100, 90)),
    "latency far below its objective, rising": (False, line(N, 20, 60)),
    "latency above its objective that does not rise": (False, 300 + noise(N, 40)),
    "latency above its objective that falls": (False, line(N, 900, -500)),
    "no latency": (False, flat(N, np.nan)),
    "two blocks of latency": (False, np.concatenate((flat(N - 2, np.nan), flat(2, 900)))),
}


@pytest.mark.parametrize("sentence", IMPACT)
def test_impact(sentence):
    impact, latency = IMPACT[sentence]
    verdict = verdict_on(life(live_heap=line(N, 200, 60), latency=latency))
    assert verdict.drifting
    assert (verdict.kind is VerdictKind.DRIFTING_WITH_IMPACT) is impact


def test_latency_without_drift_is_no_impact():
    assert verdict_on(life(live_heap=flat(N, 200), latency=line(N, 100, 900))).kind is VerdictKind.STEADY


def test_growth_too_small_to_give_back_is_no_impact_unless_a_limit_is_near():
    heap, latency = line(N, 1000, 100), line(N, 100, 300)
    assert verdict_on(life(live_heap=heap, latency=latency)).kind is VerdictKind.DRIFTING
    near = life(live_heap=heap, latency=latency, resident=heap + 50, limit=1200)
    assert verdict_on(near).kind is VerdictKind.DRIFTING_WITH_IMPACT


def test_the_sentence_tells_the_story():
    memory = line(N, 75, 63)
    load = np.where(np.arange(N) < 24, 44.0, 33.0)
    lives = [life(pod=pod, live_heap=memory, load=load, latency=line(N, 60, 480)) for pod in "ab"]
    assert verdict_on(*lives).sentence == (
        "live heap of 2 of 2 pods rose 84 % (63 MiB) in 6 h while load fell 25 %; p99 rose to 484 ms (objective 200 ms)"
    )
