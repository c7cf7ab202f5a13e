"""DriftIncidents in the API server.

Exists to make creating repeatable (a deterministic name, and the second attempt finds the first) and to find a store's
incidents by one label. Must not write `spec` after creation: approval and judgement belong to people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from memdrift.api.driftincident import DriftIncident, DriftIncidentSpec, DriftIncidentStatus
from memdrift.api.faults import fault_of
from memdrift.api.wire import API_VERSION, GROUP, VERSION
from memdrift.errors import ClusterUnavailable, Conflict, TargetNotFound
from memdrift.ports import KubernetesCalls
from memdrift.remedy.stages import RESTARTING

FIELD_MANAGER = "memdrift"
STORE_LABEL = "memdrift.io/store"
_LABEL_CHARACTERS = 63
_KIND = DriftIncident.__name__


class _Incidents(BaseModel):
    items: tuple[DriftIncident, ...] = ()


class KubernetesIncidents:
    """Implements the port `Incidents`."""

    def __init__(self, calls: KubernetesCalls) -> None:
        self._calls = calls

    async def create(self, namespace: str, name: str, spec: DriftIncidentSpec) -> DriftIncident:
        """Create it, or return the one that an earlier attempt created."""
        body = {
            "apiVersion": API_VERSION,
            "kind": _KIND,
            "metadata": {"name": name, "labels": {STORE_LABEL: label_of(spec.store_ref.name)}},
            "spec": spec.to_wire(),
        }
        query = {"fieldManager": FIELD_MANAGER}
        try:
            return _one(await self._calls.call("POST", _path(namespace), query=query, body=body))
        except Conflict as error:
            if error.reason != "AlreadyExists":
                raise
        try:
            found = _one(await self._calls.call("GET", _path(namespace, name)))
        except TargetNotFound as error:
            raise Conflict("IncidentVanished", f"{_KIND} {namespace}/{name} was deleted a moment ago") from error
        same = (found.spec.store_ref, found.spec.container) == (spec.store_ref, spec.container)
        if not same:
            raise Conflict(
                "IncidentNameTaken",
                f"{_KIND} {namespace}/{name} belongs to another store (UID {found.spec.store_ref.uid}) or container: "
                "delete it once its evidence is not needed any more",
            )
        return found

    async def read(self, namespace: str, name: str) -> DriftIncident | None:
        """The incident as the API server has it now; None where it does not exist."""
        try:
            return _one(await self._calls.call("GET", _path(namespace, name)))
        except TargetNotFound:
            return None

    async def of_store(self, namespace: str, store: str) -> tuple[DriftIncident, ...]:
        """All incidents of the store's name, also those of an earlier store of that name; oldest number first."""
        answer = await self._calls.call(
            "GET", _path(namespace), query={"labelSelector": f"{STORE_LABEL}={label_of(store)}"}
        )
        try:
            held = _Incidents.model_validate_json(answer).items
        except ValidationError as error:
            raise _unreadable(error) from error
        own = (incident for incident in held if incident.spec.store_ref.name == store)
        return tuple(sorted(own, key=lambda incident: incident.spec.number))

    async def is_restarting(self, namespaced_name: str) -> bool:
        """Whether the incident `namespace/name` exists and needs the slot for stopgaps.

        Raises:
            ClusterUnavailable: not known.
        """
        namespace, _, name = namespaced_name.partition("/")
        try:
            found = _one(await self._calls.call("GET", _path(namespace, name)))
        except TargetNotFound:
            return False
        return found.status.stage in RESTARTING

    async def apply_status(self, namespace: str, name: str, status: DriftIncidentStatus) -> None:
        """Server-side apply of `/status`; an incident that is gone is a success."""
        body: Mapping[str, object] = {
            "apiVersion": API_VERSION,
            "kind": _KIND,
            "metadata": {"name": name, "namespace": namespace},
            "status": status.to_wire(),
        }
        try:
            await self._calls.call(
                "PATCH",
                _path(namespace, name, "status"),
                query={"fieldManager": FIELD_MANAGER, "force": "true"},
                body=body,
                content_type="application/apply-patch+yaml",
            )
        except TargetNotFound:
            return

    async def delete(self, namespace: str, name: str) -> None:
        """Delete it; one that is gone is a success."""
        try:
            await self._calls.call("DELETE", _path(namespace, name))
        except TargetNotFound:
            return


def label_of(store: str) -> str:
    """The label's value: the store's name, shortened with a digest where a label cannot hold it."""
    if len(store) <= _LABEL_CHARACTERS:
        return store
    return f"{store[:46]}-{hashlib.sha256(store.encode()).hexdigest()[:16]}"


def _path(namespace: str, *more: str) -> tuple[str, ...]:
    return ("apis", GROUP, VERSION, "namespaces", namespace, "driftincidents", *more)


def _one(answer: bytes) -> DriftIncident:
    try:
        return DriftIncident.model_validate_json(answer)
    except ValidationError as error:
        raise _unreadable(error) from error


def _unreadable(error: ValidationError) -> ClusterUnavailable:
    return ClusterUnavailable(
        "IncidentUnreadable",
        f"a {_KIND} is not what this version of memdrift understands: apply its CRDs ({fault_of(error)})",
    )
