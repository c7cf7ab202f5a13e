"""Recurring OOM kills: a verdict of their own, from lives that ended for their memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from memdrift.drift.blocks import Floats, Window
from memdrift.drift.judge import judge
from memdrift.drift.kills import kills_in, moments_of
from memdrift.drift.verdict import GrowthKind, VerdictKind, VerdictReason
from tests.drift.series import HOUR, MIB, POLICY
from tests.drift.shortlife import short_lives, told_of_kills

LIMIT = 512.0


def jagged(share: Floats) -> Floats:
    """To the limit, but in no way that pooling would call growth."""
    return np.where(share > 0.8, 500.0, 300 + 40 * np.sin(20 * share))


def to_the_limit(share: Floats) -> Floats:
    return 300 + 210 * share


def level(share: Floats) -> Floats:
    return np.full_like(share, 300.0)


def test_kills_that_recur_are_drift_that_nothing_restarts_for() -> None:
    window = told_of_kills(short_lives(jagged, limit=LIMIT, running_since_seconds=900), [-1])
    (verdict,) = judge([window], POLICY)
    assert verdict.kind is VerdictKind.DRIFTING
    assert verdict.reason is VerdictReason.KILLS_RECUR
    assert verdict.sentence.startswith(
        "killed for memory at its limit of 512 MiB 4 times in 6 h, about every 1 h 30 min"
    )
    assert [gate.name for gate in verdict.drifting_pods[0].gates[:2]] == ["kills", "known-kills"]
    assert verdict.drifting_pods[0].gates[0].figure == 4
    assert verdict.growth_kind is not GrowthKind.NONE
    assert all(pod.seconds_to_limit is None for pod in verdict.pods)


def test_growth_by_age_is_said_behind_the_kills() -> None:
    window = told_of_kills(short_lives(to_the_limit, limit=LIMIT), [-1, -2])
    (verdict,) = judge([window], POLICY)
    assert verdict.reason is VerdictReason.KILLS_RECUR
    assert "; resident memory grows with age in " in verdict.sentence
    worst = verdict.drifting_pods[0]
    assert {"kills", "known-kills", "growth-by-age"} <= {gate.name for gate in worst.gates}
    assert worst.growth_bytes > 100 * MIB


def test_ends_at_the_limit_that_nobody_told_of_are_not_enough() -> None:
    (verdict,) = judge([short_lives(jagged, limit=LIMIT)], POLICY)
    assert verdict.reason is not VerdictReason.KILLS_RECUR


def test_two_kills_do_not_recur() -> None:
    window = told_of_kills(short_lives(jagged, limit=LIMIT), [-1, -2])
    (verdict,) = judge([replace(window, past_lives=window.past_lives[-2:])], POLICY)
    assert verdict.reason is not VerdictReason.KILLS_RECUR


def test_one_burst_that_takes_all_pods_does_not_recur() -> None:
    window = short_lives(jagged, limit=LIMIT, pods=4)
    last = [each for each in window.past_lives if each.life.started_at > window.ended_at - 9500]
    burst = told_of_kills(replace(window, past_lives=tuple(last)), [-1, -2, -3, -4])
    together = tuple(
        replace(each, life=replace(each.life, killed_for_memory_at=window.ended_at - 4000.0))
        for each in burst.past_lives
    )
    burst = replace(burst, past_lives=together)
    assert len(kills_in(burst, "store")) >= 4
    assert judge([burst], POLICY)[0].reason is not VerdictReason.KILLS_RECUR


def test_lives_that_end_far_from_their_limit_are_deploys() -> None:
    assert kills_in(short_lives(level, limit=LIMIT, pods=3), "store") == ()


def test_a_kill_told_by_the_life_that_follows_counts_once() -> None:
    window = told_of_kills(short_lives(to_the_limit, limit=LIMIT), [-1])
    told = window.past_lives[-1].life.killed_for_memory_at
    lives = tuple(replace(each, life=replace(each.life, killed_for_memory_at=told)) for each in window.lives)
    both = replace(window, lives=lives)
    assert kills_in(both, "store") == kills_in(window, "store")


def test_a_pod_that_was_replaced_was_not_killed_by_its_own_limit() -> None:
    window = short_lives(to_the_limit, limit=LIMIT)
    past = tuple(
        replace(each, life=replace(each.life, uid=f"gone-{number}")) for number, each in enumerate(window.past_lives)
    )
    assert kills_in(replace(window, past_lives=past), "store") == ()


def test_kills_before_the_window_do_not_count() -> None:
    window = short_lives(level)
    old = window.ended_at - 7 * HOUR
    lives = tuple(replace(each, life=replace(each.life, killed_for_memory_at=old)) for each in window.lives)
    assert kills_in(Window(window.seconds, window.block_seconds, window.ended_at, lives), "store") == ()


@pytest.mark.parametrize("gap", [100.0, 450.0])
def test_kills_within_a_block_are_one_moment(gap: float) -> None:
    window = told_of_kills(short_lives(to_the_limit, limit=LIMIT), [-1])
    (first, *_) = kills_in(window, "store")
    assert moments_of([first, replace(first, at=first.at + gap)], 450) == [first.at]
