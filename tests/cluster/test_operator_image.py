"""The operator's image runs as its manifest will run it: as nobody, writing nothing, allowed nothing."""

import json

import pytest

from tests.cluster import operator_image, waiting
from tests.cluster.clusters import Cluster

pytestmark = pytest.mark.cluster

POD = "operator-image-selftest"


def test_the_image_runs_as_nobody_on_a_read_only_root(cluster: Cluster) -> None:
    image = operator_image.operator_image()
    cluster.load_image(image.archive)
    container = {
        "name": "operator",
        "image": image.reference,
        "imagePullPolicy": "Never",
        "args": ["--version"],
        "securityContext": {
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [container]}
    cluster.kubectl("delete", "pod", POD, "--ignore-not-found", "--now")
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD}, "spec": spec}
    cluster.kubectl("create", "-f", "-", input=json.dumps(manifest))

    def ended() -> bool:
        phase: str = json.loads(cluster.kubectl("get", "pod", POD, "--output=json"))["status"]["phase"]
        return phase in ("Succeeded", "Failed")

    waiting.until(ended, f"end of pod {POD}", seconds=120, pause_seconds=0.5)
    told = cluster.kubectl("logs", POD)
    cluster.kubectl("delete", "pod", POD, "--now")
    assert told.startswith("memdrift")
    assert "version" in told


def test_the_same_sources_are_the_same_image() -> None:
    first = operator_image.operator_image()
    made_at = first.archive.stat().st_mtime_ns
    assert operator_image.operator_image() == first
    assert first.archive.stat().st_mtime_ns == made_at
