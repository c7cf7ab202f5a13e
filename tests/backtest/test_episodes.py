"""Windows side by side and hits counted: the same as asking `drift.judge` and `remedy.hits` at every moment."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memdrift.backtest.episodes import DRIFTING, DRIFTING_WITH_IMPACT, STEADY, UNKNOWN, episodes_of, side_by_side
from memdrift.backtest.reduction import reduced
from memdrift.backtest.replay import tracks_of
from memdrift.drift import judge as front_door
from memdrift.drift.blocks import Bands, LifeBlocks, Window
from memdrift.drift.judgement import judge_batch
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import GrowthKind, Verdict, VerdictKind, VerdictReason
from memdrift.remedy import hits
from tests.backtest.runs import MEBIBYTE, recording, track

HOUR = 3600
KIND = {
    UNKNOWN: VerdictKind.UNKNOWN,
    STEADY: VerdictKind.STEADY,
    DRIFTING: VerdictKind.DRIFTING,
    DRIFTING_WITH_IMPACT: VerdictKind.DRIFTING_WITH_IMPACT,
}
REASON = {
    UNKNOWN: VerdictReason.COVERAGE_LOW,
    STEADY: VerdictReason.NO_GROWTH,
    DRIFTING: VerdictReason.GROWTH_UNEXPLAINED,
    DRIFTING_WITH_IMPACT: VerdictReason.GROWTH_WITH_LATENCY,
}


def verdict_of(one, time) -> Verdict:
    """What a window says at a moment: its youngest block's verdict, `Unknown` before its first block."""
    seen = np.flatnonzero(one.ends <= time)
    kind = int(one.kinds[seen[-1]]) if len(seen) else UNKNOWN
    missing = bool(len(seen) and one.load_missing[seen[-1]])
    return Verdict(
        container="c",
        kind=KIND[kind],
        reason=VerdictReason.LOAD_MISSING if missing else REASON[kind],
        growth_kind=GrowthKind.NONE,
        window_seconds=one.window_seconds,
        block_ended_at=float(one.ends[seen[-1]]) if len(seen) else 0.0,
        pods=(),
        sentence="",
    )


def asked_all_the_time(tracks, needed, times):
    """The operator's way: judged at every tick, the hits kept in the status."""
    earlier, episodes, current = [], [], None
    for time in times:
        verdict = front_door._side_by_side([verdict_of(each, time) for each in tracks])
        earlier = hits.all_counted([verdict], earlier, datetime.fromtimestamp(time, UTC))
        count = earlier[0].count if earlier else 0
        if current and verdict.kind is VerdictKind.STEADY:
            episodes.append((*current, time))
            current = None
        if verdict.drifting and count >= needed:
            current = current or [time, None]
            if verdict.kind is VerdictKind.DRIFTING_WITH_IMPACT and current[1] is None:
                current[1] = time
    return [*episodes, (*current, None)] if current else episodes


@st.composite
def tracks(draw):
    made = []
    for window, block in draw(st.sampled_from([((6, 300),), ((6, 300), (24, 700)), ((6, 300), (24, 700), (72, 2100))])):
        number = draw(st.integers(0, 4000 // block))
        codes = draw(st.lists(st.integers(0, 4), min_size=number, max_size=number))
        kinds = [code if code < 4 else UNKNOWN for code in codes]
        made.append(
            track(window, [block * (each + 1.0) for each in range(number)], kinds, [code == 4 for code in codes])
        )
    return made


@settings(max_examples=300, deadline=None)
@given(tracks=tracks(), needed=st.integers(1, 3))
def test_it_is_what_the_operator_would_have_counted(tracks, needed):
    found = [(each.confirmed_at, each.impact_at, each.ended_at) for each in episodes_of(side_by_side(tracks), needed)]
    assert found == asked_all_the_time(tracks, needed, np.arange(50.0, 4500.0, 50.0))


def confirmed(kinds, needed=2):
    course = side_by_side([track(6, [float(end) for end in range(1, len(kinds) + 1)], kinds)])
    return [(each.started_at, each.confirmed_at, each.ended_at) for each in episodes_of(course, needed)]


@pytest.mark.parametrize(
    ("why", "kinds", "expected"),
    [
        ("one hit is no episode", [STEADY, DRIFTING, STEADY], []),
        ("two new blocks confirm", [DRIFTING, DRIFTING, STEADY], [(1.0, 2.0, 3.0)]),
        ("an unknown block keeps the count", [DRIFTING, UNKNOWN, DRIFTING], [(1.0, 3.0, None)]),
        ("a steady block takes it away", [DRIFTING, STEADY, DRIFTING, STEADY], []),
        ("an unknown block does not end it", [DRIFTING, DRIFTING, UNKNOWN, DRIFTING], [(1.0, 2.0, None)]),
        ("after a steady one it is another", [2, 2, 1, 2, 2], [(1.0, 2.0, 3.0), (4.0, 5.0, None)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hits(why, kinds, expected):
    assert confirmed(kinds) == expected


def test_a_block_that_was_counted_does_not_count_again():
    course = side_by_side([track(6, [1, 2, 3, 4], [0, 0, 0, 0]), track(24, [1], [DRIFTING])])
    assert course.kinds.tolist() == [DRIFTING] * 4
    assert episodes_of(course, 2) == ()


def test_impact_counts_once_it_is_confirmed():
    (early,) = episodes_of(side_by_side([track(6, [1, 2, 3], [DRIFTING_WITH_IMPACT, DRIFTING, DRIFTING])]), 2)
    (late,) = episodes_of(side_by_side([track(6, [1, 2, 3], [DRIFTING, DRIFTING, DRIFTING_WITH_IMPACT])]), 2)
    assert (early.impact, late.impact_at) == (False, 3.0)


def windows_until(histories, end):
    """The windows as the sampler would have them at a moment."""
    for seconds, history in histories:
        width = seconds // history.block_seconds
        last = int((history.starts + history.block_seconds <= end).sum())
        if last:
            cut = slice(max(last - width, 0), last)
            yield Window(seconds, history.block_seconds, float(end), (_cut(history, cut),))


def _cut(history, cut):
    def of(bands):
        return Bands(bands.p10[cut], bands.p50[cut], bands.p90[cut], bands.count[cut])

    return LifeBlocks(
        history.life, history.block_seconds, history.starts[cut], of(history.live_heap), of(history.resident),
        of(history.working_set), history.load[:, cut], history.latency_milliseconds[cut], history.expected_samples,
    )  # fmt: skip


@pytest.mark.parametrize("percent_per_hour", [0.0, 3.0])
def test_a_replay_says_what_the_front_door_says(percent_per_hour):
    chance = np.random.default_rng(7)
    times = np.arange(0.0, 30 * HOUR, 60.0)
    memory = 500 * MEBIBYTE * (1 + percent_per_hour / 100 * times / HOUR) + chance.normal(0, MEBIBYTE, len(times))
    latency = 50 + times / HOUR + chance.normal(0, 1, len(times))
    load = np.full((1, len(times)), 20.0) + chance.normal(0, 1, len(times))
    run = recording(times, live_heap=memory, latency_milliseconds=latency, load=load)
    policy = DetectionPolicy(objective_milliseconds=60)
    histories = [(seconds, reduced(run, block)) for seconds, block in ((6 * HOUR, 480), (24 * HOUR, 1800))]
    course = side_by_side(
        [
            each
            for seconds, history in histories
            for each in tracks_of([history], seconds, policy, judge_batch, 24 * HOUR)
        ]
    )
    some = range(0, len(course.times), 5)
    said = [front_door.judge(list(windows_until(histories, course.times[moment])), policy)[0].kind for moment in some]
    assert [KIND[int(course.kinds[moment])] for moment in some] == said
    assert (VerdictKind.DRIFTING_WITH_IMPACT in said) == (percent_per_hour > 0)
