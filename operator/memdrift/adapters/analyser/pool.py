"""A fresh process for every piece of work, one at a time.

Exists so that one tenant's profile never shares a process with another's, and so that nothing has to be cleaned up: the
process ends. Must not run anything on the event loop's own threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from memdrift.adapters.analyser import worker
from memdrift.adapters.analyser.worker import Bounds, Refused
from memdrift.errors import CaptureFailed
from memdrift.evidence.findings import Comparison, Findings, ProfileKind
from memdrift.report.exhibit import GrownStack

Result = TypeVar("Result")
_START_SECONDS = 30.0
"""How long a process may take to start on a busy machine, beyond the work's own time."""


class ProcessAnalyser:
    """Implements the port `Analyser`; its `validate` is for the profiler."""

    def __init__(self, *, timeout_seconds: float = 60.0, memory_bytes: int = 512 * 1024 * 1024) -> None:
        self._bounds = Bounds(timeout_seconds, memory_bytes)
        self._one_at_a_time = asyncio.Semaphore(1)

    async def analyse(self, comparison: Comparison) -> Findings:
        """The findings.

        Raises:
            CaptureFailed: a profile cannot be decoded, or not within the bounds.
        """
        return await self._run(lambda pool: pool.submit(worker.analyse_bounded, self._bounds, comparison))

    async def grown_stacks(self, comparison: Comparison) -> tuple[GrownStack, ...]:
        """The growth of the worst pod's heap by stack, cut to what a picture can show.

        Raises:
            CaptureFailed: a profile cannot be decoded, or not within the bounds.
        """
        return await self._run(lambda pool: pool.submit(worker.stacks_bounded, self._bounds, comparison))

    async def validate(self, content: bytes, kind: ProfileKind) -> None:
        """Decode the profile and forget it.

        Raises:
            CaptureFailed: it is no profile of that kind; the reason is the evidence room's word.
        """
        await self._run(lambda pool: pool.submit(worker.validate_bounded, self._bounds, content, kind))

    async def _run(self, submit: Callable[[ProcessPoolExecutor], Future[Result | Refused]]) -> Result:
        async with self._one_at_a_time:
            pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
            try:
                async with asyncio.timeout(self._bounds.seconds + _START_SECONDS):
                    result = await asyncio.wrap_future(submit(pool))
            except BrokenProcessPool as error:
                raise CaptureFailed(
                    "TimedOut",
                    f"decoding was ended: it took more than {self._bounds.seconds:g} seconds, or the kernel killed it "
                    "for lack of memory",
                ) from error
            except TimeoutError as error:
                raise CaptureFailed("TimedOut", "the process for decoding did not answer") from error
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        if isinstance(result, Refused):
            raise CaptureFailed(result.reason, result.message)
        return result
