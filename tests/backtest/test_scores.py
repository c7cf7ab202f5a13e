"""Scores by numbers that can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from memdrift.backtest import tables
from memdrift.backtest.bounds import upper_rate
from memdrift.backtest.recording import WEEK_SECONDS
from memdrift.backtest.scores import scored, summary_of
from tests.backtest.runs import outcome, recording


def run(identity, family, label, weeks=1.0, **changes):
    times = np.array([0.0, 1.0])
    return recording(times, id=identity, family=family, label=label, exposure_seconds=weeks * WEEK_SECONDS, **changes)


RUNS = {
    run("found", "a", "leak", onset_seconds=3600.0): outcome(1800.0, 7200.0, 9000.0, impact=True),
    run("missed", "a", "leak"): outcome(),
    run("quiet", "b", "steady", 2.0): outcome(judged_share=0.5),
    run("noisy", "b", "steady", 3.0): outcome(60.0, 600.0),
    run("jump", "b", "step"): outcome(60.0, impact=True),
    run("doubtful", "b", "unsure", 100.0): outcome(60.0),
    run("machine", "alibaba", "steady", 8.0): outcome(60.0),
}
SCORES = scored(list(RUNS), list(RUNS.values()))
SUMMARY = summary_of(SCORES)


def test_recall_and_precision_count_series_and_leave_machines_and_doubts_out():
    assert SUMMARY.labelled.recall == 1 / 2
    assert SUMMARY.labelled.precision == 1 / 3
    assert SUMMARY.labelled.series == 5


def test_a_family_has_its_rate_and_its_bound():
    row = SUMMARY.by_family["b"].row()
    assert (row["series"], row["alarmed"], row["episodes"], row["exposure_weeks"]) == (3, 2, 3, 6.0)
    assert row["episodes_per_week"] == row["false_episodes_per_week"] == 0.5
    assert row["episodes_per_week_below"] == pytest.approx(7.7537 / 6, rel=1e-4)
    assert row["false_impact_episodes"] == 1
    assert row["judged_weeks"] == 1.0 + 3.0 + 1.0


def test_episodes_of_a_leak_are_not_false():
    row = SUMMARY.by_family["a"].row()
    assert (row["episodes"], row["false_episodes"], row["false_episodes_per_week"]) == (3, 0, None)
    assert row["false_episodes_per_week_below"] is None


def test_machines_stand_by_themselves():
    assert SUMMARY.by_family["alibaba"].false_episodes == 1
    assert SUMMARY.labelled.false_episodes == 3
    assert SUMMARY.labelled.healthy_weeks == 6.0


def test_delay_counts_from_the_onset_to_the_first_alarm_after_it():
    assert SUMMARY.labelled.median_delay_seconds == 3600.0


def test_a_row_of_a_series_has_what_the_schema_asks():
    assert SCORES[0].row() == {
        "id": "found", "label": "leak", "family": "a", "alarmed": True, "impact": True, "first_alarm_seconds": 1800.0,
        "episodes": 3, "impact_episodes": 3, "delay_seconds": 3600.0, "exposure_weeks": 1.0, "judged_share": 1.0,
    }  # fmt: skip
    assert SCORES[1].row()["first_alarm_seconds"] is None


@pytest.mark.parametrize("count", [0, 1, 5, 74, 972])
def test_the_bound_is_the_exact_one(count):
    assert upper_rate(count, 5.4) == pytest.approx(stats.chi2.ppf(0.95, 2 * (count + 1)) / 2 / 5.4)


def test_no_episode_says_three_divided_by_the_exposure():
    assert upper_rate(0, 5.4) == pytest.approx(2.9957 / 5.4, rel=1e-4)
    assert upper_rate(0, 0.0) is None


def test_every_row_of_a_table_has_a_cell_for_every_heading():
    assert {len(row) for row in tables.family_rows(SUMMARY)} == {len(tables.FAMILY_HEADINGS)}
    assert {len(row) for row in tables.alarm_rows(SCORES)} == {len(tables.ALARM_HEADINGS)}
    assert {len(row) for row in tables.comparison_rows({"x": SUMMARY})} == {len(tables.COMPARISON_HEADINGS)}


def test_a_missed_leak_is_named():
    assert ("missed", "leak", "0", "missed", "", "", "") in tables.alarm_rows(SCORES)


def test_nothing_scored_divides_by_nothing():
    empty = summary_of([])
    assert (empty.labelled.recall, empty.labelled.precision) == (None, None)
    assert tables.family_rows(empty)
