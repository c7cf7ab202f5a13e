"""How far two profiles are apart by chance: it depends on how finely they were sampled, which they say themselves."""

from __future__ import annotations

import pytest

from memdrift.evidence.analyse import analyse
from memdrift.evidence.confidence import basis_of
from memdrift.evidence.contrast import contrasted
from memdrift.evidence.findings import Comparison, Findings
from memdrift.evidence.profile import decode
from tests.evidence.building import GOROUTINE_TYPES, HEAP_TYPES, Builder, taken

MEBIBYTE = 1 << 20
DEFAULT = 512 * 1024


def noises(growth_bytes: int, period_bytes: int) -> float:
    basis = basis_of(40 * MEBIBYTE, growth_bytes, None, period_bytes=period_bytes, metric_grew=True)
    return basis.noises


def test_the_finer_the_sampling_the_less_is_chance():
    by_period = [noises(4 * MEBIBYTE, period) for period in (2 * MEBIBYTE, DEFAULT, 16 * 1024, 1)]
    assert by_period == sorted(by_period)
    assert by_period[1] < 1 < by_period[2]


def test_a_profile_that_does_not_say_how_it_was_sampled_is_taken_for_one_of_the_default():
    assert noises(4 * MEBIBYTE, 0) == noises(4 * MEBIBYTE, DEFAULT)


def test_a_steady_heap_has_its_ups_and_downs_even_where_every_allocation_is_counted():
    assert noises(MEBIBYTE // 2, 1) < 1
    assert noises(4 * MEBIBYTE, 1) > 3


def sampled(size: int, period: int, unit: str = "bytes", types: list[tuple[str, str]] = HEAP_TYPES) -> bytes:
    builder = Builder(types)
    builder.message.period = period
    if unit:
        builder.message.period_type.type = builder.string("space")
        builder.message.period_type.unit = builder.string(unit)
    builder.sample(("main.keep", "main.main"), ((1, size) * 2)[: len(types)], {})
    return builder.content()


def found(period_now: int, period_then: int) -> Findings:
    now, then = sampled(40 * MEBIBYTE, period_now), sampled(36 * MEBIBYTE, period_then)
    return analyse(Comparison((taken(now, taken_at=900),), (taken(then, taken_at=100),)))


@pytest.mark.parametrize(("now", "then"), [(DEFAULT, DEFAULT), (0, 0), (1, DEFAULT), (DEFAULT, 1)])
def test_a_small_growth_of_coarse_profiles_is_chance(now: int, then: int):
    assert found(now, then).fingerprint == ""
    assert found(now, then).confidence_percent == 0


@pytest.mark.parametrize("period", [1, 16 * 1024])
def test_the_same_growth_of_fine_profiles_is_a_leak(period: int):
    assert found(period, period).fingerprint
    assert (found(period, period).confidence_percent or 0) > 50


@pytest.mark.parametrize(("period", "named"), [(DEFAULT, False), (1, True)])
def test_diff_says_the_same(period: int, named: bool):
    contrast = contrasted(decode(sampled(40 * MEBIBYTE, period)), decode(sampled(36 * MEBIBYTE, period)))
    assert bool(contrast.fingerprint) is named


@pytest.mark.parametrize(("unit", "period"), [("bytes", 7), ("", 7), ("count", 0), ("nanoseconds", 0)])
def test_a_period_of_something_else_than_bytes_says_nothing_of_the_heap(unit: str, period: int):
    assert decode(sampled(MEBIBYTE, 7, unit)).period == period
    assert decode(sampled(3, 7, unit, GOROUTINE_TYPES)).period == period


def test_a_profiler_that_is_off_says_no_period():
    assert decode(sampled(MEBIBYTE, 0)).period == 0
