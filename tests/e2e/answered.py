"""The API server's audit log from a moment on: who asked for what, and what was answered.

Exists because only the server can say what was done to it. Must not be asked of a cluster without one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.cluster.clusters import Cluster

OPERATOR = "system:serviceaccount:memdrift:memdrift"


@dataclass(frozen=True)
class AuditLog:
    """What was asked since it was opened.

    Attributes:
        offset: in bytes; 0 is everything.
    """

    cluster: Cluster
    offset: int = 0

    @classmethod
    def from_now(cls, cluster: Cluster) -> AuditLog:
        """Only what comes."""
        return cls(cluster, cluster.audit_log.stat().st_size)

    def entries(self, namespace: str, verb: str, resource: str, subresource: str = "") -> Iterator[dict[str, Any]]:
        """Answered requests of one kind in one namespace that had an effect, oldest first."""
        wanted = (namespace, resource, subresource)
        with self.cluster.audit_log.open("rb") as log:
            log.seek(self.offset)
            for line in log:
                if not line.endswith(b"\n") or namespace.encode() not in line:
                    continue
                entry = json.loads(line)
                asked = entry.get("objectRef", {})
                named = (asked.get("namespace", ""), asked.get("resource"), asked.get("subresource", ""))
                if entry["verb"] == verb and named == wanted and entry["responseStatus"]["code"] < 300:
                    yield entry
