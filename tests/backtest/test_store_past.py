"""A store's past: counted as the front door counts, with findings, would-be restarts and honest advice."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from memdrift.backtest.cutting import stretch_of, window_at
from memdrift.backtest.episodes import DRIFTING
from memdrift.backtest.findings import Ending, Finding, findings_of
from memdrift.backtest.replay import tracks_of
from memdrift.backtest.stopgaps import Rules, latency_of
from memdrift.backtest.storewide import ContainerCourse, Exposure, courses_of, exposure_of
from memdrift.backtest.trust import Furthest, trust_in
from memdrift.drift.blocks import LifeBlocks
from memdrift.drift.judge import judge
from memdrift.drift.judgement import judge_batch
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import VerdictKind
from tests.backtest.pasts import BEGIN, DAY, HOUR, WINDOWS, histories, life

POLICY = DetectionPolicy(objective_milliseconds=200)
RULES = Rules(
    confirm_after_new_blocks=2,
    cooldown_seconds=6 * HOUR,
    maximum_per_24_hours=2,
    maximum_per_7_days=6,
    maximum_consecutive=3,
    objective_milliseconds=200,
    whole_rollout=False,
    join_seconds=2 * HOUR,
)
WEEK = 7 * DAY
SEVERITY = (VerdictKind.UNKNOWN, VerdictKind.STEADY, VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT)

Lives = dict[int, list[LifeBlocks]]


def replayed(past: Lives, hours: float, policy: DetectionPolicy = POLICY) -> tuple[ContainerCourse, ...]:
    tracks = {window: tracks_of(lives, window, policy, judge_batch, max(past)) for window, lives in past.items()}
    return courses_of(past, tracks, BEGIN, BEGIN + hours * HOUR, policy.minimum_drifting_pods)


def findings(past: Lives, hours: float, rules: Rules = RULES) -> tuple[Finding, ...]:
    return findings_of(replayed(past, hours), latency_of(past[6 * HOUR]), rules)


LEAKING = histories(("leaky", 0, 60, 4.0), ("healthy", 0, 80, 0.0), ("fresh", 60, 80, 0.0))


@pytest.mark.parametrize("minimum", [1, 2])
def test_every_moment_is_what_the_front_door_says(minimum: int) -> None:
    policy = replace(POLICY, minimum_drifting_pods=minimum)
    (app,) = replayed(LEAKING, 80, policy)
    moments = list(range(4, 80, 3))
    said = []
    for hour in moments:
        end = BEGIN + hour * HOUR
        windows = [
            window_at(lives, window, end // WINDOWS[window] * WINDOWS[window]) for window, lives in LEAKING.items()
        ]
        verdict = next(each for each in judge(windows, policy) if each.container == "app")
        place = int(np.searchsorted(app.course.times, end, side="right")) - 1
        assert SEVERITY[app.course.kinds[place]] is verdict.kind, hour
        assert app.course.block_ends[place] == verdict.block_ended_at or not verdict.drifting
        said.append(verdict.drifting)
    assert any(said) is (minimum == 1)


def test_a_leak_is_one_finding_that_lasts_until_its_pod_ends() -> None:
    (found,) = findings(LEAKING, 80)

    assert found.pods == ("leaky",)
    assert found.ending is Ending.PODS_ENDED
    assert found.ended_at is not None
    assert found.started_at <= found.confirmed_at < BEGIN + 24 * HOUR
    assert 60 * HOUR <= found.ended_at - BEGIN < 63 * HOUR
    assert found.impact_at is not None
    assert found.impact_at >= found.confirmed_at


def test_restarts_wait_for_broken_latency_and_keep_cooldown_and_budget() -> None:
    (found,) = findings(LEAKING, 80)
    times = [each.at for each in found.stopgaps]
    latency = latency_of(LEAKING[6 * HOUR])

    assert times
    assert all(latency.broken_at(at, 200) for at in times)
    assert all(later - earlier >= RULES.cooldown_seconds for earlier, later in pairwise(times))
    assert all(sum(1 for other in times if 0 <= at - other < DAY) <= 2 for at in times)
    assert all(each.pods == 1 for each in found.stopgaps)
    assert found.broken_after_seconds > found.broken_before_seconds


@pytest.mark.parametrize(
    ("changes", "restarts"),
    [
        ({"maximum_consecutive": 1}, 1),
        ({"maximum_consecutive": 0}, 0),
        ({"maximum_per_7_days": 2}, 2),
        ({"objective_milliseconds": 10_000}, 0),
        ({"cooldown_seconds": 40 * HOUR}, 1),
    ],
)
def test_each_guard_that_is_modelled_counts(changes: dict[str, float], restarts: int) -> None:
    (found,) = findings(LEAKING, 80, replace(RULES, **changes))

    assert len(found.stopgaps) == restarts


def test_a_rollout_restarts_every_living_pod() -> None:
    (found,) = findings(LEAKING, 80, replace(RULES, whole_rollout=True))

    assert found.stopgaps[0].pods == 2


def test_a_leak_that_goes_on_has_no_end() -> None:
    (found,) = findings(histories(("leaky", 0, 60, 4.0)), 59)

    assert found.ended_at is None
    assert found.ending is Ending.STILL_GOING


def test_growth_that_ends_while_its_pod_lives_on_subsided() -> None:
    past = {}
    for window, length in WINDOWS.items():
        leaky = life("leaky", 0, 90, leak_mebibytes_per_hour=4.0, block_seconds=length)
        capped = np.where(leaky.starts < BEGIN + 30 * HOUR, leaky.live_heap.p50, 220 * 2.0**20)
        flat = replace(leaky.live_heap, p10=capped * 0.99, p50=capped, p90=capped * 1.01)
        past[window] = [replace(leaky, live_heap=flat, resident=replace(flat, p10=capped, p90=capped))]
    found = findings(past, 90)

    assert found[-1].ending is Ending.SUBSIDED
    assert trust_in(found, Exposure(9 * WEEK, 9 * WEEK, WEEK)).furthest is Furthest.OBSERVE


def test_a_leak_that_rising_load_hides_for_a_while_is_no_noise() -> None:
    past = {
        window: [life("leaky", 0, 90, leak_mebibytes_per_hour=4.0, block_seconds=length, daily_load=15)]
        for window, length in WINDOWS.items()
    }
    found = findings(past, 90)

    assert len(found) > 1
    assert {each.ending for each in found[:-1]} == {Ending.RESUMED}
    assert found[-1].ending is not Ending.RESUMED


def test_a_healthy_past_has_no_finding_and_exposure_for_all_its_time() -> None:
    past = histories(("one", 0, 80, 0.0), ("two", 10, 80, 0.0))
    courses = replayed(past, 80)
    exposure = exposure_of(courses, BEGIN, BEGIN + 80 * HOUR)

    assert findings(past, 80) == ()
    assert exposure.drifting == 0
    assert exposure.measured == pytest.approx(150 * HOUR, rel=0.05)
    assert 0.9 * exposure.measured < exposure.judged < exposure.measured


def test_containers_are_told_apart() -> None:
    past = {
        window: [
            life("pod", 0, 60, leak_mebibytes_per_hour=4.0, block_seconds=length),
            life("pod", 0, 60, block_seconds=length, container="proxy", seed=2),
        ]
        for window, length in WINDOWS.items()
    }
    app, proxy = replayed(past, 60)

    assert (app.container, proxy.container) == ("app", "proxy")
    assert (app.course.kinds >= DRIFTING).any()
    assert not (proxy.course.kinds >= DRIFTING).any()


def test_a_stretch_is_the_same_blocks_and_empty_where_there_were_none() -> None:
    whole = life("pod", 2, 10)
    starts = np.arange(BEGIN, BEGIN + 4 * HOUR, 480, dtype=np.int64) // 480 * 480
    cut = stretch_of(whole, starts)
    there = starts >= whole.starts[0]

    assert np.isnan(cut.live_heap.p50[~there]).all()
    assert (cut.live_heap.count[~there] == 0).all()
    assert (cut.live_heap.p50[there] == whole.live_heap.p50[: there.sum()]).all()
    assert cut.load.shape == (1, len(starts))


def test_a_window_holds_the_living_and_remembers_the_past() -> None:
    lives = LEAKING[6 * HOUR]
    window = window_at(lives, 6 * HOUR, (BEGIN + 62 * HOUR) // 480 * 480)

    assert [each.life.pod for each in window.lives] == ["healthy", "fresh"]
    assert [each.life.pod for each in window.past_lives] == ["leaky"]
    assert all(len(each.starts) == 45 for each in (*window.lives, *window.past_lives))


def finding(ending: Ending, restarts: int = 1) -> Finding:
    (made,) = findings(LEAKING, 80)
    return replace(made, ending=ending, stopgaps=made.stopgaps[:restarts])


@pytest.mark.parametrize(
    ("found", "weeks", "share", "furthest"),
    [
        ([], 5, 0.9, Furthest.APPROVE),
        ([], 0.5, 0.9, Furthest.OBSERVE),
        ([], 5, 0.3, Furthest.OBSERVE),
        ([Ending.SUBSIDED], 50, 0.9, Furthest.OBSERVE),
        ([Ending.PODS_ENDED, Ending.SUBSIDED], 50, 0.9, Furthest.OBSERVE),
        ([Ending.PODS_ENDED], 0.5, 0.9, Furthest.CAPTURE),
        ([Ending.PODS_ENDED], 5, 0.9, Furthest.APPROVE),
        ([Ending.STILL_GOING], 50, 0.9, Furthest.ENFORCE),
    ],
)
def test_the_advice_follows_from_noise_and_exposure(
    found: list[Ending], weeks: float, share: float, furthest: Furthest
) -> None:
    trust = trust_in([finding(each) for each in found], Exposure(weeks * WEEK / share, weeks * WEEK, 0.0))

    assert trust.furthest is furthest
    assert trust.advice.startswith(
        "Stay in Observe" if furthest is Furthest.OBSERVE else f"Nothing speaks against {furthest}"
    )


def test_no_noise_is_bounded_by_three_over_the_exposure() -> None:
    trust = trust_in([], Exposure(10 * WEEK, 10 * WEEK, 0.0))

    assert trust.false_per_week_below == pytest.approx(0.2996, rel=1e-3)
    assert trust_in([], Exposure(0.0, 0.0, 0.0)).false_per_week_below is None
