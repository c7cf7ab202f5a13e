"""Growth added to healthy recorded series is found and measured; without it, or tied to load, they do not drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.drift import corpus
from tests.drift.backgrounds import POLICY, Backgrounds, healthy
from tests.drift.synthetic import LOAD_GATE, ONSETS, Outcome, ramped, share_of, tied_to_doubled_load, undisturbed

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not corpus.FOLDER.is_dir(), reason="../shared/drift-corpus is absent: recorded series stay there"
    ),
]

SHAPE_POLICY = replace(POLICY, minimum_growth_bytes=0.0)
"""A fifth of a pod of 13 MiB is below the absolute floor on purpose; here only its shape is in question."""


@pytest.fixture(scope="module")
def families() -> Sequence[Backgrounds]:
    return healthy()


def over(families: Sequence[Backgrounds], made: Callable[[Backgrounds], Outcome]) -> list[Outcome]:
    return [made(each) for each in families]


def alarms(outcomes: Sequence[Outcome]) -> float:
    return share_of([outcome.alarmed for outcome in outcomes])


@pytest.mark.parametrize("memory", ["resident", "live_heap"])
@pytest.mark.parametrize("policy", [POLICY, SHAPE_POLICY], ids=["usual floor", "no floor"])
def test_at_most_one_window_in_a_hundred_drifts_without_a_ramp(families, memory, policy):
    outcomes = over(families, lambda each: undisturbed(each, policy, memory))
    assert alarms(outcomes) <= 0.01
    # One pod's memory climbs by a quarter within six hours, load falls, latency rises: nobody put a leak into it.
    assert sum(int(outcome.impact.sum()) for outcome in outcomes) <= 1


@pytest.mark.parametrize("onset", ONSETS)
@pytest.mark.parametrize(("growth", "of_pods", "of_machines"), [(0.2, 0.93, 0.70), (0.5, 0.96, 0.90)])
def test_ramps_are_found(families, growth, of_pods, of_machines, onset):
    """Machines move by a tenth within a day, without a load that could explain it: a fifth drowns in that."""
    pods, *machines = over(families, lambda each: ramped(each, growth, onset, SHAPE_POLICY))
    assert alarms([pods]) >= of_pods
    assert alarms(machines) >= of_machines


@pytest.mark.parametrize("onset", ONSETS)
def test_slope_and_onset_are_within_eight_percent(families, onset):
    """Of pods. Machines have days: even with the onset known, Theil-Sen's median error on them is 12 to 15 %."""
    outcomes = over(families[:1], lambda each: ramped(each, 0.2, onset, SHAPE_POLICY))
    assert np.median(np.concatenate([outcome.slope_errors for outcome in outcomes])) <= 0.08
    assert np.median(np.concatenate([outcome.onset_errors for outcome in outcomes])) <= 0.08


@pytest.mark.parametrize("follows", [False, True], ids=["beside its own noise", "with every move of load"])
def test_memory_in_proportion_to_doubled_load_does_not_drift(families, follows):
    outcomes = over(families, lambda each: tied_to_doubled_load(each, 0.3, SHAPE_POLICY, follows=follows))
    assert alarms(outcomes) <= 0.02


def test_without_the_load_gate_doubled_load_would_look_like_drift(families):
    def free(each: Backgrounds) -> Outcome:
        return tied_to_doubled_load(each, 0.3, SHAPE_POLICY, ablated={LOAD_GATE})

    assert alarms(over(families, free)) > 0.70
