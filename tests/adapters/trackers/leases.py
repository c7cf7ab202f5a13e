"""Leases of an API server, as far as turns need them: a write with an old resourceVersion is a conflict."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from memdrift.errors import Conflict, TargetNotFound


class Leases:
    """Implements `KubernetesCalls` for Leases of one namespace."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self._version = 0

    async def call(
        self,
        method: str,
        path: Sequence[str],
        *,
        query: Mapping[str, str] | None = None,
        body: object | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        name = path[6] if len(path) > 6 else ""
        if method == "GET":
            if name not in self.objects:
                raise TargetNotFound("NotFound", name)
            return json.dumps(self.objects[name]).encode()
        assert isinstance(body, dict)
        written = json.loads(json.dumps(body))
        name = written["metadata"]["name"]
        known = self.objects.get(name)
        if method == "POST" and known is not None:
            raise Conflict("AlreadyExists", name)
        if method == "PUT" and known is None:
            raise TargetNotFound("NotFound", name)
        if known is not None and written["metadata"].get("resourceVersion") != known["metadata"]["resourceVersion"]:
            raise Conflict("Conflict", name)
        self._version += 1
        written["metadata"]["resourceVersion"] = str(self._version)
        self.objects[name] = written
        return json.dumps(written).encode()
