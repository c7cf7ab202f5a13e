"""Gates as rows, and the sentence that says why a leak was missed."""

from __future__ import annotations

from memdrift.drift import judge
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import Gate, Verdict
from memdrift.report import gates
from tests import builders
from tests.report.test_bundle import leaking_window

POLICY = DetectionPolicy(minimum_growth_percent=10, minimum_growth_bytes=4 * builders.MEBIBYTE, warm_up_seconds=20)
SHY = DetectionPolicy(minimum_growth_percent=900, minimum_growth_bytes=4 * builders.MEBIBYTE, warm_up_seconds=20)


def judged(policy: DetectionPolicy) -> tuple[Verdict, ...]:
    return judge.judge((leaking_window(),), policy)


def test_a_missed_leak_names_gate_figure_window_and_pod() -> None:
    verdicts = judged(SHY)
    said = gates.why(verdicts, {builders.WINDOW_SECONDS: verdicts})

    assert said.startswith("Steady: ")
    assert "in the window of 3 min by material: " in said
    assert "900 asked (features-" in said


def test_a_drift_says_that_nothing_denied_it() -> None:
    verdicts = judged(POLICY)

    assert gates.why(verdicts, {builders.WINDOW_SECONDS: verdicts}) == f"DriftingWithImpact: {verdicts[0].sentence}."


def test_there_is_a_row_for_every_window_and_pod() -> None:
    verdicts = judged(POLICY)
    rows = gates.pod_rows({180: verdicts, 360: verdicts})

    assert [row[0] for row in rows] == ["3 min", "3 min", "6 min", "6 min"]
    assert all(len(row) == len(gates.POD_HEADINGS) for row in rows)
    assert {row[2] for row in rows} == {"features-1", "features-2"}


def test_the_worst_pod_is_shown_unless_another_one_is_named() -> None:
    verdicts = judged(POLICY)
    worst, other = (pod.pod for pod in verdicts[0].pods)
    found = gates.deciding(verdicts), gates.deciding(verdicts, other)

    assert [pair[1].pod for pair in found if pair] == [worst, other]
    assert gates.deciding(verdicts, "nobody") is None


def test_large_figures_have_no_exponent_and_missing_ones_are_a_dash() -> None:
    row, missing = gates.gate_rows_of(
        [Gate("age", 86_400.4, 28_800.0, "seconds", True, ""), Gate("load", None, None, "", None, "\x1b[2J")]
    )

    assert row[1:3] == ("86400", "28800")
    assert missing[1:5] == ("-", "-", "", "not asked")
    assert "\x1b" not in missing[5]
