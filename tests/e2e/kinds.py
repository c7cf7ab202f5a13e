"""Stores on workloads without pods: every kind is read as it is meant to be, and nothing leaks."""

from __future__ import annotations

from typing import Any

from memdrift.api.driftincident import DriftIncidentStatus, IncidentOutcome, Stage
from memdrift.remedy.decide import KEPT_CLOSED_INCIDENTS
from tests.e2e import leaker
from tests.e2e.scene import Scene

NAMESPACE = "e2e-kinds"
STATEFUL, DAEMON, ARGO = "stateful", "daemon", "argo"
CLOSED_INCIDENTS = KEPT_CLOSED_INCIDENTS + 1
"""One more than is kept."""


def deploy(scene: Scene) -> None:
    """The workloads, their stores, and a history of closed incidents that is too long."""
    scene.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    scene.apply(_workload("StatefulSet", STATEFUL, {"replicas": 0, "serviceName": STATEFUL}))
    scene.apply(_workload("DaemonSet", DAEMON, {}))
    _write_history(scene)
    for kind, name in (("StatefulSet", STATEFUL), ("DaemonSet", DAEMON), ("Rollout", ARGO)):
        scene.apply(store(scene, kind, name))


def store(scene: Scene, kind: str, name: str) -> dict[str, Any]:
    """A store that takes no profiles."""
    document = scene.store(name, mode="Observe", capture={"format": "None"})
    document["metadata"]["namespace"] = NAMESPACE
    document["spec"]["targetRef"]["kind"] = kind
    if kind == "Rollout":
        document["spec"]["targetRef"]["apiVersion"] = "argoproj.io/v1alpha1"
    return document


def _workload(kind: str, name: str, more: dict[str, Any]) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name}
    nowhere = {"nodeSelector": {"memdrift.io/no-such": "node"}}
    container = {"name": "guest", "image": leaker.image().reference, "imagePullPolicy": "Never"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], **nowhere}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **more},
    }


def _write_history(scene: Scene) -> None:
    """Closed incidents of a store that is not there yet, so that none is looked at before all are."""
    closed = DriftIncidentStatus(stage=Stage.CLOSED, outcome=IncidentOutcome.RESOLVED).to_wire()
    incidents = [_incident(number) for number in range(1, CLOSED_INCIDENTS + 1)]
    scene.apply({"apiVersion": "v1", "kind": "List", "items": incidents})
    items = [{**incident, "status": closed} for incident in incidents]
    listed = {"apiVersion": "v1", "kind": "List", "items": items}
    scene.kubectl("apply", "--server-side", "--subresource=status", "-f", "-", document=listed)


def _incident(number: int) -> dict[str, Any]:
    return {
        "apiVersion": "memdrift.io/v1alpha1",
        "kind": "DriftIncident",
        "metadata": {
            "name": f"{STATEFUL}-{number}",
            "namespace": NAMESPACE,
            "labels": {"memdrift.io/store": STATEFUL},
        },
        "spec": {"storeRef": {"name": STATEFUL, "uid": "of-an-earlier-one"}, "container": "guest", "number": number},
    }
