"""Lives that are over: apart from each other, with their own ages, with what the API server still knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from memdrift.adapters.prometheus import questions, reduction
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.measured import Measured
from memdrift.adapters.prometheus.parts import Part
from memdrift.adapters.prometheus.pastlives import MOST_PAST_LIVES, past_lives
from memdrift.adapters.prometheus.questions import Questions
from memdrift.drift.blocks import POD_TOTAL, LifeBlocks
from memdrift.remedy.target import Target
from tests.adapters.prometheus import scenes

BLOCKS, LENGTH = 48, 600
GRID = Grid(LENGTH, LENGTH, BLOCKS * LENGTH)
MIB = 2.0**20
ANY = "Any"
"""A kind whose pods are whatever begins with its name."""


def measured(
    of: Target, facts: dict[tuple[str, str], np.ndarray], memory: dict[tuple[str, str], np.ndarray]
) -> Measured:
    """Process starts and resident memory by (pod, container); NaN where a block has neither."""
    starts = {
        (*place, band): array
        for place, array in facts.items()
        for band in (reduction.STARTED_EARLIEST, reduction.STARTED_LATEST)
    }
    bands = {
        (*place, band): np.isfinite(array) * 10.0 if band == reduction.COUNT else array
        for place, array in memory.items()
        for band in (*reduction.BANDS, reduction.COUNT)
    }
    figures = {questions.FACTS: part(starts), questions.RESIDENT: part(bands)}
    return Measured(GRID, figures, Questions((), latency_per_pod=True), of, 60)


def part(arrays: dict[tuple[str, str, str], np.ndarray]) -> Part:
    values = np.array([*arrays.values()]) if arrays else np.empty((0, BLOCKS))
    return Part(GRID, {name: row for row, name in enumerate(arrays)}, values)


def spans(*lives: tuple[float, int, int]) -> np.ndarray:
    """(start, first block, end block) of processes one after the other."""
    array = np.full(BLOCKS, np.nan)
    for start, first, end in lives:
        array[first:end] = start
    return array


def named(lives: tuple[LifeBlocks, ...], container: str = "app") -> list[tuple[str, str, float]]:
    return [(each.life.pod, each.life.uid, each.life.started_at) for each in lives if each.life.container == container]


def test_kills_of_one_container_are_lives_of_one_pod_and_the_last_one_says_how_it_ended() -> None:
    starts = spans((30.0, 1, 9), (5430.0, 10, 18), (10830.0, 19, 48))
    running = replace(scenes.container(10829.0), killed_for_memory_at=10800.0, restarts=2)
    of = scenes.target(scenes.pod("store-x-y", running), kind=ANY)
    lives = past_lives(measured(of, {("store-x-y", "app"): starts}, {("store-x-y", "app"): starts * MIB}))
    assert named(lives) == [("store-x-y", "uid-store-x-y", 30.0), ("store-x-y", "uid-store-x-y", 5430.0)]
    assert [each.life.killed_for_memory_at for each in lives[:2]] == [None, 10800.0]
    assert named(lives, POD_TOTAL) == named(lives)
    for each in lives:
        known = np.isfinite(each.resident.p50)
        assert known.sum() in (8, 8)
        assert (each.resident.p50[known] == each.life.started_at * MIB).all()
        assert (each.starts[known] >= each.life.started_at).all()


def test_a_pod_that_came_back_under_its_name_is_another_pod() -> None:
    starts = spans((30.0, 1, 20), (12_600.0, 22, 48))
    back = replace(
        scenes.pod("db-0", scenes.container(12_599.0)), created_at=datetime.fromtimestamp(12_590.0, UTC), uid="new"
    )
    of = scenes.target(back, kind="StatefulSet", name="db")
    (past, total) = past_lives(measured(of, {("db-0", "app"): starts}, {("db-0", "app"): starts * MIB}))
    assert (past.life.uid, past.life.revision, past.life.started_at) == ("", "", 30.0)
    assert total.life == replace(past.life, container=POD_TOTAL)


def test_without_process_starts_a_pod_that_is_gone_is_one_life_if_its_beginning_was_seen() -> None:
    memory = {
        ("store-seen", "app"): spans((MIB, 5, 20)),
        ("store-older", "app"): spans((MIB, 0, 20)),
        ("other-gone", "app"): spans((MIB, 5, 20)),
        ("store-here", "app"): spans((MIB, 5, 48)),
    }
    of = scenes.target(scenes.pod("store-here", scenes.container(3000.0)), kind=ANY)
    lives = past_lives(measured(of, {}, memory))
    assert named(lives) == [("store-seen", "", 5.0 * LENGTH)]
    assert np.flatnonzero(np.isfinite(lives[0].resident.p50)).tolist() == list(range(6, 20))


def test_the_total_of_several_containers_needs_all_of_them() -> None:
    starts = {("store-gone", "app"): spans((30.0, 1, 20)), ("store-gone", "proxy"): spans((40.0, 1, 20))}
    memory = {place: array * 0 + MIB for place, array in starts.items()}
    of = scenes.target(kind=ANY)
    totals = [each for each in past_lives(measured(of, starts, memory)) if each.life.container == POD_TOTAL]
    assert [(each.life.started_at, np.nanmax(each.resident.p50)) for each in totals] == [(40.0, 2 * MIB)]
    memory[("store-gone", "unknown")] = memory["store-gone", "app"]
    lives = past_lives(measured(of, starts, memory))
    assert named(lives, POD_TOTAL) == [
        ("store-gone", "", 600.0)
    ]  # the third began in its first block, as far as is seen


def test_only_the_youngest_are_kept() -> None:
    starts = {(f"store-{number}", "app"): spans((30.0 + number, 1, 20)) for number in range(MOST_PAST_LIVES + 5)}
    lives = past_lives(measured(scenes.target(kind=ANY), starts, {}))
    assert len(named(lives)) == MOST_PAST_LIVES
    assert named(lives)[0] == ("store-5", "", 35.0)


def test_the_limits_of_a_life_are_the_first_and_the_last_that_are_known() -> None:
    starts = spans((30.0, 1, 20))
    limits = np.full(BLOCKS, np.nan)
    limits[2:10], limits[10:20] = 100 * MIB, 150 * MIB
    of = measured(scenes.target(kind=ANY), {("store-gone", "app"): starts}, {("store-gone", "app"): starts * MIB})
    facts = of.figures[questions.FACTS]
    rows = {name: facts.values[row] for name, row in facts.rows.items()} | {
        ("store-gone", "app", reduction.CONTAINER_LIMIT): limits
    }
    life = past_lives(replace(of, figures={**of.figures, questions.FACTS: part(rows)}))[0].life
    assert (life.first_limit_bytes, life.limit_bytes) == (100 * MIB, 150 * MIB)
