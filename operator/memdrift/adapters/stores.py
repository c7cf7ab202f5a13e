"""Writes what memdrift saw into the status of FeatureStores.

Exists so that a status is one server-side apply under one field manager: what we do not say any more disappears, what
others own stays, and saying the same again writes nothing. Must not touch `spec` or metadata.
"""

from __future__ import annotations

from memdrift.api.featurestore import FeatureStore, FeatureStoreStatus
from memdrift.api.wire import API_VERSION, GROUP, VERSION
from memdrift.errors import TargetNotFound
from memdrift.ports import KubernetesCalls

FIELD_MANAGER = "memdrift"


class KubernetesStores:
    """Implements the port `Stores`."""

    def __init__(self, calls: KubernetesCalls) -> None:
        self._calls = calls

    async def apply_status(self, namespace: str, name: str, status: FeatureStoreStatus) -> None:
        """Server-side apply of `/status`; a store that is gone is a success."""
        body = {
            "apiVersion": API_VERSION,
            "kind": FeatureStore.__name__,
            "metadata": {"name": name, "namespace": namespace},
            "status": status.to_wire(),
        }
        try:
            await self._calls.call(
                "PATCH",
                ("apis", GROUP, VERSION, "namespaces", namespace, "featurestores", name, "status"),
                query={"fieldManager": FIELD_MANAGER, "force": "true"},
                body=body,
                content_type="application/apply-patch+yaml",
            )
        except TargetNotFound:
            return
