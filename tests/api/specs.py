"""Small specs for tests, and changes to one field of them."""

from copy import deepcopy
from typing import Any

STORE: dict[str, Any] = {
    "apiVersion": "memdrift.io/v1alpha1",
    "kind": "FeatureStore",
    "metadata": {"name": "market-store"},
    "spec": {
        "targetRef": {"kind": "Deployment", "name": "market-store"},
        "metrics": {
            "source": "prometheus",
            "memory": {"preset": "go"},
            "latency": {"preset": "http-server"},
            "load": [{"preset": "http-server"}],
        },
    },
}

INCIDENT: dict[str, Any] = {
    "apiVersion": "memdrift.io/v1alpha1",
    "kind": "DriftIncident",
    "metadata": {"name": "market-store-1"},
    "spec": {"storeRef": {"name": "market-store", "uid": "0b5c"}, "container": "market-store", "number": 1},
}

REMOVED = object()
"""Stands for a field that is taken away."""


def changed(document: dict[str, Any], *changes: tuple[str, Any]) -> dict[str, Any]:
    """A copy with some fields changed, each named by its path, such as `spec.capture.port`."""
    result = deepcopy(document)
    for path, value in changes:
        *parents, last = path.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is REMOVED:
            del place[last]
        else:
            place[last] = value
    return result
