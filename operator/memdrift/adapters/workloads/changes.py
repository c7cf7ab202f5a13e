"""The bodies of the two requests that restart pods.

Exists so that what memdrift may change can be read on one screen: one pod goes, or one annotation is set.
"""

from __future__ import annotations

from memdrift.api.featurestore import TargetRef

RESTARTED_FOR = "memdrift.io/restarted-for"


def eviction(namespace: str, pod: str, uid: str) -> dict[str, object]:
    """An eviction of the pod with this UID and no other."""
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": namespace},
        "deleteOptions": {"preconditions": {"uid": uid}},
    }


def annotation_patch(
    namespace: str, reference: TargetRef, uid: str, incident: str, *, paused: bool = False
) -> dict[str, object]:
    """All that memdrift owns of a workload: one annotation of its pod template, and a pause while it lasts.

    Applied without the pause, the field is ours no more and falls back to its default, which is to roll on.
    """
    pause: dict[str, object] = {"paused": True} if paused else {}
    return {
        "apiVersion": reference.api_version,
        "kind": reference.kind.value,
        "metadata": {"name": reference.name, "namespace": namespace, "uid": uid},
        "spec": {**pause, "template": {"metadata": {"annotations": {RESTARTED_FOR: incident}}}},
    }
