"""The batched arithmetic of the gates against slow references, row by row, with holes and ties."""

from __future__ import annotations

import itertools

import numpy as np
import pymannkendall
import pytest
from scipy import stats

from memdrift.drift import fits, ranking, statistics
from memdrift.drift.blocks import Floats
from memdrift.drift.phrases import change_of, quantile_of, size_of, span_of
from memdrift.drift.slopes import median_slopes, theil_sen

ROWS, SIZE = 24, 40


def series(*, holes: float, ties: bool, seed: int = 5) -> Floats:
    """Walks, lines, sawteeth, steps and constants, in bytes."""
    random = np.random.default_rng(seed)
    steps = np.arange(SIZE)
    rows = [
        *(2e8 + np.cumsum(random.normal(0, 1e6, (6, SIZE)), axis=1)),
        *(1e8 + 5e5 * steps + random.normal(0, 2e6, (6, SIZE))),
        *(3e8 + 1e6 * (steps % 7) + random.normal(0, 1e5, (6, SIZE))),
        *np.where(steps < np.arange(5, 10)[:, None], 1e8, 2e8) + random.normal(0, 1e5, (5, SIZE)),
        np.full(SIZE, 7e7),
    ]
    values = np.array(rows)
    if ties:
        values = np.round(values / 2e6) * 2e6
    values[random.random(values.shape) < holes] = np.nan
    return values


SERIES = {
    "whole": series(holes=0.0, ties=False),
    "with ties": series(holes=0.0, ties=True),
    "with holes": series(holes=0.3, ties=False),
    "with holes and ties": series(holes=0.3, ties=True),
    "with hardly a value": series(holes=0.95, ties=False),
    "of nothing": np.full((3, SIZE), np.nan),
    "of one step": np.array([[1.0], [np.nan]]),
}
every_series = pytest.mark.parametrize("values", SERIES.values(), ids=SERIES)
long_series = pytest.mark.parametrize("values", list(SERIES.values())[:4], ids=list(SERIES)[:4])


def present(row: Floats) -> tuple[Floats, Floats]:
    """The steps and the values of a row that are there."""
    there = np.flatnonzero(np.isfinite(row))
    return there.astype(float), row[there]


def least_squares(basis: Floats, values: Floats) -> tuple[float, float]:
    """Rise and error of `level + rise * basis`, the plain way."""
    design = np.column_stack((np.ones(len(basis)), basis))
    (_, rise), *_ = np.linalg.lstsq(design, values - values.mean(), rcond=None)
    residual = values - values.mean() - rise * (basis - basis.mean())
    return float(rise), float(residual @ residual)


@every_series
def test_kendall_tau_counts_pairs(values):
    expected = []
    for row in values:
        pairs = [np.sign(later - earlier) for earlier, later in itertools.combinations(present(row)[1], 2)]
        expected.append(sum(pairs) / len(pairs) if pairs else 0.0)
    np.testing.assert_allclose(statistics.kendall_tau(values), expected, rtol=1e-12)


def test_kendall_tau_is_that_of_the_mann_kendall_test():
    values = SERIES["with ties"][:18]
    expected = [pymannkendall.original_test(row).Tau for row in values]
    np.testing.assert_allclose(statistics.kendall_tau(values), expected, rtol=1e-12)


@every_series
def test_theil_sen_is_the_median_of_all_pairwise_slopes(values):
    expected = []
    for row in values:
        steps, there = present(row)
        slopes = [
            (there[j] - there[i]) / (steps[j] - steps[i]) for i, j in itertools.combinations(range(len(there)), 2)
        ]
        expected.append(np.median(slopes) if slopes else 0.0)
    np.testing.assert_allclose(theil_sen(values).middle, expected, rtol=1e-5, atol=1.0)


@every_series
def test_the_median_slope_alone_is_theil_sens(values):
    np.testing.assert_array_equal(median_slopes(values), theil_sen(values).middle)
    few = values[:3]  # so few rows form their pairs in another way
    np.testing.assert_array_equal(theil_sen(few).middle, theil_sen(values).middle[:3])


@pytest.mark.parametrize("name", ["whole", "with holes"])
def test_theil_sens_interval_is_scipys_but_for_a_rank_or_two(name):
    values = SERIES[name][:23]  # scipy widens the interval for ties, which the last row consists of
    slopes = theil_sen(values)
    for number, row in enumerate(values):
        steps, there = present(row)
        pairs = itertools.combinations(range(len(there)), 2)
        ranked = np.sort([(there[j] - there[i]) / (steps[j] - steps[i]) for i, j in pairs])
        reference = stats.theilslopes(there, steps, alpha=0.95)
        for ours, theirs in ((slopes.low[number], reference.low_slope), (slopes.high[number], reference.high_slope)):
            assert abs(int(np.searchsorted(ranked, ours)) - int(np.searchsorted(ranked, theirs))) <= 2
        assert slopes.low[number] <= slopes.middle[number] <= slopes.high[number]


def test_theil_sens_interval_covers_the_slope_about_as_often_as_it_says():
    random = np.random.default_rng(7)
    slopes = theil_sen(0.5 * np.arange(40.0) + random.normal(0, 4, (1000, 40)))
    covered = np.mean((slopes.low <= 0.5) & (slopes.high >= 0.5))
    assert 0.93 <= covered <= 0.98


def test_theil_sen_ignores_an_outlier():
    values = 3.0 * np.arange(20.0)
    values[7] = 500.0
    assert theil_sen(values[None, :]).middle[0] == pytest.approx(3.0, rel=1e-5)


@long_series
def test_line_errors(values):
    for row, error in zip(values, fits.line_errors(values), strict=True):
        steps, there = present(row)
        assert error == pytest.approx(least_squares(steps, there)[1], rel=1e-6, abs=1e-3)


@long_series
def test_a_hinge_at_every_step(values):
    rises, errors = fits.hinge_fits(values)
    totals = np.nansum((values - np.nanmean(values, axis=1, keepdims=True)) ** 2, axis=1)
    for row, hinge in itertools.product(range(len(values)), range(0, SIZE - 4, 3)):
        steps, there = present(values[row])
        basis = np.maximum(steps - hinge, 0.0)
        if np.count_nonzero(basis) < 2:
            continue
        rise, error = least_squares(basis, there)
        assert rises[row, hinge] == pytest.approx(rise, rel=1e-6, abs=1e-3)
        assert errors[row, hinge] == pytest.approx(error, rel=1e-6, abs=1e-6 * totals[row] + 1e-3)


def test_the_best_hinge_is_the_one_that_made_the_values():
    made = 7.0 + 2.0 * np.maximum(np.arange(30.0) - np.array([[0.0], [10.0], [20.0]]), 0.0)
    rises, errors = fits.hinge_fits(made)
    best = np.argmin(errors, axis=1)
    assert best.tolist() == [0, 10, 20]
    np.testing.assert_allclose(rises[np.arange(3), best], 2.0)


@long_series
def test_no_exponential_approach_of_any_pace_fits_better(values):
    fit = fits.approach_fit(values)
    for row, error in enumerate(fit.errors):
        steps, there = present(values[row])
        tried = [least_squares(-np.exp(-steps / constant), there)[1] for constant in (0.5, 1, 3, 8, 20, 60, 150)]
        total = float(np.sum((there - there.mean()) ** 2))
        assert error <= 1.02 * min(tried) + 1e-6 * total


@pytest.mark.parametrize("constant", [2.0, 6.0, 15.0])
def test_an_approach_is_recognised_with_its_height_and_its_last_pace(constant):
    steps = np.arange(48.0)
    values = 100 + 30 * (1 - np.exp(-steps / constant))
    fit = fits.approach_fit(np.stack((values, np.where(np.arange(48) % 5 == 2, np.nan, values))))
    np.testing.assert_allclose(fit.rises, 30, rtol=0.15)
    np.testing.assert_allclose(fit.paces, np.exp(-47 / constant), atol=0.03)
    assert (fit.errors < 0.02 * np.sum((values - values.mean()) ** 2)).all()


@long_series
def test_the_best_single_step(values):
    for row, error in zip(values, fits.step_error(values), strict=True):
        _, there = present(row)
        tried = [there[:cut].var() * cut + there[cut:].var() * (len(there) - cut) for cut in range(2, len(there) - 1)]
        rounding = 2e-9 * there.var() * len(there)
        assert error == pytest.approx(min(tried), rel=1e-6, abs=rounding + 1e-3)


def test_one_step_explains_a_step_and_not_a_line():
    both = np.stack((np.repeat([1.0, 5.0], 10), np.arange(20.0)))
    step, line = fits.step_error(both), fits.line_errors(both)
    assert step[0] < line[0]
    assert step[1] > line[1]


@every_series
def test_ranks_share_ties(values):
    for row, ranks in zip(values, ranking.ranks(values), strict=True):
        np.testing.assert_array_equal(np.isfinite(ranks), np.isfinite(row))
        np.testing.assert_allclose(ranks[np.isfinite(row)], stats.rankdata(present(row)[1]) - 1)


@long_series
def test_correlation_is_over_the_values_that_both_have(values):
    other = np.roll(SERIES["with holes"], 1, axis=0)
    for row, figure in enumerate(statistics.correlation(values, other)):
        both = np.isfinite(values[row]) & np.isfinite(other[row])
        left, right = values[row][both], other[row][both]
        constant = np.ptp(left) == 0 or np.ptp(right) == 0
        assert figure == pytest.approx(0.0 if constant else np.corrcoef(left, right)[0, 1], abs=1e-9)


@long_series
def test_lagged_rank_correlation_is_the_highest_correlation_at_any_lag(values):
    left, right = ranking.ranks(values), ranking.ranks(values[::-1])
    expected = np.full(ROWS, -np.inf)
    for lag in (0, 2, 3):
        first, second = left[:, : SIZE - lag], right[:, lag:]
        enough = (np.isfinite(first) & np.isfinite(second)).sum(axis=1) >= 20
        expected = np.maximum(expected, np.where(enough, statistics.correlation(first, second), -np.inf))
    ours = ranking.lagged_rank_correlation(left, right, (0, 2, 3), 20)
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)


def test_correlation_of_ranks_is_spearmans():
    left, right = SERIES["with ties"][:18], SERIES["whole"][:18][::-1]
    ours = statistics.correlation(ranking.ranks(left), ranking.ranks(right))
    expected = [stats.spearmanr(*rows).statistic for rows in zip(left, right, strict=True)]
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


@every_series
def test_median(values):
    expected = [np.median(present(row)[1]) if len(present(row)[1]) else np.nan for row in values]
    np.testing.assert_array_equal(statistics.median(values), expected)


def test_evidence_is_bics_difference_per_parameter():
    counts, richer, simpler = np.array([48, 48, 48]), np.array([1.0, 1.0, 0.0]), np.array([np.e, 0.5, 1.0])
    np.testing.assert_allclose(fits.evidence_for(richer, simpler, counts), [48 / np.log(48), 0.0, 0.0])


@every_series
def test_a_row_has_the_same_figures_alone_as_in_company(values):
    last = len(values) - 1

    def figures(rows: Floats) -> list[Floats]:
        return [
            statistics.kendall_tau(rows),
            *theil_sen(rows),
            median_slopes(rows),
            fits.line_errors(rows),
            *(fit[:, 0] for fit in fits.hinge_fits(rows)),
            *fits.approach_fit(rows),
            fits.step_error(rows),
            statistics.median(rows),
        ]

    for alone, together in zip(figures(values[last:]), figures(values), strict=True):
        np.testing.assert_allclose(alone[0], together[last], rtol=1e-12, atol=0)


def test_phrases():
    assert [size_of(v * 1024**2) for v in (0.5, 63, 20480)] == ["0.5 MiB", "63 MiB", "20.0 GiB"]
    assert [span_of(v) for v in (45, 160, 3600, 11100, 187200)] == ["45 s", "2 min 40 s", "1 h", "3 h 5 min", "2 d 4 h"]
    assert [change_of(v) for v in (None, -25.2, 8.0, 0.5)] == ["is unknown", "fell 25 %", "rose 8 %", "did not change"]
    assert [quantile_of(v) for v in (0.5, 0.99, 0.999)] == ["p50", "p99", "p99.9"]
