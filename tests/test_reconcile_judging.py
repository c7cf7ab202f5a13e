"""Stores that wait for their verdicts: together where they come together, and none pays for another."""

from __future__ import annotations

import asyncio
import threading

import pytest

from memdrift.drift import judge as front_door
from memdrift.drift import together
from memdrift.drift.blocks import Window
from memdrift.drift.judge import JudgedWindows, judge
from memdrift.reconcile.judging import Judging
from tests.drift.series import POLICY, flat, life, line, window

N = 48
CALM, LEAK = (window(life(live_heap=flat(N, 200))),), (window(life(live_heap=line(N, 200, 60))),)


@pytest.fixture
def batches(monkeypatch) -> list[int]:
    sizes: list[int] = []
    many = front_door.judge_many

    def counted(cases):
        sizes.append(len(cases))
        return many(cases)

    monkeypatch.setattr(front_door, "judge_many", counted)
    return sizes


async def all_of(judging: Judging, *stores: tuple[Window, ...]) -> list[object]:
    waiting = (judging.verdicts(windows, POLICY, JudgedWindows()) for windows in stores)
    return list(await asyncio.gather(*waiting, return_exceptions=True))


async def test_who_comes_together_is_judged_together(batches):
    assert await all_of(Judging(), CALM, LEAK, CALM) == [judge(each, POLICY) for each in (CALM, LEAK, CALM)]
    assert batches[0] == 3


async def test_the_first_one_waits_for_company_until_there_is_enough(batches):
    judging = Judging(company_seconds=60.0, enough=2)
    first = asyncio.create_task(judging.verdicts(CALM, POLICY, JudgedWindows()))
    await asyncio.sleep(0)
    assert not first.done()
    await all_of(judging, LEAK)
    await first
    assert batches == [2]


async def test_nobody_waits_for_company_that_does_not_come(batches):
    assert await all_of(Judging(company_seconds=0.01, enough=2), CALM) == [judge(CALM, POLICY)]
    assert batches[0] == 1


async def test_one_stores_failure_is_its_own():
    nothing, calm, leak = await all_of(Judging(), (), CALM, LEAK)
    assert isinstance(nothing, ValueError)
    assert [calm, leak] == [judge(CALM, POLICY), judge(LEAK, POLICY)]


async def test_one_who_went_away_is_not_waited_for():
    judging = Judging(company_seconds=60.0, enough=2)
    gone = asyncio.create_task(judging.verdicts(CALM, POLICY, JudgedWindows()))
    await asyncio.sleep(0)
    gone.cancel()
    assert await all_of(judging, LEAK) == [judge(LEAK, POLICY)]


async def test_what_was_said_is_said_again_without_waiting(batches):
    known = JudgedWindows()
    judging = Judging(company_seconds=60.0, enough=1)
    first = await judging.verdicts(CALM, POLICY, known)
    assert await judging.verdicts(CALM, POLICY, known) is first
    assert batches == [1]


async def test_gates_that_are_read_later_are_built_off_the_event_loop(monkeypatch):
    """Of a pod without peers nobody reads a gate while judging, and each later read judges the whole window again."""
    threads: list[int] = []
    batch = together.judge_batch

    def seen(*arguments, **options):
        threads.append(threading.get_ident())
        return batch(*arguments, **options)

    monkeypatch.setattr(together, "judge_batch", seen)
    verdicts = await Judging().verdicts(LEAK, POLICY, JudgedWindows())
    assert any(verdict.drifting for verdict in verdicts)
    judged = len(threads)
    assert all(pod.gates for verdict in verdicts for pod in verdict.pods)
    assert len(threads) == judged, "reading them judged again"
    assert threading.get_ident() not in threads


async def test_gates_that_nobody_reads_are_not_built(monkeypatch):
    calls: list[int] = []
    batch = together.judge_batch
    monkeypatch.setattr(together, "judge_batch", lambda *given: calls.append(1) or batch(*given))
    await Judging().verdicts(CALM, POLICY, JudgedWindows())
    assert len(calls) == 1
