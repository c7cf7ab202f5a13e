"""Did the restart help? Same age, comparable load, blocks of the new lives only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from memdrift.drift.blocks import Floats, LifeBlocks
from memdrift.drift.relief import Relief, ReliefKind, relief
from tests.drift.series import EPOCH, MIB, POLICY, flat, life, line

BLOCK = 5
RESTART = EPOCH
N = 48  # four minutes before the restart
M = 24  # two minutes after


def old(
    pod: str = "a",
    heap: Floats | None = None,
    latency: float = 540,
    load: float = 33,
    born: float = RESTART - N * BLOCK,
) -> LifeBlocks:
    return life(
        pod=pod,
        live_heap=line(N, 16, 80) if heap is None else heap,
        latency=np.concatenate((flat(N // 2, 60), flat(N - N // 2, latency))),
        load=flat(N, load),
        block_seconds=BLOCK,
        started_at=float(born),
        ends_at=RESTART,
    )


def new(
    pod: str = "c",
    heap: Floats | None = None,
    latency: float | Floats = 45,
    load: float = 33,
    born: float = RESTART + 10,
) -> LifeBlocks:
    """Seen from the restart on; the first two blocks are from before its birth and NaN."""
    unborn = np.concatenate((flat(2, np.nan), flat(M - 2, 0.0)))
    return life(
        pod=pod,
        live_heap=(line(M, 14, 40) if heap is None else heap) + unborn,
        latency=flat(M, 1.0) * latency + unborn,
        load=flat(M, load) + unborn,
        block_seconds=BLOCK,
        started_at=float(born),
        ends_at=RESTART + M * BLOCK,
    )


def judged(before: list[LifeBlocks], after: list[LifeBlocks], restarted_at: float = RESTART) -> Relief:
    return relief(before, after, POLICY, restarted_at)


def test_latency_back_under_its_objective_is_relief_though_the_leak_goes_on():
    found = judged([old("a"), old("b")], [new("c"), new("d")])
    assert found.kind is ReliefKind.RELIEVED
    assert (found.latency_before_milliseconds, found.latency_after_milliseconds) == (540, 45)
    assert found.memory_before_bytes == pytest.approx(87 * MIB, rel=0.05)
    assert found.memory_after_bytes == pytest.approx(50 * MIB, rel=0.05)
    assert found.memory_same_age_bytes == pytest.approx(52 * MIB, rel=0.1)
    assert "540 ms before, 45 ms after" in found.sentence


NOT_RELIEVED = {
    "latency is still over the objective": ([old()], [new(latency=300)]),
    "latency of one of two new pods is still over the objective": ([old()], [new("c"), new("d", latency=300)]),
    "the new life grows much faster than the old one at the same age": ([old()], [new(heap=line(M, 14, 120))]),
    "memory was the only symptom and is not lower": (
        [old(latency=60, heap=flat(N, 60))],
        [new(heap=flat(M, 58))],
    ),
}


@pytest.mark.parametrize("sentence", NOT_RELIEVED)
def test_is_not_relieved(sentence):
    assert judged(*NOT_RELIEVED[sentence]).kind is ReliefKind.NOT_RELIEVED


def test_memory_alone_relieves_where_latency_was_no_symptom():
    assert judged([old(latency=60)], [new(heap=line(M, 14, 40))]).kind is ReliefKind.RELIEVED


INCONCLUSIVE = {
    "no new life": ([old()], []),
    "no old life": ([], [new()]),
    "the new life began before the restart": ([old()], [new(born=RESTART - 5)]),
    "two blocks of the new life": ([old()], [new(heap=np.where(np.arange(M) < 4, 20.0, np.nan))]),
    "a fresh pod without traffic": ([old()], [new(load=0.5)]),
    "less than 70 % of the load": ([old()], [new(load=22)]),
    "load is missing": ([old()], [replace(new(), load=np.empty((0, M)))]),
    "no latency of the new life": ([old()], [new(latency=np.nan)]),
    "one of two new pods without latency": ([old()], [new("c"), new("d", latency=np.nan)]),
    "latency still high under twice the load": ([old()], [new(latency=300, load=66)]),
}


@pytest.mark.parametrize("sentence", INCONCLUSIVE)
def test_is_inconclusive(sentence):
    found = judged(*INCONCLUSIVE[sentence])
    assert found.kind is ReliefKind.INCONCLUSIVE
    assert found.sentence


def test_70_percent_of_the_load_is_comparable():
    assert judged([old(load=44)], [new(load=33)]).kind is ReliefKind.RELIEVED


def test_blocks_after_the_restart_do_not_count_as_before():
    dying = old()
    later = replace(dying, starts=dying.starts + 20 * BLOCK)
    values = later.latency_milliseconds.copy()
    values[-20:] = 9000.0
    assert judged([replace(later, latency_milliseconds=values)], [new()]).latency_before_milliseconds == 540


def test_an_old_life_never_seen_at_that_age_gives_no_same_age_figure():
    found = judged([old(born=RESTART - 86400)], [new()])
    assert found.memory_same_age_bytes is None
    assert found.kind is ReliefKind.RELIEVED


def test_resident_memory_stands_in_where_a_life_has_no_heap():
    before = replace(old(), resident=old(heap=line(N, 50, 80)).live_heap, live_heap=life(resident=flat(N, 1)).live_heap)
    after = replace(new(), resident=new(heap=flat(M, 55)).live_heap)
    assert judged([before], [after]).memory_after_bytes == pytest.approx(55 * MIB)


def test_a_life_that_starts_in_the_second_of_the_restart_is_new() -> None:
    """Kubernetes cuts the start to a whole second, which then seems to lie before the restart."""
    assert judged([old()], [new(born=RESTART)], RESTART + 0.9).kind is ReliefKind.RELIEVED
