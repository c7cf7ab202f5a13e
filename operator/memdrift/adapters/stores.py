"""FeatureStores in the API server: reading one, and writing what memdrift saw into its status.

Exists so that a status is one server-side apply under one field manager: what we do not say any more disappears, what
others own stays, and saying the same again writes nothing. Must not touch `spec` or metadata.
"""

from __future__ import annotations

from pydantic import ValidationError

from memdrift.api.faults import fault_of
from memdrift.api.featurestore import FeatureStore, FeatureStoreStatus
from memdrift.api.wire import API_VERSION, GROUP, VERSION
from memdrift.errors import SpecInvalid, TargetNotFound
from memdrift.ports import KubernetesCalls

FIELD_MANAGER = "memdrift"


class KubernetesStores:
    """Implements the port `Stores`."""

    def __init__(self, calls: KubernetesCalls) -> None:
        self._calls = calls

    async def read(self, namespace: str, name: str) -> FeatureStore | None:
        """The store as the API server has it now."""
        try:
            answer = await self._calls.call(
                "GET", ("apis", GROUP, VERSION, "namespaces", namespace, "featurestores", name)
            )
            return FeatureStore.model_validate_json(answer)
        except TargetNotFound:
            return None
        except ValidationError as error:
            problem = (
                f"FeatureStore {namespace}/{name} is not what this version of memdrift understands: {fault_of(error)}"
            )
            raise SpecInvalid("SpecInvalid", problem) from error

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
