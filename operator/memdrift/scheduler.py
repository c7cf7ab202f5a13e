"""Which store is due when: one tick at a time per store, bounded concurrency, jitter.

Exists because watch events say only that something changed; what must be done follows from the whole state, looked at
again and again. Knows the specs of all stores (for rivals and storms) and nothing else between two ticks. Must not
decide anything about a store.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from memdrift.api.featurestore import TargetRef
from memdrift.errors import MemdriftError
from memdrift.ports import Clock
from memdrift.reconcile.tick import Ticked, failed_report
from memdrift.reconcile.world import Fleet
from memdrift.report.tick import TickReport

Key = tuple[str, str]
"""Namespace and name of a store."""

Tick = Callable[[str, str, Fleet], Awaitable[Ticked]]

FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 120.0
TURN_SECONDS = 5.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Entry:
    """What is remembered of one store between two ticks; losing it loses nothing.

    Attributes:
        target: None for a store that is only known by its incidents, or whose spec cannot be read.
        exists: it was seen and not deleted since.
        seen: version of the store ("") and of its incidents by name, so that our own writes do not wake us.
        due_at: monotonic seconds.
        again: it was asked for while a tick was running.
        looked: a tick of it has ended since the process began.
        wants_restart: as the last tick that could be finished said. Of a store of which none could it is not known, and
            counts as a yes: else a storm that comes with failures would be none.
    """

    target: TargetRef | None = None
    exists: bool = False
    seen: dict[str, str] = field(default_factory=dict)
    due_at: float = 0.0
    running: bool = False
    again: bool = False
    looked: bool = False
    failures: int = 0
    wants_restart: bool = False


@dataclass(slots=True)
class Scheduler:
    """Runs ticks until it is stopped.

    Attributes:
        observe: called with every report, on the event loop; must not block.
        turned: called every few seconds with the lag of the most overdue store, for the readiness probe.
    """

    tick: Tick
    clock: Clock
    concurrency: int
    observe: Callable[[TickReport], None]
    forget: Callable[[str, str], None]
    turned: Callable[[float], None]
    _entries: dict[Key, Entry] = field(default_factory=dict)
    _due: list[tuple[float, Key]] = field(default_factory=list)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def store_seen(self, namespace: str, name: str, target: TargetRef | None, version: str) -> None:
        """A store was added or changed: look at it now, unless only its status moved."""
        entry = self._entries.setdefault((namespace, name), Entry())
        entry.target, entry.exists = target, True
        self._schedule_if_new((namespace, name), "", version)

    def incident_seen(self, namespace: str, store: str, name: str, version: str) -> None:
        """An incident was added, or a person changed its spec: look at its store, also where that is gone."""
        self._entries.setdefault((namespace, store), Entry())
        self._schedule_if_new((namespace, store), name, version)

    def incident_gone(self, namespace: str, store: str, name: str) -> None:
        """An incident was deleted: look at its store, if that is known."""
        entry = self._entries.get((namespace, store))
        if entry is not None:
            entry.seen.pop(name, None)
            self._schedule((namespace, store), 0.0)

    def store_gone(self, namespace: str, name: str) -> None:
        """A store was deleted: look once more, so that its incidents are closed."""
        entry = self._entries.setdefault((namespace, name), Entry())
        entry.target, entry.exists = None, False
        self._schedule((namespace, name), 0.0)

    def _schedule_if_new(self, key: Key, what: str, version: str) -> None:
        seen = self._entries[key].seen
        if seen.get(what) != version:
            seen[what] = version
            self._schedule(key, 0.0)

    def fleet(self, key: Key) -> Fleet:
        """What a tick of this store must know of the others."""
        target = self._entries[key].target
        rivals = [
            name
            for (namespace, name), entry in self._entries.items()
            if namespace == key[0] and name != key[1] and target is not None and entry.target == target
        ]
        stores = [entry for entry in self._entries.values() if entry.exists]
        storming = sum(entry.wants_restart for entry in stores)
        return Fleet(tuple(sorted(rivals)), len(stores), storming, known=all(entry.looked for entry in stores))

    async def run(self, stop: asyncio.Event) -> None:
        """Tick what is due until stopped; running ticks are let finish."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._start_due()
                self.turned(self._lag_seconds())
                waking = asyncio.create_task(self._wake.wait())
                await asyncio.wait(
                    {stopping, waking}, timeout=self._pause_seconds(), return_when=asyncio.FIRST_COMPLETED
                )
                waking.cancel()
                self._wake.clear()
        finally:
            stopping.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=LONGEST_RETRY_SECONDS)

    def _schedule(self, key: Key, seconds: float) -> None:
        entry = self._entries[key]
        if entry.running and seconds == 0.0:
            entry.again = True
            return
        entry.due_at = self.clock.monotonic() + seconds
        heapq.heappush(self._due, (entry.due_at, key))
        self._wake.set()

    def _start_due(self) -> None:
        now = self.clock.monotonic()
        while self._due and self._due[0][0] <= now and len(self._tasks) < self.concurrency:
            due_at, key = heapq.heappop(self._due)
            entry = self._entries.get(key)
            if entry is None or entry.running or entry.due_at != due_at:
                continue  # superseded by a later schedule of the same store
            entry.running = True
            task = asyncio.create_task(self._run_one(key, entry))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run_one(self, key: Key, entry: Entry) -> None:
        began = self.clock.monotonic()
        seconds = 0.0
        try:
            ticked = await self.tick(*key, self.fleet(key))
        except Exception as error:  # noqa: BLE001 - one store's fault must not end the others' ticks
            entry.failures += 1
            entry.wants_restart |= not entry.looked
            seconds = min(FIRST_RETRY_SECONDS * 2 ** min(entry.failures, 6), LONGEST_RETRY_SECONDS)
            if not isinstance(error, MemdriftError):
                _log.exception("tick failed", extra={"namespace": key[0], "store": key[1]})
            self.observe(failed_report(*key, self.clock.now(), self.clock.monotonic() - began, error))
        else:
            entry.failures, entry.wants_restart = 0, ticked.wants_restart
            seconds = ticked.due_seconds
            self.observe(ticked.report)
            if ticked.gone and not entry.exists and not entry.again:
                self._entries.pop(key, None)
                self.forget(*key)
                return
        finally:
            entry.running, entry.looked = False, True
            self._wake.set()
        if entry.again:
            entry.again, seconds = False, 0.0
        jitter = seconds * random.uniform(0.0, 0.1) if seconds > 10 else 0.0  # noqa: S311 - spreads load, guards nothing
        self._schedule(key, seconds + jitter)

    def _lag_seconds(self) -> float:
        return max(0.0, self.clock.monotonic() - self._due[0][0]) if self._due else 0.0

    def _pause_seconds(self) -> float:
        if not self._due or len(self._tasks) >= self.concurrency:
            return TURN_SECONDS
        return min(TURN_SECONDS, max(0.0, self._due[0][0] - self.clock.monotonic()))
