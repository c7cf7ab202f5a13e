"""One name for one leak and no other, over real profile pairs of pods, restarts, rebuilds and releases of Go."""

from __future__ import annotations

import itertools
from functools import cache

import pytest

from memdrift.evidence.analyse import analyse
from memdrift.evidence.findings import Comparison, Findings
from tests.evidence import pairs
from tests.evidence.building import taken
from tests.evidence.recorded import recorded

LEAKING = {
    "context": ("main.(*store).follow", "contexts"),
    "map": ("main.(*store).remember", ""),
    "goroutine": ("main.(*store).hedge.func1", "goroutines"),
    "slice": ("main.(*store).enqueue", ""),
    "body": ("main.(*store).fetch", "response bodies"),
}
OF_ONE_LEAK = [pair for pair in pairs.PAIRS if pair[0] in pairs.LEAKS]
OF_TWO_LEAKS = [pair for pair in pairs.PAIRS if pair[0] in pairs.TWO_LEAKS]
HEALTHY = [pair for pair in pairs.PAIRS if pair[0] == pairs.HEALTHY]
ASYNC = (("leak_late", "leak_young"), ("leak_mid", "leak_young"), ("leak_late", "leak_mid"))


@cache
def findings(mode: str, build: str) -> Findings:
    return analyse(pairs.comparison(mode, build))


def of_async(now: str, then: str) -> Findings:
    current, earlier = (recorded(f"{name}.heap") for name in (now, then))
    return analyse(Comparison((taken(current, taken_at=900),), (taken(earlier, taken_at=30),)))


def test_no_match_is_false_and_none_is_missed():
    """Every two of at least thirty pairs: the same name exactly where it is the same leak."""
    named = [(mode, build, findings(mode, build).fingerprint) for mode, build in OF_ONE_LEAK]
    named += [("async", now, of_async(now, then).fingerprint) for now, then in ASYNC]
    assert len(named) >= 30
    assert all(fingerprint for _, _, fingerprint in named)
    wrong = [
        (one, other) for one, other in itertools.combinations(named, 2) if (one[0] == other[0]) != (one[2] == other[2])
    ]
    assert wrong == []


@pytest.mark.parametrize(("mode", "build"), OF_TWO_LEAKS)
def test_two_leaks_at_once_are_two_with_the_names_that_each_has_alone(mode: str, build: str):
    found = findings(mode, build)
    alone = {findings(each, "pod-a").fingerprint for each in mode.split("+")}
    assert {cluster.fingerprint for cluster in found.clusters} == alone
    assert found.fingerprint == found.clusters[0].fingerprint
    assert "a second leak" in found.sentence


@pytest.mark.parametrize(("mode", "build"), OF_TWO_LEAKS)
def test_of_two_leaks_of_like_size_the_known_one_leads(mode: str, build: str):
    for each in mode.split("+"):
        known = findings(each, "pod-a").fingerprint
        comparison = pairs.comparison(mode, build)
        led = analyse(Comparison(comparison.current, comparison.earlier, known_fingerprints=(known,)))
        assert led.fingerprint == known


@pytest.mark.parametrize(("mode", "build"), OF_ONE_LEAK)
def test_the_first_suspect_is_the_function_that_keeps_what_another_one_made(mode: str, build: str):
    first = findings(mode, build).suspects[0]
    assert (first.function, first.retained_by) == LEAKING[mode]
    assert first.share_percent > 90
    assert first.ownership == "own code"
    assert first.made_by == ("main.payload" if mode != "body" else "")


@pytest.mark.parametrize(("mode", "build"), HEALTHY)
def test_a_healthy_service_has_no_suspect_and_no_name(mode: str, build: str):
    found = findings(mode, build)
    assert all((suspect.confidence_percent or 0) <= 50 for suspect in found.suspects)
    assert (found.fingerprint, found.clusters) == ("", ())


def test_the_healthy_twin_gives_no_suspect_that_is_sure():
    found = of_async("twin_late", "twin_young")
    assert all((suspect.confidence_percent or 0) <= 50 for suspect in found.suspects)


@pytest.mark.parametrize("mode", pairs.LEAKS)
def test_a_leak_whose_metric_is_explained_is_nearly_certain_and_says_why(mode: str):
    comparison = pairs.comparison(
        mode, "pod-b", metric_growth_bytes=findings(mode, "pod-b").profile_growth_bytes * 1.05
    )
    found = analyse(comparison)
    assert found.confidence_percent is not None
    assert found.confidence_percent > 85
    assert found.confidence_percent == found.suspects[0].confidence_percent
    assert "the profiles explain 95 % of the metric's growth" in found.confidence_reason


def test_growth_per_hour_is_that_of_the_time_between_the_profiles():
    found = findings("map", "pod-a")
    assert found.span_seconds == 3600
    assert found.stacks[0].growth_bytes_per_hour == found.stacks[0].growth_bytes
    assert found.suspects[0].growth_bytes_per_hour == found.suspects[0].growth_bytes
    assert "MiB per hour) is held by main.(*store).remember (made in main.payload)" in found.sentence


@pytest.mark.parametrize("metric_growth_bytes", [0.0, -1e6])
def test_nothing_is_sure_where_the_metric_did_not_grow(metric_growth_bytes: float):
    found = analyse(pairs.comparison("map", "pod-a", metric_growth_bytes))
    assert found.confidence_percent == 0
    assert "the metric did not grow" in found.confidence_reason


def test_a_flat_heap_under_growing_resident_memory_is_native_and_says_what_to_try():
    flat = pairs.comparison("none", "pod-a", metric_growth_bytes=200e6)
    found = analyse(Comparison(flat.current, flat.earlier, metric_growth_bytes=200e6, resident=True))
    assert found.native
    assert found.fingerprint == ""
    assert "resident memory grew by 190.7 MiB while the heap" in found.sentence
    assert "(Native)" in found.sentence
    assert any("cgo" in step for step in found.next_steps)
    assert not analyse(flat).native


def test_stacks_outside_the_heap_are_the_first_thing_to_try_where_goroutines_grow():
    grown = pairs.comparison("goroutine", "pod-a")
    found = analyse(Comparison(grown.current, grown.earlier, metric_growth_bytes=400e6, resident=True))
    assert found.next_steps[0].startswith("goroutine stacks: 14")
