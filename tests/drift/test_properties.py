"""Promises over generated series: what must not change a verdict, and what must never be called drift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from memdrift.drift.assessment import GATES
from memdrift.drift.batch import batch_of
from memdrift.drift.blocks import Bands, Floats, LifeBlocks
from memdrift.drift.judge import judge
from memdrift.drift.judgement import LARGEST_BATCH, judge_batch
from memdrift.drift.judgements import KINDS, Judgements
from memdrift.drift.verdict import Verdict, VerdictKind
from tests.drift.population import population
from tests.drift.series import EPOCH, HOUR, POLICY, flat, life, line, noise, sawtooth, window

N = 48
SETTINGS = settings(max_examples=40, deadline=None)

growths = st.floats(-60, 120).map(lambda growth: round(growth, 3))
seeds = st.integers(0, 2**16)
holes = st.lists(st.integers(0, N - 1), max_size=12)


def pod(name: str, growth: float, seed: int, missing: list[int]) -> LifeBlocks:
    heap = line(N, 200, growth) + noise(N, 3, seed)
    heap[missing] = np.nan
    load = 40 + 8 * np.sin(np.arange(N) / 5) + noise(N, 1, seed + 1)
    latency = 150 + growth * np.linspace(0, 1, N) + noise(N, 20, seed + 2)
    return life(pod=name, live_heap=heap, resident=heap * 1.5, load=load, latency=latency)


pods = st.builds(pod, st.just("a"), growths, seeds, holes)


def signature(verdict: Verdict) -> tuple[object, ...]:
    gates = tuple((p.pod, gate.name, gate.passed) for p in verdict.pods for gate in p.gates)
    return verdict.container, verdict.kind, verdict.reason, verdict.growth_kind, gates


def scaled(bands: Bands, factor: float) -> Bands:
    return Bands(bands.p10 * factor, bands.p50 * factor, bands.p90 * factor, bands.count)


@SETTINGS
@given(pods, st.integers(-8, 8), st.integers(-8, 8))
def test_units_of_memory_and_load_do_not_matter(blocks, memory_power, load_power):
    factor = 2.0**memory_power
    other = replace(
        blocks,
        live_heap=scaled(blocks.live_heap, factor),
        resident=scaled(blocks.resident, factor),
        load=blocks.load * 2.0**load_power,
    )
    policy = replace(POLICY, minimum_growth_bytes=POLICY.minimum_growth_bytes * factor)
    assert signature(judge([window(other)], policy)[0]) == signature(judge([window(blocks)], POLICY)[0])


@SETTINGS
@given(pods, st.floats(1e-3, 1e3))
def test_a_unit_that_is_no_power_of_two_does_not_matter_either(blocks, factor):
    other = replace(blocks, live_heap=scaled(blocks.live_heap, factor), resident=scaled(blocks.resident, factor))
    policy = replace(POLICY, minimum_growth_bytes=POLICY.minimum_growth_bytes * factor)
    before, after = judge([window(blocks)], POLICY)[0], judge([window(other)], policy)[0]
    for ours, theirs in zip(before.pods, after.pods, strict=True):
        for gate, other_gate in zip(ours.gates, theirs.gates, strict=True):
            close = gate.figure is not None and abs(gate.figure - gate.threshold) <= 1e-4 * abs(gate.threshold)
            assert gate.passed == other_gate.passed or close, gate.name


@SETTINGS
@given(pods, st.integers(-500, 500))
def test_a_shift_by_whole_blocks_does_not_matter(blocks, shift):
    seconds = shift * blocks.block_seconds
    started = blocks.life.started_at + seconds
    moved = replace(blocks, starts=blocks.starts + seconds, life=replace(blocks.life, started_at=started))
    before, after = judge([window(blocks)], POLICY)[0], judge([window(moved)], POLICY)[0]
    assert signature(after) == signature(before)
    assert after.sentence == before.sentence
    assert after.block_ended_at == before.block_ended_at + seconds


@SETTINGS
@given(st.lists(st.tuples(growths, seeds, holes), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_pods_does_not_matter(drawn, random):
    lives = [pod(f"pod-{index}", *figures) for index, figures in enumerate(drawn)]
    shuffled = random.sample(lives, len(lives))
    assert judge([window(*shuffled)], POLICY) == judge([window(*lives)], POLICY)


@SETTINGS
@given(st.floats(0, 1e6), holes)
def test_constant_memory_never_drifts(level, missing):
    heap = flat(N, level)
    heap[missing] = np.nan
    assert not judge([window(life(live_heap=heap, latency=line(N, 0, 5000)))], POLICY)[0].drifting


@SETTINGS
@given(arrays(np.float64, N, elements=st.floats(0, 4000)), holes)
def test_decreasing_memory_never_drifts(values, missing):
    heap = np.sort(values)[::-1].copy()
    heap[missing] = np.nan
    assert not judge([window(life(live_heap=heap, resident=heap, latency=line(N, 0, 5000)))], POLICY)[0].drifting


@SETTINGS
@given(st.sets(st.integers(0, N - 1), min_size=N // 4), growths)
def test_memory_missing_in_a_quarter_of_the_blocks_never_drifts(missing, growth):
    heap = line(N, 200, growth)
    heap[list(missing)] = np.nan
    assert not judge([window(life(live_heap=heap))], POLICY)[0].drifting


@SETTINGS
@given(growths, seeds)
def test_growth_without_load_never_drifts(growth, seed):
    blocks = replace(pod("a", growth, seed, []), load=np.full((1, N), np.nan))
    assert not judge([window(blocks)], POLICY)[0].drifting


@SETTINGS
@given(st.integers(N // 4, 3 * N // 4), st.floats(5, 500), st.floats(0.2, 0.7), seeds)
def test_memory_that_was_reset_and_is_below_its_old_height_never_drifts(at, growth, share, seed):
    teeth = np.concatenate((line(at, 200, growth), line(N - at, 200, share * growth)))
    heap = teeth + noise(N, 0.005 * growth, seed)
    assert not judge([window(life(live_heap=heap, resident=heap, latency=line(N, 0, 5000)))], POLICY)[0].drifting


@SETTINGS
@given(st.integers(2, 16), st.integers(0, 15), st.floats(5, 500), seeds)
def test_memory_that_is_reset_again_and_again_never_drifts(period, phase, growth, seed):
    teeth = np.roll(sawtooth(N + period, 200, growth, period), phase)[:N]
    heap = teeth + noise(N, 0.005 * growth, seed)
    assert not judge([window(life(live_heap=heap, resident=heap, latency=line(N, 0, 5000)))], POLICY)[0].drifting


@SETTINGS
@given(st.integers(1, 12), st.floats(5, 500), seeds)
def test_a_life_that_began_inside_the_window_is_not_judged_by_the_one_before(young, growth, seed):
    heap = np.concatenate((flat(N - young, 50), line(young, 200, growth))) + noise(N, 0.5, seed)
    born = float(EPOCH - young * 450)
    assert not judge([window(life(live_heap=heap, started_at=born, latency=line(N, 0, 5000)))], POLICY)[0].drifting


@SETTINGS
@given(growths, seeds, holes, st.floats(0, 1))
def test_true_samples_in_the_place_of_holes_never_turn_drifting_into_unknown(growth, seed, missing, kept):
    before = pod("a", growth, seed, missing)
    after = pod("a", growth, seed, missing[: int(kept * len(missing))])
    if judge([window(before)], POLICY)[0].drifting:
        assert judge([window(after)], POLICY)[0].kind is not VerdictKind.UNKNOWN


@SETTINGS
@given(growths, seeds, holes)
def test_true_load_in_the_place_of_missing_load_never_turns_drifting_into_unknown(growth, seed, missing):
    after = pod("a", growth, seed, [])
    load = after.load.copy()
    load[:, missing] = np.nan
    if judge([window(replace(after, load=load))], POLICY)[0].drifting:
        assert judge([window(after)], POLICY)[0].kind is not VerdictKind.UNKNOWN


def figures(judgements: Judgements) -> dict[str, Floats]:
    """Everything that is said of a row, by name, shape (rows, …)."""
    found = {name: judgements.figures(name) for name in GATES}
    found |= {f"{name} passed": judgements.passed(name).astype(float) for name in GATES}
    low, middle, high = judgements.slopes
    names = ("kinds", "reasons", "growth_kinds", "on_heap", "growth_bytes", "growth_percents", "onset_seconds")
    found |= {name: np.asarray(getattr(judgements, name), dtype=float) for name in names}
    return found | {"low": low, "middle": middle, "high": high}


def same_figures(some: dict[str, Floats], others: dict[str, Floats]) -> None:
    for name, values in some.items():
        np.testing.assert_allclose(values, others[name], rtol=1e-9, atol=0, err_msg=name)


def test_a_row_is_judged_the_same_alone_and_in_any_company():
    lives = population(300)
    together = figures(judge_batch(batch_of(lives, 6 * HOUR), POLICY))
    kinds = {KINDS[int(code)] for code in together["kinds"]}
    assert kinds == set(VerdictKind), "the population has a row of every kind"
    for row, blocks in list(enumerate(lives))[::3]:
        alone = figures(judge_batch(batch_of([blocks], 6 * HOUR), POLICY))
        same_figures({name: values[row : row + 1] for name, values in together.items()}, alone)


def test_the_order_of_rows_and_the_size_of_a_batch_do_not_matter():
    lives = population(LARGEST_BATCH + 200)
    order = np.random.default_rng(3).permutation(len(lives))
    together = figures(judge_batch(batch_of(lives, 6 * HOUR), POLICY))
    shuffled = figures(judge_batch(batch_of([lives[row] for row in order], 6 * HOUR), POLICY))
    same_figures({name: values[order] for name, values in together.items()}, shuffled)


def test_the_front_door_says_of_a_life_what_the_batch_says():
    lives = population(200)
    judgements = judge_batch(batch_of(lives, 6 * HOUR), POLICY)
    for row, blocks in enumerate(lives):
        (verdict,) = judge([window(blocks)], POLICY)
        assert verdict.kind is KINDS[judgements.kinds[row]]
        (found,) = verdict.pods
        for gate in found.gates:
            expected = judgements.figures(gate.name)[row]
            assert gate.figure is None or gate.figure == expected
            assert bool(gate.passed) == judgements.passed(gate.name)[row]


@SETTINGS
@given(arrays(np.float64, (6, N), elements=st.one_of(st.integers(0, 10_000), st.sampled_from((np.nan, np.inf)))))
def test_any_mixture_of_holes_infinities_and_jumps_is_judged_without_an_error(rows):
    heap, resident, working_set, load, other_load, latency = rows
    blocks = life(
        live_heap=heap,
        resident=resident,
        working_set=working_set,
        load=np.stack((load, other_load)),
        latency=latency,
        limit=512,
        runtime_limit=96,
    )
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        (verdict,) = judge([window(blocks)], POLICY)
    assert verdict.sentence
