"""Promises over generated series: what must not change a verdict, and what must never be called drift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from memdrift.drift.blocks import Bands, LifeBlocks
from memdrift.drift.judge import judge
from memdrift.drift.verdict import Verdict
from tests.drift.series import POLICY, flat, life, line, noise, window

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
