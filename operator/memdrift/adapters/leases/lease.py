"""One Lease: it is looked at, taken or renewed, and released, each write only on what was seen.

Exists so that nobody's write goes over another's: every write names the version that was looked at, and one that came
too late is a `Conflict`. Must not say when a holder is given up: that differs from Lease to Lease. Must not try again:
who lost must look again first.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from memdrift.api.builtin import Lease
from memdrift.api.faults import fault_of
from memdrift.errors import ClusterUnavailable, Conflict, TargetNotFound
from memdrift.ports import Clock, KubernetesCalls


class NamedLease:
    """A Lease in the operator's own namespace; it is created when it is first taken."""

    def __init__(self, calls: KubernetesCalls, namespace: str, name: str, clock: Clock) -> None:
        self._calls = calls
        self._namespace = namespace
        self._name = name
        self._clock = clock

    def __str__(self) -> str:
        """As messages name it."""
        return f"Lease {self._namespace}/{self._name}"

    async def look(self) -> Lease | None:
        """The Lease as it is now; None where there is none.

        Raises:
            ClusterUnavailable: not known.
        """
        try:
            answer = await self._calls.call("GET", self._path(self._name))
        except TargetNotFound:
            return None
        try:
            return Lease.model_validate_json(answer)
        except ValidationError as error:
            raise ClusterUnavailable("AnswerUnreadable", f"{self}: {fault_of(error)}") from error

    async def take(self, seen: Lease | None, holder: str) -> None:
        """Take what was seen, or renew it where the holder has it already.

        Raises:
            Conflict: somebody wrote or deleted it since.
            ClusterUnavailable: not known whether it was taken; or the namespace does not exist.
        """
        if seen is not None:
            await self._replace(seen, holder)
            return
        try:
            await self._calls.call("POST", self._path(), body=self._body({}, self._taken(None, holder)))
        except TargetNotFound as error:
            raise ClusterUnavailable(
                "NamespaceMissing", f"the namespace of {self} does not exist: {error.message}"
            ) from error

    async def release(self, seen: Lease, holder: str) -> None:
        """Give back what was seen; nothing where another holder has it.

        Raises:
            Conflict: somebody wrote or deleted it since.
            ClusterUnavailable: not known whether it was given back.
        """
        if holder_of(seen) == holder:
            await self._replace(seen, "")

    async def _replace(self, seen: Lease, holder: str) -> None:
        body = self._body({"resourceVersion": seen.metadata.resource_version}, self._taken(seen, holder))
        try:
            await self._calls.call("PUT", self._path(self._name), body=body)
        except TargetNotFound as error:
            raise Conflict("Conflict", f"{self} was deleted a moment ago") from error

    def _taken(self, seen: Lease | None, holder: str) -> dict[str, Any]:
        """The specification with this holder: a change of hands is counted, a renewal keeps when it was taken."""
        now = self._clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
        known = seen.spec.lease_transitions or 0 if seen is not None else 0
        if not holder:
            return {"holderIdentity": "", "leaseTransitions": known, "renewTime": now}
        if seen is None or holder_of(seen) != holder:
            known, taken_at = known + (seen is not None), now
        else:
            taken_at = seen.spec.acquire_time or now
        return {"holderIdentity": holder, "leaseTransitions": known, "renewTime": now, "acquireTime": taken_at}

    def _body(self, metadata: dict[str, str], spec: dict[str, Any]) -> dict[str, Any]:
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": self._namespace, **metadata},
            "spec": spec,
        }

    def _path(self, *more: str) -> tuple[str, ...]:
        return ("apis", "coordination.k8s.io", "v1", "namespaces", self._namespace, "leases", *more)


def holder_of(lease: Lease | None) -> str:
    """Who has it; "" where nobody does."""
    return (lease.spec.holder_identity or "") if lease is not None else ""
