"""The demonstration, tick by tick: the leak is confirmed in time with impact, the healthy twin never drifts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memdrift.drift.verdict import GrowthKind, VerdictKind
from tests.drift.series import POLICY
from tests.drift.stories import ebb, first_confirmed, leaking, ticks, twin

DRIFT = {VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT}
IMPACT = {VerdictKind.DRIFTING_WITH_IMPACT}
DEMO = replace(POLICY, warm_up_seconds=30)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_leak_is_confirmed_with_impact_by_minute_four(seed):
    history = list(ticks([leaking("a", seed), leaking("b", seed)], DEMO))
    drift, impact = first_confirmed(history, DRIFT), first_confirmed(history, IMPACT)
    assert drift is not None
    assert impact is not None
    assert drift[0] <= 120
    assert impact[0] <= 240
    assert impact[1].growth_kind is GrowthKind.HEAP
    later = [verdicts["store"] for age, verdicts in history if age > 190]  # p99 collapses at 180
    assert sum(verdict.kind in IMPACT for verdict in later) / len(later) > 0.9  # it does not flicker away


def test_the_leak_is_told_with_falling_load_and_a_near_runtime_limit():
    verdicts = dict(ticks([leaking("a", 1), leaking("b", 1)], DEMO))[180]
    verdict = verdicts["store"]
    assert "of 2 pods rose" in verdict.sentence
    assert "while load fell" in verdict.sentence
    to_limit = verdict.pods[0].seconds_to_limit
    assert to_limit is not None
    assert to_limit.middle < 120  # the runtime's soft limit of 96 MiB, long before the container's 512


@pytest.mark.parametrize("warm_up", [0, 30])
@pytest.mark.parametrize(
    "shape",
    [{}, {"time_constant": 20.0}, {"time_constant": 90.0}, {"time_constant": 130.0}, {"skewed": True}],
    ids=["fills in two minutes", "fills fast", "fills slowly", "fills very slowly", "fills by popularity"],
)
def test_the_twin_never_drifts_at_any_tick_from_its_birth_on(shape, warm_up):
    history = list(ticks([twin(1, **shape)], replace(POLICY, warm_up_seconds=warm_up)))
    drifting = [(age, name) for age, verdicts in history for name, verdict in verdicts.items() if verdict.drifting]
    assert drifting == []


def test_the_twin_under_a_growing_peak_is_explained_or_saturating():
    story = twin(3, time_constant=20.0)
    rising = ebb(3, high=22.0, low=44.0, at=200.0)
    heap = story.live_heap + 0.4 * (rising - story.load)  # 9 MiB more once load has doubled
    history = ticks([replace(story, load=rising, live_heap=heap)], DEMO)
    assert [age for age, verdicts in history if verdicts["store"].drifting] == []


def test_a_pod_younger_than_its_warm_up_is_unknown():
    age, verdicts = next(ticks([leaking("a")], DEMO))
    assert age < DEMO.warm_up_seconds
    assert {verdict.kind for verdict in verdicts.values()} == {VerdictKind.UNKNOWN}
