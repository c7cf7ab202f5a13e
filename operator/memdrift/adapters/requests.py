"""Records that somebody asked to look at a store now.

Exists so that a request survives the process that received it: it is an annotation, and the next tick answers it. Must
not create a store, so it is a merge patch, which never does.
"""

from __future__ import annotations

from memdrift.api.wire import GROUP, VERSION
from memdrift.errors import TargetNotFound
from memdrift.ports import KubernetesCalls

REQUESTED_AT = "memdrift.io/requested-at"
FIELD_MANAGER = "memdrift-requests"


class KubernetesRequests:
    """Implements the port `Requests`."""

    def __init__(self, calls: KubernetesCalls) -> None:
        self._calls = calls

    async def record(self, namespace: str, store: str, token: str) -> bool:
        """Set the annotation; False where the store does not exist. The same token again writes nothing."""
        try:
            await self._calls.call(
                "PATCH",
                ("apis", GROUP, VERSION, "namespaces", namespace, "featurestores", store),
                query={"fieldManager": FIELD_MANAGER},
                body={"metadata": {"annotations": {REQUESTED_AT: token}}},
                content_type="application/merge-patch+json",
            )
        except TargetNotFound:
            return False
        return True
