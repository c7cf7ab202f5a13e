"""The one slot for stopgaps of the whole cluster, as a Lease.

Exists so that no two workloads are restarted at once, whichever process or shard decides. The slot does not expire by
time: a slow rollout must not let a second one start. It is taken over only from a holder whose incident is gone or
in no stage that restarts. Must not decide who may restart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from memdrift.adapters.leases.lease import NamedLease, holder_of
from memdrift.errors import ClusterUnavailable, Conflict
from memdrift.ports import Clock, KubernetesCalls

LEASE = "memdrift-stopgap"
_ATTEMPTS = 4

IsLive = Callable[[str], Awaitable[bool]]
"""Whether the incident `namespace/name` exists and is restarting; raises where that is not known."""


class LeaseSlots:
    """Implements the port `Slots` with a Lease in the operator's own namespace.

    Args:
        is_live: whether the incident `namespace/name` is in a stage that needs the slot. An incident writes that stage
            before it takes the slot, so a holder for which it is False will never act on it.
    """

    def __init__(self, calls: KubernetesCalls, namespace: str, clock: Clock, is_live: IsLive) -> None:
        self._lease = NamedLease(calls, namespace, LEASE, clock)
        self._is_live = is_live

    async def acquire(self, holder: str) -> bool:
        """Take the slot; False while a restarting incident has it."""
        for _ in range(_ATTEMPTS):
            seen = await self._lease.look()
            other = holder_of(seen)
            if other == holder:
                return True
            if other and await self._is_live(other):
                return False
            with suppress(Conflict):
                await self._lease.take(seen, holder)
                return True
        raise self._contended()

    async def vacant(self, holder: str) -> bool:
        """Whether nobody, we ourselves, or an incident that is over has it."""
        other = holder_of(await self._lease.look())
        return other in {"", holder} or not await self._is_live(other)

    async def release(self, holder: str) -> None:
        """Give the slot back if it is ours."""
        for _ in range(_ATTEMPTS):
            seen = await self._lease.look()
            if seen is None:
                return
            with suppress(Conflict):
                await self._lease.release(seen, holder)
                return
        raise self._contended()

    def _contended(self) -> ClusterUnavailable:
        return ClusterUnavailable("SlotContended", f"{self._lease} kept changing; it is asked again")
