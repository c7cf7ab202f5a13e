"""Growth by age: many lives, none of which is long enough to be judged alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from memdrift.drift.blocks import Floats, LifeBlocks, Window
from memdrift.drift.byage import gates_by_age
from memdrift.drift.judge import judge
from memdrift.drift.pooling import Pool, pooled
from memdrift.drift.verdict import Verdict, VerdictKind, VerdictReason
from tests.drift.series import HOUR, POLICY
from tests.drift.shortlife import short_lives

NAMES = ("lives", "growth-by-age", "trend-by-age", "agreement", "current-revision", "keeps-pace", "falls-back")


def rising(share: Floats) -> Floats:
    return 300 + 120 * share


def level(share: Floats) -> Floats:
    return np.full_like(share, 300.0)


def warming(share: Floats) -> Floats:
    return 300 + 120 * (1 - np.exp(-share / 0.15))


def the(window: Window) -> Verdict:
    (verdict,) = judge([window], POLICY)
    return verdict


def failed(window: Window) -> set[str]:
    pool = pooled(window, "store", POLICY.warm_up_seconds)
    assert pool is not None
    return {gate.name for gate in gates_by_age(pool, frozenset({"r1"}), POLICY) if not gate.passed}


@pytest.mark.parametrize("heap", [True, False])
@pytest.mark.parametrize(("life", "window", "block"), [(5400, 6 * HOUR, 450), (6 * HOUR, 24 * HOUR, 1800)])
def test_growth_in_every_life_is_drift_by_age(life: int, window: int, block: int, heap: bool) -> None:
    since = life // 2
    verdict = the(
        short_lives(
            rising,
            life_seconds=life,
            window_seconds=window,
            block_seconds=block,
            heap=heap,
            pods=2,
            running_since_seconds=since,
        )
    )
    assert verdict.kind is VerdictKind.DRIFTING, verdict.sentence
    assert verdict.reason is VerdictReason.GROWTH_BY_AGE
    worst = verdict.drifting_pods[0]
    assert tuple(gate.name for gate in worst.gates) == (*NAMES, "not-explained-by-load")
    assert all(gate.passed and gate.figure is not None and gate.sentence for gate in worst.gates)
    assert worst.growth_bytes_per_hour is not None
    pace = worst.growth_bytes_per_hour.middle / 2**20
    assert pace == pytest.approx(120 * HOUR / life, rel=0.1)
    assert "grows with age" in verdict.sentence


def test_it_projects_no_limit_and_claims_no_impact_so_nothing_is_restarted_for_it() -> None:
    window = short_lives(rising, pods=3, limit=440)
    slow = tuple(
        replace(each, latency_milliseconds=np.linspace(100.0, 900.0, len(each.starts))) for each in window.lives
    )
    verdict = the(replace(window, lives=slow))
    assert verdict.kind is VerdictKind.DRIFTING
    assert all(pod.seconds_to_limit is None for pod in verdict.pods)


def test_three_lives_are_too_few() -> None:
    window = short_lives(rising)
    few = replace(window, past_lives=window.past_lives[-2:])
    assert the(few).kind is VerdictKind.UNKNOWN
    assert "lives" in failed(few)


def test_young_pods_alone_are_a_rollout() -> None:
    window = replace(short_lives(rising, pods=8), past_lives=())
    assert the(window).kind is VerdictKind.UNKNOWN


@pytest.mark.parametrize("seed", range(5))
def test_level_lives_are_not_drift(seed: int) -> None:
    verdict = the(short_lives(level, pods=2, spread=6.0, seed=seed))
    assert verdict.kind is VerdictKind.UNKNOWN
    assert verdict.reason is VerdictReason.TOO_YOUNG


def test_a_warm_up_in_every_life_is_not_drift() -> None:
    window = short_lives(warming, pods=2)
    assert the(window).kind is VerdictKind.UNKNOWN
    assert "keeps-pace" in failed(window)


def test_growth_that_goes_on_in_the_next_life_is_not_by_age() -> None:
    window = short_lives(level, pods=1, spread=0.5)
    first = window.lives[0].starts[0]

    def by_calendar(window: Window) -> Window:
        def moved(lives: tuple[LifeBlocks, ...]) -> tuple[LifeBlocks, ...]:
            found = []
            for each in lives:
                more = 300.0 * 2**20 * (each.starts - first) / (6 * HOUR)
                bands = each.resident
                grown = replace(bands, p10=bands.p10 + more, p50=bands.p50 + more, p90=bands.p90 + more)
                found.append(replace(each, resident=grown))
            return tuple(found)

        return replace(window, lives=moved(window.lives), past_lives=moved(window.past_lives))

    window = by_calendar(window)
    assert the(window).kind is VerdictKind.UNKNOWN
    assert failed(window) == {"falls-back"}


def test_load_that_rises_with_age_explains_it() -> None:
    window = short_lives(rising, pods=2, load=lambda share: 40 * (1 + 0.4 * share))
    assert the(window).kind is VerdictKind.UNKNOWN
    assert failed(window) == {"not-explained-by-load"}


def test_without_load_nothing_is_said() -> None:
    window = short_lives(rising, pods=2, load=lambda share: np.full_like(share, np.nan))
    assert the(window).kind is VerdictKind.UNKNOWN


def test_one_hot_pod_does_not_speak_for_its_peers() -> None:
    window, hot = short_lives(level, pods=4), short_lives(rising, pods=4)

    def one_of(cold: tuple[LifeBlocks, ...], warm: tuple[LifeBlocks, ...]) -> tuple[LifeBlocks, ...]:
        return tuple(w if w.life.pod == "store-0" else c for c, w in zip(cold, warm, strict=True))

    mixed = replace(window, lives=one_of(window.lives, hot.lives), past_lives=one_of(window.past_lives, hot.past_lives))
    assert the(mixed).kind is VerdictKind.UNKNOWN
    assert "agreement" in failed(mixed)


def test_a_leak_that_the_running_revision_fixed_is_over() -> None:
    leaking = short_lives(rising, pods=4, running_since_seconds=3000)
    fixed = short_lives(level, pods=4, running_since_seconds=3000)
    lives = tuple(replace(each, life=replace(each.life, revision="r2")) for each in fixed.lives)
    verdict = the(replace(leaking, lives=lives))
    assert verdict.kind is VerdictKind.UNKNOWN
    assert the(leaking).kind is VerdictKind.DRIFTING


def test_lives_of_one_stateful_pod_are_never_joined() -> None:
    """Growth over lives that come back under the same name would be a line; each is level, and higher than the last."""
    window = short_lives(level)
    stairs = tuple(
        replace(
            each,
            life=replace(each.life, pod="store-0", uid=f"uid-{number}"),
            resident=replace(each.resident, p50=each.resident.p50 + number * 60 * 2**20),
        )
        for number, each in enumerate((*window.past_lives, *window.lives))
    )
    window = replace(window, lives=stairs[-1:], past_lives=stairs[:-1])
    assert the(window).kind is VerdictKind.UNKNOWN
    pool = pooled(window, "store", POLICY.warm_up_seconds)
    assert isinstance(pool, Pool)
    assert len(pool.lives) == len([life for life in stairs if np.isfinite(life.resident.p50).sum() >= 6])
    assert abs(pool.slopes * 5400 / 2**20).max() < 10
