"""Manifests of the small workloads that the cluster's own tests deploy."""

import json
from collections.abc import Sequence
from typing import Any

from tests.cluster.images import Image


def namespace(name: str) -> str:
    """A namespace to throw away."""
    return json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def container(image: Image, arguments: Sequence[str], memory_limit: str = "64Mi") -> dict[str, Any]:
    """A container of a local image."""
    return {
        "name": "guest",
        "image": image.reference,
        "imagePullPolicy": "Never",
        "args": list(arguments),
        "resources": {"limits": {"memory": memory_limit}, "requests": {"cpu": "10m", "memory": "8Mi"}},
    }


def deployment(name: str, image: Image, *, replicas: int) -> str:
    """A Deployment of serving guests, ready when they answer."""
    labels = {"app": name}
    guest = container(image, ["serve"])
    guest["readinessProbe"] = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    return json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"terminationGracePeriodSeconds": 1, "containers": [guest]},
                },
            },
        }
    )


def service(name: str) -> str:
    """A Service in front of the Deployment of the same name."""
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})


def disruption_budget(name: str, *, min_available: int) -> str:
    """A disruption budget over the Deployment of the same name."""
    spec = {"minAvailable": min_available, "selector": {"matchLabels": {"app": name}}}
    return json.dumps(
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}
    )


def one_shot(name: str, image: Image, arguments: Sequence[str], memory_limit: str = "64Mi") -> str:
    """A pod that runs once to its end."""
    spec = {"restartPolicy": "Never", "containers": [container(image, arguments, memory_limit)]}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})
