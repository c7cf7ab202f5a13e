"""What the API server's audit log says the operator did, whatever the operator says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCOUNT = "system:serviceaccount:memdrift:memdrift"
WRITING = frozenset({"create", "update", "patch", "delete", "deletecollection"})
WORKLOAD_GROUPS = frozenset({"apps", "argoproj.io"})


@dataclass(frozen=True)
class Call:
    """One request that the API server answered.

    Attributes:
        resource: with its subresource, such as `pods/eviction`; the path where it is no resource.
        uri: path and query, as it was asked.
        forbidden: the account lacks the right, or was not recognised. A namespace that is going away answers 403 to
            every creation in it as well, after the right was found: that is no missing right.
    """

    verb: str
    group: str
    resource: str
    namespace: str
    name: str
    uri: str
    code: int
    forbidden: bool = False

    @property
    def right(self) -> tuple[str, str, str]:
        """What RBAC was asked for: group, resource, verb."""
        return self.group, self.resource, self.verb


@dataclass(frozen=True)
class Audit:
    """The log of one cluster."""

    path: Path

    def end(self) -> int:
        """Where the log ends now; only what comes later is of interest to who asks."""
        return self.path.stat().st_size

    def calls(self, namespace: str | None = None, *, since: int = 0, account: str = ACCOUNT) -> list[Call]:
        """An account's requests, in one namespace or in all, in the order of their answers."""
        with self.path.open("rb") as log:
            log.seek(since)
            lines = [line for line in log if account.encode() in line and line.endswith(b"\n")]
        found = [_call(event) for event in map(json.loads, lines) if event["user"]["username"] == account]
        return [call for call in found if namespace is None or call.namespace == namespace]


def _call(event: dict[str, Any]) -> Call:
    meant = event.get("objectRef", {})
    resource = "/".join(part for part in (meant.get("resource"), meant.get("subresource")) if part)
    code = event.get("responseStatus", {}).get("code", 0)
    return Call(
        verb=event["verb"],
        group=meant.get("apiGroup", ""),
        resource=resource or event["requestURI"].partition("?")[0],
        namespace=meant.get("namespace", ""),
        name=meant.get("name", ""),
        uri=event["requestURI"],
        code=code,
        forbidden=code == 401 or event.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid",
    )


def touches(calls: Iterable[Call]) -> list[Call]:
    """Those that reach into a pod or change a pod or a workload."""
    return [call for call in calls if _touches(call)]


def _touches(call: Call) -> bool:
    if call.resource == "pods/portforward":
        return True
    changes_pod = call.group == "" and call.resource.partition("/")[0] == "pods"
    return call.verb in WRITING and (changes_pod or call.group in WORKLOAD_GROUPS)


def evictions(calls: Iterable[Call]) -> list[Call]:
    """Those that asked for an eviction, granted or not."""
    return [call for call in calls if call.resource == "pods/eviction"]


def restarts(calls: Iterable[Call]) -> list[Call]:
    """Those that changed a workload."""
    return [call for call in calls if call.verb in WRITING and call.group in WORKLOAD_GROUPS]
