"""Stores that leak at a chosen pace and cost no CPU, for tests that need many incidents; see guest/.

Exists because the demo's real leak needs minutes of two cores. Must not stand in for it: that memdrift finds a real
leak is shown by the demo alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import images
from tests.cluster.images import Image
from tests.e2e.process import OperatorProcess
from tests.e2e.scene import MANIFESTS, Scene

HERE = Path(__file__).parent
NAMESPACES = "e2e-*"
NAME = "leaker"
LEAK_MIB_PER_MINUTE = 60
HEALTHY = 0


def image() -> Image:
    """The guest's image."""
    program = images.go_program(HERE / "guest", flags=("-mod=readonly", "-ldflags", "-s -w"))
    return images.program_image("e2e-guest", program)


def administration(trackers: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Changes of the administrator's file that give every `e2e-…` namespace what the demo's has."""
    document = yaml.safe_load((MANIFESTS / "administration.yaml").read_text())
    content: dict[str, Any] = yaml.safe_load(document["data"]["administration.yaml"])
    content["trackers"] += [dict(tracker) for tracker in trackers]
    for granted in [*content["sources"], *content["trackers"]]:
        granted["allowedNamespaces"] = [*granted.get("allowedNamespaces", []), NAMESPACES]
    for ceiling in content["ceilings"]:
        ceiling["namespaces"] = [*ceiling["namespaces"], NAMESPACES]
    return {part: content[part] for part in ("sources", "trackers", "ceilings")}


@dataclass(frozen=True)
class Leaker:
    """One workload of guests in a namespace of its own, and the store that watches it; both have the same name.

    Attributes:
        namespace: begins with `e2e-`, which is what the administrator's file allows.
    """

    scene: Scene
    namespace: str
    name: str = NAME
    replicas: int = 2

    def deploy(self, leak: int = LEAK_MIB_PER_MINUTE, *, wait: bool = True) -> None:
        """Apply namespace, workload and disruption budget, with pods that leak so many MiB per minute."""
        self.scene.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        self.scene.apply(self.workload(leak))
        self.scene.apply(self.disruption_budget())
        if wait:
            self.scene.rolled(self.namespace, self.name)

    def remove(self) -> None:
        """Delete the namespace with everything in it; returns before it is gone."""
        self.scene.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")

    def workload(self, leak: int) -> dict[str, Any]:
        """The Deployment; another pace of the leak is another revision."""
        labels = {"app.kubernetes.io/name": self.name}
        annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": labels},
            "spec": {
                "replicas": self.replicas,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels, "annotations": annotations},
                    "spec": {
                        "automountServiceAccountToken": False,
                        "enableServiceLinks": False,
                        "terminationGracePeriodSeconds": 2,
                        "containers": [_container(leak)],
                    },
                },
            },
        }

    def disruption_budget(self, minimum_available: int = 1) -> dict[str, Any]:
        """The PodDisruptionBudget."""
        return {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {
                "minAvailable": minimum_available,
                "selector": {"matchLabels": {"app.kubernetes.io/name": self.name}},
            },
        }

    def store(self, **spec: Any) -> dict[str, Any]:
        """The FeatureStore, as short as the bounds allow; parts of its spec can be replaced or merged."""
        short: dict[str, Any] = {
            "evaluationPeriodSeconds": 2,
            "detection": {
                "windowSeconds": [120],
                "warmUpSeconds": 10,
                "minGrowth": "4Mi",
                "minGrowthPercent": 10,
            },
            "capture": {"container": "guest"},
            "remediation": {"soakSeconds": 10, "probationSeconds": 0, "cooldownSeconds": 60},
        }
        document = self.scene.store(self.name, **short)
        document["metadata"]["namespace"] = self.namespace
        for part, value in spec.items():
            known = document["spec"].get(part)
            merged = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
            document["spec"][part] = merged
        return document

    def status(self) -> dict[str, Any]:
        """The store's status, empty before the first look."""
        return self.scene.status(self.name, self.namespace)

    def incidents(self) -> list[dict[str, Any]]:
        """The store's incidents, oldest first."""
        return self.scene.incidents(self.name, self.namespace)

    def pods(self) -> list[dict[str, Any]]:
        """The pods that are not on their way out."""
        return self.scene.pods(self.name, self.namespace)

    def operator(
        self, folder: Path, server: str | None = None, *trackers: Mapping[str, Any], **changes: Any
    ) -> OperatorProcess:
        """An operator of this machine that watches this namespace only; not started yet.

        Args:
            folder: for its configuration and its log.
            server: another address of the API server, such as a proxy's.
            trackers: more entries of the administrator's file.
            changes: other top-level entries of the administrator's file to replace.
        """
        granted = administration(trackers)
        return OperatorProcess(self.scene, folder, server, changes={**granted, **changes}, watched=(self.namespace,))


def _container(leak: int) -> dict[str, Any]:
    return {
        "name": "guest",
        "image": image().reference,
        "imagePullPolicy": "Never",
        "args": [f"-leak={leak}"],
        "env": [{"name": "GOMAXPROCS", "value": "1"}],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "pprof", "containerPort": 6060}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 1, "timeoutSeconds": 5},
        "resources": {"requests": {"cpu": "5m", "memory": "32Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "capabilities": {"drop": ["ALL"]},
        },
    }
