"""What a verdict on short lives may lead to: an incident and its evidence, never a restart; and the week's fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from memdrift.api.featurestore import FeatureStoreSpec
from memdrift.drift.judge import judge
from memdrift.drift.verdict import Verdict, VerdictKind, VerdictReason
from memdrift.remedy import records
from memdrift.remedy.holding import hold
from memdrift.remedy.policy import faults, unsupported
from memdrift.remedy.steps import Begin, Close
from tests import builders
from tests.builders import store
from tests.drift.series import POLICY
from tests.drift.shortlife import short_lives, told_of_kills
from tests.remedy.test_guards import Setting


def by_age() -> Verdict:
    (verdict,) = judge([short_lives(lambda share: 300 + 120 * share, pods=3, limit=440)], POLICY)
    assert verdict.reason is VerdictReason.GROWTH_BY_AGE
    return verdict


def of_kills() -> Verdict:
    window = told_of_kills(short_lives(lambda share: 300 + 210 * share, limit=512), [-1])
    (verdict,) = judge([window], POLICY)
    assert verdict.reason is VerdictReason.KILLS_RECUR
    return verdict


@pytest.mark.parametrize("verdict", [by_age(), of_kills()], ids=["by age", "kills"])
def test_it_names_pods_to_capture_from_and_nothing_that_a_restart_needs(verdict: Verdict) -> None:
    assert verdict.kind is VerdictKind.DRIFTING, "only DriftingWithImpact restarts"
    assert all(pod.seconds_to_limit is None for pod in verdict.pods), "nor does a limit that is near"
    affected = records.affected(verdict)
    assert {pod.name for pod in affected} == {pod.pod for pod in verdict.drifting_pods} != set()
    record = records.verdict_record(verdict)
    assert record.reason == verdict.reason
    assert record.gates
    assert all(gate.passed for gate in record.gates)


def spec_with(*window_seconds: int) -> FeatureStoreSpec:
    spec: dict[str, Any] = store().spec.model_dump(by_alias=True, mode="json")
    spec["detection"]["windowSeconds"] = list(window_seconds)
    return FeatureStoreSpec.model_validate(spec)


def test_a_week_is_supported_beside_shorter_windows_only() -> None:
    assert unsupported(spec_with(21_600, 604_800)) == ()
    assert faults(spec_with(21_600, 604_800)) == ()
    (told,) = faults(spec_with(604_800))
    assert "spec.detection.windowSeconds" in told
    assert "add a shorter window" in told
    (refused,) = unsupported(spec_with(21_600, 1_209_600))
    assert "above a week" in refused


@pytest.mark.parametrize(
    ("reason", "closes"),
    [
        (VerdictReason.KILLS_RECUR, False),
        (VerdictReason.GROWTH_BY_AGE, False),
        (VerdictReason.GROWTH_UNEXPLAINED, True),
    ],
)
def test_an_incident_of_many_lives_outlives_each_of_them(reason: VerdictReason, closes: bool) -> None:
    case = Setting(target={"pods": (builders.pod(3), builders.pod(4))}).case()
    (found, *others) = (replace(each, reason=reason, kind=VerdictKind.DRIFTING) for each in case.facts.verdicts)
    step = hold(replace(case, facts=replace(case.facts, verdicts=(found, *others))))
    assert isinstance(step, Close) is closes
    assert not isinstance(step, Begin)
