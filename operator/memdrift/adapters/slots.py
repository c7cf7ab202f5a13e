"""The one slot for stopgaps of the whole cluster, as a Lease.

Exists so that no two workloads are restarted at once, whichever process or shard decides. The slot does not expire by
time: a slow rollout must not let a second one start. It is taken over only from a holder whose incident is gone or
in no stage that restarts. Must not decide who may restart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError

from memdrift.api.builtin import Lease
from memdrift.api.faults import fault_of
from memdrift.errors import ClusterUnavailable, Conflict, TargetNotFound
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
        self._calls = calls
        self._namespace = namespace
        self._clock = clock
        self._is_live = is_live

    async def acquire(self, holder: str) -> bool:
        """Take the slot; False while a restarting incident has it."""
        for _ in range(_ATTEMPTS):
            try:
                lease = await self._read()
                if lease is None:
                    await self._create(holder)
                    return True
                other = lease.spec.holder_identity or ""
                if other == holder:
                    return True
                if other and await self._is_live(other):
                    return False
                await self._replace(lease, holder)
            except (Conflict, TargetNotFound):
                continue
            return True
        raise ClusterUnavailable("SlotContended", f"Lease {self._namespace}/{LEASE} kept changing; it is asked again")

    async def vacant(self, holder: str) -> bool:
        """Whether nobody, we ourselves, or an incident that is over has it."""
        lease = await self._read()
        other = (lease.spec.holder_identity or "") if lease else ""
        return other in {"", holder} or not await self._is_live(other)

    async def release(self, holder: str) -> None:
        """Give the slot back if it is ours."""
        for _ in range(_ATTEMPTS):
            lease = await self._read()
            if lease is None or lease.spec.holder_identity != holder:
                return
            try:
                await self._replace(lease, "")
            except (Conflict, TargetNotFound):
                continue
            return
        raise ClusterUnavailable("SlotContended", f"Lease {self._namespace}/{LEASE} kept changing; it is asked again")

    async def _read(self) -> Lease | None:
        try:
            answer = await self._calls.call("GET", self._path(LEASE))
        except TargetNotFound:
            return None
        try:
            return Lease.model_validate_json(answer)
        except ValidationError as error:
            raise ClusterUnavailable(
                "AnswerUnreadable", f"Lease {self._namespace}/{LEASE}: {fault_of(error)}"
            ) from error

    async def _create(self, holder: str) -> None:
        try:
            await self._calls.call("POST", self._path(), body=self._body({}, holder, transitions=0))
        except TargetNotFound as error:
            raise ClusterUnavailable(
                "NamespaceMissing",
                f"the namespace {self._namespace} of the slot's Lease does not exist: {error.message}",
            ) from error

    async def _replace(self, lease: Lease, holder: str) -> None:
        transitions = (lease.spec.lease_transitions or 0) + (1 if holder else 0)
        metadata = {"resourceVersion": lease.metadata.resource_version}
        await self._calls.call("PUT", self._path(LEASE), body=self._body(metadata, holder, transitions))

    def _body(self, metadata: dict[str, str], holder: str, transitions: int) -> dict[str, Any]:
        now = self._clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": LEASE, "namespace": self._namespace, **metadata},
            "spec": {
                "holderIdentity": holder,
                "leaseTransitions": transitions,
                "renewTime": now,
                **({"acquireTime": now} if holder else {}),
            },
        }

    def _path(self, *more: str) -> tuple[str, ...]:
        return ("apis", "coordination.k8s.io", "v1", "namespaces", self._namespace, "leases", *more)
