"""Stores that wait for their verdicts: together where they come together, and none pays for another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from memdrift.drift.blocks import Window
from memdrift.drift.judge import Case, JudgedWindows, judge, judge_many
from memdrift.drift.verdict import Gate, Verdict, gates_later
from memdrift.reconcile.judging import Judging
from tests.drift.series import POLICY, flat, life, line, window

N = 48
CALM, LEAK = (window(life(live_heap=flat(N, 200))),), (window(life(live_heap=line(N, 200, 60))),)
GATE = Gate("trend", 1.0, 0.5, "tau", passed=True, sentence="it rises")


@dataclass
class Judge:
    """Judges, and remembers how many stores it was asked for at once, and who asked for a gate.

    Attributes:
        sizes: of the batches.
        readers: threads that asked for gates which were not built yet.
    """

    sizes: list[int] = field(default_factory=list)
    readers: list[int] = field(default_factory=list)

    def __call__(self, cases: Sequence[Case]) -> list[tuple[Verdict, ...]]:
        self.sizes.append(len(cases))
        return judge_many(cases)

    def with_gates_later(self, cases: Sequence[Case]) -> list[tuple[Verdict, ...]]:
        """The same, all gates of which are still to be built."""

        def build() -> tuple[Gate, ...]:
            self.readers.append(threading.get_ident())
            return (GATE,)

        return [
            tuple(
                replace(verdict, pods=tuple(replace(pod, gates=gates_later(build)) for pod in verdict.pods))
                for verdict in verdicts
            )
            for verdicts in judge_many(cases)
        ]


async def all_of(judging: Judging, *stores: tuple[Window, ...]) -> list[object]:
    waiting = (judging.verdicts(windows, POLICY, JudgedWindows()) for windows in stores)
    return list(await asyncio.gather(*waiting, return_exceptions=True))


async def test_who_comes_together_is_judged_together():
    counted = Judge()
    found = await all_of(Judging(judge_many=counted), CALM, LEAK, CALM)
    assert found == [judge(each, POLICY) for each in (CALM, LEAK, CALM)]
    assert counted.sizes == [3]


async def test_the_first_one_waits_for_company_until_there_is_enough():
    counted = Judge()
    judging = Judging(company_seconds=60.0, enough=2, judge_many=counted)
    first = asyncio.create_task(judging.verdicts(CALM, POLICY, JudgedWindows()))
    await asyncio.sleep(0)
    assert not first.done()
    await all_of(judging, LEAK)
    await first
    assert counted.sizes == [2]


async def test_nobody_waits_for_company_that_does_not_come():
    counted = Judge()
    found = await all_of(Judging(company_seconds=0.01, enough=2, judge_many=counted), CALM)
    assert found == [judge(CALM, POLICY)]
    assert counted.sizes == [1]


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


async def test_what_was_said_is_said_again_without_waiting():
    counted, known = Judge(), JudgedWindows()
    judging = Judging(company_seconds=60.0, enough=1, judge_many=counted)
    first = await judging.verdicts(CALM, POLICY, known)
    assert await judging.verdicts(CALM, POLICY, known) is first
    assert counted.sizes == [1]


async def test_gates_of_a_store_that_drifts_are_built_off_the_event_loop():
    judge_of = Judge()
    verdicts = await Judging(judge_many=judge_of.with_gates_later).verdicts(LEAK, POLICY, JudgedWindows())
    pods = [pod for verdict in verdicts for pod in verdict.pods]
    assert any(verdict.drifting for verdict in verdicts)
    assert len(judge_of.readers) == len(pods)
    assert all(pod.gates == (GATE,) for pod in pods)
    assert len(judge_of.readers) == len(pods), "somebody had to wait for them"
    assert threading.get_ident() not in judge_of.readers


async def test_gates_that_nobody_reads_are_not_built():
    judge_of = Judge()
    verdicts = await Judging(judge_many=judge_of.with_gates_later).verdicts(CALM, POLICY, JudgedWindows())
    assert not any(verdict.drifting for verdict in verdicts)
    assert not judge_of.readers
