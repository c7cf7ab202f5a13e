"""Whose turn it is to write tickets, as a Lease.

Exists because trackers have no "create unless it exists": two processes that look at the same moment would both create.
A holder that died is followed only after its Lease was seen unchanged for longer than a turn may last, by the
observer's own clock; that also gives lagging search indexes the time to show what it created. Must not know trackers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from memdrift.adapters.leases.lease import NamedLease, holder_of
from memdrift.api.builtin import Lease
from memdrift.errors import ClusterUnavailable, Conflict, TrackerUnavailable
from memdrift.ports import Clock, KubernetesCalls

LEASE = "memdrift-filing"
TAKEOVER_SECONDS = 60.0
"""Longer than a turn lasts."""
_AGAIN_SECONDS = 5.0


class LocalTurns:
    """Implements the port `Turns` within one process: one at a time per key."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Waits for whoever has the key."""
        lock, count = self._waiting.get(key, (asyncio.Lock(), 0))
        self._waiting[key] = (lock, count + 1)
        try:
            async with lock:
                yield
        finally:
            lock, count = self._waiting.pop(key)
            if count > 1:
                self._waiting[key] = (lock, count - 1)


class LeaseTurns:
    """Implements the port `Turns` for all processes of a cluster; within this one by `LocalTurns`.

    Args:
        identity: of this process, another one after a restart: what a dead one began is not known to its successor.
        takeover_seconds: how long a foreign holder must be seen unchanged.
    """

    def __init__(
        self,
        calls: KubernetesCalls,
        namespace: str,
        clock: Clock,
        identity: str,
        takeover_seconds: float = TAKEOVER_SECONDS,
    ) -> None:
        self._lease = NamedLease(calls, namespace, LEASE, clock)
        self._clock = clock
        self._identity = identity
        self._takeover_seconds = takeover_seconds
        self._local = LocalTurns()
        self._lease_lock = asyncio.Lock()
        self._turns = 0
        self._unsure_until = 0.0
        self._seen: tuple[str, float] = ("", 0.0)

    def turn(self, key: str) -> AbstractAsyncContextManager[None]:
        """Turns for different keys go on at once in this process, which holds the Lease as long as one of them does."""
        return self._turn(key)

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        async with self._local.turn(key):
            async with self._lease_lock:
                await self._hold()
                self._turns += 1
            try:
                yield
            except (asyncio.CancelledError, TrackerUnavailable):
                # What was asked for last may yet arrive: nobody else may look before it can be seen.
                self._unsure_until = self._clock.monotonic() + self._takeover_seconds
                raise
            finally:
                await asyncio.shield(self._end())

    async def _end(self) -> None:
        async with self._lease_lock:
            self._turns -= 1
            if self._turns == 0 and self._clock.monotonic() >= self._unsure_until:
                # One that is not given back is taken over later, and kept by ourselves.
                with suppress(ClusterUnavailable, Conflict):
                    await self._release()

    async def _hold(self) -> None:
        """Take or renew the Lease."""
        seen = await self._lease.look()
        if seen is not None and holder_of(seen) not in {"", self._identity} and not self._given_up(seen):
            raise _busy()
        try:
            await self._lease.take(seen, self._identity)
        except Conflict as error:
            raise _busy() from error

    def _given_up(self, lease: Lease) -> bool:
        version, now = lease.metadata.resource_version, self._clock.monotonic()
        if self._seen[0] != version:
            self._seen = (version, now)
        return now - self._seen[1] >= self._takeover_seconds

    async def _release(self) -> None:
        seen = await self._lease.look()
        if seen is not None:
            await self._lease.release(seen, self._identity)


def _busy() -> TrackerUnavailable:
    return TrackerUnavailable("TrackerUnavailable", "another process of memdrift files a ticket", _AGAIN_SECONDS)
