"""The workloads that stores point at: what they are now, and the two ways to restart their pods.

Exists so that the rest of memdrift sees one `Target`, whatever the kind. Must not decide: the guards do.
"""

from __future__ import annotations

from memdrift.adapters.workloads.changes import annotation_patch, eviction
from memdrift.adapters.workloads.kinds import KINDS
from memdrift.adapters.workloads.observation import observe
from memdrift.api.featurestore import TargetRef
from memdrift.errors import ClusterUnavailable, Conflict, TargetNotFound
from memdrift.ports import KubernetesCalls
from memdrift.remedy.target import Target

__all__ = ["KubernetesWorkloads"]

FIELD_MANAGER = "memdrift"


class KubernetesWorkloads:
    """Implements the port `Workloads`."""

    def __init__(self, calls: KubernetesCalls) -> None:
        self._calls = calls

    async def observe(self, namespace: str, reference: TargetRef) -> Target:
        """One snapshot; see the port."""
        return await observe(self._calls, namespace, reference)

    async def evict(self, namespace: str, pod: str, uid: str) -> None:
        """Evict exactly this pod; a 404 means that it is gone already."""
        path = ("api", "v1", "namespaces", namespace, "pods", pod, "eviction")
        try:
            await self._calls.call("POST", path, body=eviction(namespace, pod, uid))
        except TargetNotFound:
            return
        except Conflict as error:
            raise Conflict(
                "PodReplaced", f"pod {namespace}/{pod} is not the one with UID {uid} any more: {error.message}"
            ) from error
        except ClusterUnavailable as error:
            if "more than one PodDisruptionBudget" in error.message:
                raise ClusterUnavailable(
                    "SeveralDisruptionBudgets", f"{error.message}; leave one budget for pod {namespace}/{pod}"
                ) from error
            raise

    async def annotate_template(
        self, namespace: str, reference: TargetRef, uid: str, incident: str, *, paused: bool = False
    ) -> None:
        """Server-side apply of one annotation; with the UID in it, it can neither hit another object nor create one."""
        try:
            await self._calls.call(
                "PATCH",
                KINDS[reference.kind].path(namespace, reference.name),
                query={"fieldManager": FIELD_MANAGER, "force": "true"},
                body=annotation_patch(namespace, reference, uid, incident, paused=paused),
                content_type="application/apply-patch+yaml",
            )
        except Conflict as error:
            raise Conflict(
                "TargetReplaced",
                f"{reference.kind} {namespace}/{reference.name} has not the UID {uid}: {error.message}",
            ) from error
