"""The arithmetic of the gates against figures that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from memdrift.drift import statistics
from memdrift.drift.phrases import change_of, quantile_of, size_of, span_of


def test_kendall_tau():
    assert statistics.kendall_tau(np.array([1.0, 2.0, 3.0, 4.0])) == 1.0
    assert statistics.kendall_tau(np.array([4.0, 3.0, 2.0, 1.0])) == -1.0
    assert statistics.kendall_tau(np.array([1.0, 3.0, 2.0, 4.0])) == pytest.approx(4 / 6)
    assert statistics.kendall_tau(np.array([5.0, 5.0, 5.0])) == 0.0
    assert statistics.kendall_tau(np.array([1.0])) == 0.0


def test_theil_sen_ignores_an_outlier():
    times = np.arange(20.0)
    values = 3.0 * times
    values[7] = 500.0
    slope = statistics.theil_sen(times, values)
    assert slope.middle == pytest.approx(3.0)
    assert slope.low <= slope.middle <= slope.high


def test_theil_sen_interval_covers_the_slope_about_as_often_as_it_says():
    random = np.random.default_rng(7)
    times = np.arange(40.0)
    covered = 0
    for _ in range(200):
        slope = statistics.theil_sen(times, 0.5 * times + random.normal(0, 4, 40))
        covered += slope.low <= 0.5 <= slope.high
    assert 180 <= covered <= 200


def test_best_fit_finds_the_basis_that_made_the_values():
    times = np.arange(30.0)
    bases = np.maximum(times[None, :] - np.array([[0.0], [10.0], [20.0]]), 0.0)
    fit = statistics.best_fit(bases, 7.0 + 2.0 * bases[1])
    assert (fit.which, fit.rise) == (1, pytest.approx(2.0))


def test_one_step_explains_a_step_and_not_a_line():
    step = np.repeat([1.0, 5.0], 10)
    times = np.arange(20.0)
    assert statistics.step_error(step) < statistics.best_fit(times[None, :], step).error
    assert statistics.step_error(times) > statistics.best_fit(times[None, :], times).error


def test_ranks_share_ties():
    assert statistics.rank_correlation(
        np.array([1.0, 2.0, 2.0, 9.0]), np.array([10.0, 20.0, 20.0, 21.0])
    ) == pytest.approx(1)
    assert statistics.rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0, 5.0])) == 0.0


def test_phrases():
    assert [size_of(v * 1024**2) for v in (0.5, 63, 20480)] == ["0.5 MiB", "63 MiB", "20.0 GiB"]
    assert [span_of(v) for v in (45, 160, 3600, 11100, 187200)] == ["45 s", "2 min 40 s", "1 h", "3 h 5 min", "2 d 4 h"]
    assert [change_of(v) for v in (None, -25.2, 8.0, 0.5)] == ["is unknown", "fell 25 %", "rose 8 %", "did not change"]
    assert [quantile_of(v) for v in (0.5, 0.99, 0.999)] == ["p50", "p99", "p99.9"]
