"""In how many pieces a series was gathered makes no difference to what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.parts import Part, joined
from memdrift.backtest.recording import Recording
from memdrift.backtest.reduction import reduced
from memdrift.drift.blocks import Bands, Floats, LifeBlocks
from memdrift.drift.judge import judge
from memdrift.drift.verdict import VerdictKind
from tests.drift.series import EPOCH, MIB, POLICY, window

BLOCK, BLOCKS, INTERVAL = 450, 48, 30
SETTINGS = settings(max_examples=30, deadline=None)
NAMES = tuple(("a", "store", band) for band in ("p10", "p50", "p90"))

growths = st.floats(-60, 120)
seeds = st.integers(0, 2**16)


def samples(growth: float, seed: int, lost: float = 0.0) -> Recording:
    """Six hours of a life, of which some samples never arrived."""
    random = np.random.default_rng(seed)
    count = BLOCK * BLOCKS // INTERVAL
    share = np.linspace(0, 1, count)
    memory = (200 + growth * share + random.normal(0, 3, count)) * MIB
    memory[random.random(count) < lost] = np.nan
    return Recording(
        id="a",
        family="generated",
        label="unsure",
        interval_seconds=INTERVAL,
        exposure_seconds=float(BLOCK * BLOCKS),
        times=EPOCH - BLOCK * BLOCKS + INTERVAL * np.arange(count, dtype=float),
        live_heap=memory,
        resident=None,
        working_set=None,
        load=(40 + random.normal(0, 1, count)).reshape(1, count),
        latency_milliseconds=100 + 2 * growth * share + random.normal(0, 10, count),
    )


def settled(blocks: LifeBlocks) -> LifeBlocks:
    """The same blocks, of a life that began a day earlier."""
    return replace(blocks, life=replace(blocks.life, started_at=blocks.life.started_at - 86_400))


def cut(recording: Recording, which: slice) -> Recording:
    assert recording.live_heap is not None
    return replace(
        recording,
        times=recording.times[which],
        live_heap=recording.live_heap[which],
        load=recording.load[:, which],
        latency_milliseconds=recording.latency_milliseconds[which],
    )


def after_each_other(early: LifeBlocks, late: LifeBlocks) -> LifeBlocks:
    def both(some: Floats, others: Floats) -> Floats:
        return np.concatenate((some, others), axis=-1)

    heap = (
        both(getattr(early.live_heap, name), getattr(late.live_heap, name)) for name in ("p10", "p50", "p90", "count")
    )
    whole = len(early.starts) + len(late.starts)
    return replace(
        early,
        starts=np.concatenate((early.starts, late.starts)),
        live_heap=Bands(*heap),
        resident=Bands.missing(whole),
        working_set=Bands.missing(whole),
        load=both(early.load, late.load),
        latency_milliseconds=both(early.latency_milliseconds, late.latency_milliseconds),
    )


@SETTINGS
@given(growths, seeds, st.sampled_from((0.0, 0.2)), st.integers(1, BLOCKS - 1))
def test_samples_of_two_fetches_reduce_to_the_same_verdict(growth, seed, lost, at):
    recording = samples(growth, seed, lost)
    border = at * BLOCK // INTERVAL
    early, late = (reduced(cut(recording, which), BLOCK) for which in (slice(border), slice(border, None)))
    whole = reduced(recording, BLOCK)
    pieces = after_each_other(early, late)
    np.testing.assert_array_equal(pieces.live_heap.p50, whole.live_heap.p50)
    assert judge([window(settled(pieces))], POLICY) == judge([window(settled(whole))], POLICY)


@SETTINGS
@given(growths, seeds, st.integers(1, BLOCKS - 1), st.integers(0, BLOCKS - 1), st.booleans())
def test_blocks_of_two_fetches_join_to_the_same_verdict(growth, seed, new, reread, same_pods):
    whole = settled(reduced(samples(growth, seed), BLOCK))
    grid = Grid(BLOCK, int(whole.starts[0]) + BLOCK, int(whole.starts[-1]) + BLOCK)
    values = np.stack([whole.live_heap.p10, whole.live_heap.p50, whole.live_heap.p90])
    fetched_blocks = min(new + reread, BLOCKS)
    old_grid = Grid(BLOCK, grid.first_end - new * BLOCK, grid.last_end - new * BLOCK)
    old = np.concatenate((np.full((3, new), 7.0), values[:, : BLOCKS - new]), axis=1)
    old[:, BLOCKS - min(reread, BLOCKS - new) :][:, : min(reread, BLOCKS - new)] = 0.0  # late samples changed these
    rows = {name: row for row, name in enumerate(NAMES)}
    gone = {} if same_pods else {("b", "store", "p50"): 3}
    known = Part(old_grid, rows | gone, np.concatenate((old, np.full((len(gone), BLOCKS), np.nan))))
    young = Part(
        grid.since(grid.last_end - (fetched_blocks - 1) * BLOCK), rows, values[:, BLOCKS - fetched_blocks :].copy()
    )
    part = joined(known, grid, young)
    found = [part.figures(*name) for name in NAMES]
    np.testing.assert_array_equal(np.array(found), values)
    gathered = replace(whole, live_heap=Bands(*found, count=whole.live_heap.count))
    assert judge([window(gathered)], POLICY) == judge([window(whole)], POLICY)


@SETTINGS
@given(growths, seeds, st.floats(0.0, 0.6))
def test_the_samples_that_were_lost_never_turn_drifting_into_unknown_when_they_arrive(growth, seed, lost):
    before, after = (settled(reduced(samples(growth, seed, share), BLOCK)) for share in (lost, 0.0))
    if judge([window(before)], POLICY)[0].drifting:
        assert judge([window(after)], POLICY)[0].kind is not VerdictKind.UNKNOWN


@SETTINGS
@given(growths, seeds, st.integers(-200, 200))
def test_samples_moved_by_whole_blocks_reduce_to_the_same_verdict(growth, seed, shift):
    recording = samples(growth, seed)
    moved = replace(recording, times=recording.times + shift * BLOCK)
    before, after = (judge([window(settled(reduced(each, BLOCK)))], POLICY)[0] for each in (recording, moved))
    assert (after.kind, after.reason, after.sentence) == (before.kind, before.reason, before.sentence)


def test_the_generated_life_drifts_when_it_grows_and_not_when_it_does_not():
    assert judge([window(settled(reduced(samples(80, 1), BLOCK)))], POLICY)[0].drifting
    assert not judge([window(settled(reduced(samples(0, 1), BLOCK)))], POLICY)[0].drifting
