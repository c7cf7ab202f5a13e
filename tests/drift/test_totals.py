"""A pod's total gets the live heaps of its own containers, and of nobody else's."""

from __future__ import annotations

import numpy as np

from memdrift.drift.blocks import POD_TOTAL, LifeBlocks
from memdrift.drift.totals import with_heaps_of_containers
from tests.drift.series import flat, life

N = 12


def container(pod: str, name: str, level: float | None) -> LifeBlocks:
    heap = None if level is None else flat(N, level)
    return life(live_heap=heap, resident=flat(N, 500), pod=pod, container=name)


def total(pod: str) -> LifeBlocks:
    return life(resident=flat(N, 500), pod=pod, container=POD_TOTAL)


def test_each_total_has_the_sum_of_its_own_containers():
    one, two, other = container("a", "app", 100), container("a", "sidecar", 30), container("b", "app", 7)
    silent = container("c", "app", None)
    lives = [one, two, total("a"), other, total("b"), silent, total("c")]

    found = with_heaps_of_containers(lives)

    assert [each.life for each in found] == [each.life for each in lives]
    assert [each for each in found if each.life.container != POD_TOTAL] == [one, two, other, silent]
    np.testing.assert_array_equal(found[2].live_heap.p50, one.live_heap.p50 + two.live_heap.p50)
    np.testing.assert_array_equal(found[4].live_heap.p50, other.live_heap.p50)
    assert found[6] is lives[6], "a pod without a live heap gets none"


def test_a_total_with_a_heap_of_its_own_keeps_it():
    own = container("a", POD_TOTAL, 80)
    assert with_heaps_of_containers([container("a", "app", 100), own, total("b")])[1] is own
