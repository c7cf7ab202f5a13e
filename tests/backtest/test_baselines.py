"""The rules that people use, on rows whose answer is plain."""

from __future__ import annotations

import numpy as np
import pymannkendall
import pytest
from scipy import stats

from memdrift.backtest import baselines
from memdrift.backtest.baselines import Rows
from memdrift.drift.batch import BandRows, Batch
from memdrift.drift.judgements import KINDS
from memdrift.drift.policy import DetectionPolicy

BLOCKS = 48
HOURS = (np.arange(BLOCKS) + 0.5) / 8
CHANCE = np.random.default_rng(3)
RISING = 100.0 + 20.0 * HOURS / 6
ROWS = {
    "flat": np.full(BLOCKS, 100.0) + CHANCE.normal(0, 0.5, BLOCKS),
    "rising by a fifth": RISING + CHANCE.normal(0, 0.5, BLOCKS),
    "rising by one percent": 100.0 + HOURS / 6 + CHANCE.normal(0, 0.05, BLOCKS),
    "doubling every hour": 100.0 * 2**HOURS,
    "doubling until it drops": np.concatenate([100.0 * 2 ** HOURS[:20], np.full(28, 100.0)]),
    "rising, then flat": np.minimum(100.0 + 60.0 * HOURS, 250.0),
    "falling": RISING[::-1],
}


def mann_kendall(values):
    found = pymannkendall.original_test(values)
    return found.p, found.z, found.slope


def batch(*rows, limit=np.nan, holes=0):
    medians = np.array(rows)
    medians[:, :holes] = np.nan
    bands = BandRows(medians, medians, medians, np.where(np.isfinite(medians), 10.0, 0.0))
    size = len(medians)
    return Batch(
        window_seconds=21_600,
        block_seconds=450,
        ages=np.full(size, 1e6),
        live_heap=None,
        resident=bands,
        working_set=None,
        load=np.empty((size, 0, BLOCKS)),
        latency=np.full((size, BLOCKS), np.nan),
        expected_samples=np.full(size, 10.0),
        limits=np.full(size, limit),
        runtime_limits=np.full(size, np.nan),
    )


def answers(rule, limit=np.nan, holes=0):
    judge = baselines.baselines(mann_kendall)[rule]
    judged = judge(batch(*ROWS.values(), limit=limit, holes=holes), DetectionPolicy())
    return {name: str(KINDS[code]) for name, code in zip(ROWS, judged.kinds, strict=True)}


ALARMED = {
    "mann-kendall p < .05": {
        "rising by a fifth", "rising by one percent", "doubling every hour", "rising, then flat",
    },
    "mann-kendall p < .001, sen >= 5 %": {"rising by a fifth", "doubling every hour", "rising, then flat"},
    "deriv > 5 % per window": {"rising by a fifth", "doubling every hour", "rising, then flat"},
    "predict_linear 24 h > limit": {"rising by a fifth", "doubling every hour", "rising, then flat"},
    "lbr r2 > .8 reaches limit": {"rising by a fifth", "doubling every hour"},
    "coroot >= 10 %/h": {"doubling every hour"},
}  # fmt: skip


@pytest.mark.parametrize("rule", ALARMED)
def test_a_rule_alarms_on(rule):
    said = answers(rule, limit=150.0)
    assert {name for name, kind in said.items() if kind == "Drifting"} == ALARMED[rule]
    assert set(said.values()) == {"Drifting", "Steady"}


@pytest.mark.parametrize("rule", ["predict_linear 24 h > limit", "lbr r2 > .8 reaches limit"])
def test_a_rule_that_needs_a_limit_is_silent_without_one(rule):
    assert set(answers(rule).values()) == {"Steady"}


@pytest.mark.parametrize("rule", ALARMED)
def test_what_was_not_measured_is_unknown_for_every_rule(rule):
    assert set(answers(rule, holes=30).values()) == {"Unknown"}


def test_the_line_is_that_of_least_squares_with_holes():
    medians = np.array([RISING + CHANCE.normal(0, 3, BLOCKS), ROWS["falling"]])
    medians[0, [3, 9, 47]] = np.nan
    line = baselines._line(Rows(medians, HOURS, 6.0, np.full(2, np.nan)))
    for row, values in enumerate(medians):
        there = np.isfinite(values)
        found = stats.linregress(HOURS[there], values[there])
        assert line.slopes[row] == pytest.approx(found.slope)
        assert line.r_squared[row] == pytest.approx(found.rvalue**2)
        assert line.ends[row] == pytest.approx(found.intercept + found.slope * HOURS[there][-1])


def test_a_row_is_tested_once():
    calls = []

    def counting(values):
        calls.append(len(values))
        return mann_kendall(values)

    judges = baselines.baselines(counting)
    for rule in list(ALARMED)[:2]:
        judges[rule](batch(ROWS["flat"], ROWS["falling"]), DetectionPolicy())
    assert calls == [BLOCKS, BLOCKS]
