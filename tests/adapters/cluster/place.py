"""A namespace of the real cluster for one test session, with an account that may do what the adapters need."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import images
from tests.cluster.clusters import Cluster
from tests.cluster.images import Image

ACCOUNT = "adapters"
HERE = Path(__file__).parent
CRDS = HERE.parents[2] / "crds"
ROLLED_OUT_SECONDS_AT_MOST = 180


@dataclass(frozen=True)
class Place:
    """The namespace and how to work in it as the administrator."""

    cluster: Cluster
    namespace: str
    image: str
    kubeconfig: Path
    """Of the account."""

    def kubectl(self, *arguments: str, manifest: dict[str, Any] | None = None) -> str:
        text = None if manifest is None else json.dumps(manifest)
        return self.cluster.kubectl("--namespace", self.namespace, *arguments, input=text)

    def apply(self, manifest: dict[str, Any]) -> None:
        self.kubectl("apply", "--filename=-", manifest=manifest)

    def shown(self, kind: str, name: str) -> dict[str, Any]:
        return json.loads(self.kubectl("get", kind, name, "--output=json"))

    def pods(self, app: str) -> list[dict[str, Any]]:
        """The pods of an app that are not going away, by name."""
        items = json.loads(self.kubectl("get", "pods", f"--selector=app={app}", "--output=json"))["items"]
        living = [item for item in items if "deletionTimestamp" not in item["metadata"]]
        return sorted(living, key=lambda item: item["metadata"]["name"])

    def rolled_out(self, kind: str, name: str) -> None:
        self.kubectl("rollout", "status", f"{kind}/{name}", f"--timeout={ROLLED_OUT_SECONDS_AT_MOST}s")

    def workload(self, kind: str, name: str, *, replicas: int = 2, **spec: Any) -> None:
        """Apply a workload of guests and wait for it."""
        self.apply(workload(kind, name, self.image, replicas=replicas, **spec))
        self.rolled_out(kind.lower(), name)

    def budget(self, name: str, app: str, minimum_available: int) -> None:
        """Apply a disruption budget and wait until its controller has looked at it."""
        self.apply(
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": name},
                "spec": {"minAvailable": minimum_available, "selector": {"matchLabels": {"app": app}}},
            }
        )
        until(lambda: self.shown("poddisruptionbudget", name).get("status", {}).get("expectedPods", 0) > 0)


def workload(kind: str, name: str, image: str, *, replicas: int, **spec: Any) -> dict[str, Any]:
    """A workload of guests that stops at once when asked."""
    labels = {"app": name}
    container = {
        "name": "guest",
        "image": image,
        "imagePullPolicy": "Never",
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
        "resources": {"limits": {"memory": "128Mi"}, "requests": {"memory": "32Mi", "cpu": "5m"}},
    }
    described: dict[str, Any] = {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
        },
        **spec,
    }
    if kind != "DaemonSet":
        described["replicas"] = replicas
    if kind == "StatefulSet":
        described |= {"serviceName": name, "podManagementPolicy": "Parallel"}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": described}


def until(holds: Callable[[], object], *, seconds: float = 60.0, pause_seconds: float = 0.1) -> None:
    """Poll until it holds; fail at the deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"did not hold within {seconds:g} seconds"
        time.sleep(pause_seconds)


def guest_image() -> Image:
    """The pod that serves profiles and everything else."""
    return images.program_image("pprof-guest", images.go_program(HERE / "guest", flags=("-ldflags", "-s -w")))


def account_with_permissions(cluster: Cluster, namespace: str) -> Path:
    """Create the namespace and its account; the kubeconfig of the account."""
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": ACCOUNT, "namespace": namespace},
        **yaml.safe_load((HERE / "permissions.yaml").read_text()),
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": ACCOUNT, "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
    }
    cluster.kubectl("create", "namespace", namespace)
    cluster.kubectl("--namespace", namespace, "create", "serviceaccount", ACCOUNT)
    for manifest in (role, binding):
        cluster.kubectl("create", "--filename=-", input=json.dumps(manifest))
    return cluster.service_account_kubeconfig(namespace, ACCOUNT)
