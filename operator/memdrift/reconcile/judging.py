"""Stores that wait for their verdicts, judged together and off the event loop.

Exists because the statistics of many stores cost hardly more than those of one, and because other ticks and the probes
cannot wait for them. Who comes first may wait a moment for company; whoever comes while a batch is judged goes with the
next one. Must not judge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from memdrift.drift import judge
from memdrift.drift.blocks import Window
from memdrift.drift.judge import Case, JudgedWindows
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import Verdict

MOST_STORES = 100
"""Judged in one go, so that the first of many hears of it before the last one has been measured."""

COMPANY_SECONDS = 0.5
"""How long the operator lets the first one wait: stores come one after the other, a block becomes complete for all."""

Verdicts = tuple[Verdict, ...]
JudgeMany = Callable[[Sequence[Case]], list[Verdicts]]


class Judging:
    """The queue in front of the judge.

    Args:
        company_seconds: how long the first one waits for others.
        enough: with so many others nobody waits; no more than ticks run at once, for there will not be more.
        judge_many: what judges them; it is called in a thread of its own.
    """

    def __init__(
        self, company_seconds: float = 0.0, enough: int = MOST_STORES, judge_many: JudgeMany = judge.judge_many
    ) -> None:
        self._company_seconds = company_seconds
        self._enough = enough
        self._judge_many = judge_many
        self._full = asyncio.Event()
        self._waiting: list[tuple[Case, asyncio.Future[Verdicts]]] = []
        self._serving: asyncio.Task[None] | None = None

    async def verdicts(self, windows: Sequence[Window], policy: DetectionPolicy, known: JudgedWindows) -> Verdicts:
        """What `judge.judge` says of one store's windows.

        Raises:
            ValueError: see there.
        """
        said = known.said(windows, policy)
        if said is not None:
            return said
        future: asyncio.Future[Verdicts] = asyncio.get_running_loop().create_future()
        self._waiting.append((Case(windows, policy, known), future))
        if len(self._waiting) >= self._enough:
            self._full.set()
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await future

    async def _serve(self) -> None:
        try:
            while self._waiting:
                if self._company_seconds:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._full.wait(), self._company_seconds)
                self._full.clear()
                batch, self._waiting = self._waiting[:MOST_STORES], self._waiting[MOST_STORES:]
                for (_, future), said in zip(batch, await self._judged([case for case, _ in batch]), strict=True):
                    if future.done():
                        continue
                    if isinstance(said, Exception):
                        future.set_exception(said)
                    else:
                        future.set_result(said)
        finally:
            self._serving = None

    async def _judged(self, cases: list[Case]) -> list[Verdicts | Exception]:
        """Each case's verdicts, or what went wrong with it: one store's failure is not the others'."""
        try:
            return [*await asyncio.to_thread(self._with_gates_that_are_read, cases)]
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            if len(cases) == 1:
                return [error]
        return [said for case in cases for said in await self._judged([case])]

    def _with_gates_that_are_read(self, cases: list[Case]) -> list[Verdicts]:
        """The verdicts, those of a drifting store with their gates built.

        Gates are built when read, by judging the whole window again: measured at 9 ms for one pod and 288 blocks, 34 ms
        for 50 pods, 100 ms for 200. Incidents and decision bundles read those of stores that drift, on the event loop;
        so they are read here first, where nobody waits. Nobody there reads those of a store of which nothing drifts.
        """
        found = self._judge_many(cases)
        for verdicts in found:
            if any(verdict.drifting for verdict in verdicts):
                for pod in (pod for verdict in verdicts for pod in verdict.pods):
                    _ = pod.gates
        return found
