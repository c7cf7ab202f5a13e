"""The scene that all end-to-end tests share: monitoring, CRDs and RBAC; the operator is a process of each test."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from tests.cluster.clusters import Cluster
from tests.cluster.errors import ClusterError
from tests.cluster.fixtures import cluster
from tests.e2e import leaker
from tests.e2e.audit import Audit
from tests.e2e.scene import ROOT, Scene
from tests.e2e.stores import stores

__all__ = ["cluster", "stores"]

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the real cluster, and has its turn."""
    places = [place for place, item in enumerate(items) if HERE in item.path.parents]
    for place, item in zip(places, sorted((items[place] for place in places), key=_turn), strict=True):
        item.add_marker(pytest.mark.cluster)
        items[place] = item


def _turn(item: pytest.Item) -> int:
    """The tests whose stores leak side by side stay together, and nothing heavy comes after them but the audit."""
    if item.path.stem == "test_zz_audit":
        return 2
    return int("stores" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session", autouse=True)
def run_began(cluster: Cluster) -> int:
    """Where the audit log ended before the first end-to-end test; -1 where the cluster shows none."""
    try:
        return Audit(cluster.audit_log).end()
    except ClusterError:
        return -1


@pytest.fixture(scope="session")
def scene(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Monitoring, CRDs and the operator's account, with the guest's image on the node and no operator running.

    E2E_SCENE=standing takes the scene as an earlier run left it, for work on the tests themselves.
    """
    scene = Scene(cluster, tmp_path_factory.mktemp("archive"), operator_in_cluster=False)
    cluster.load_image(leaker.image().archive)
    if os.environ.get("E2E_SCENE") == "standing":
        secret = scene.named("secret", "memdrift-receiver", "memdrift")
        scene.token = base64.b64decode(secret["data"]["token"]).decode()
        scene.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(ROOT / "crds"))
        for rights in sorted((ROOT / "manifests/operator").glob("role-*.yaml")):
            scene.kubectl("apply", "-f", str(rights))
        return scene
    scene.clear()
    _clear_guests(scene)
    references = scene.load_images()
    scene.deploy_ground(references)
    return scene


def _clear_guests(scene: Scene) -> None:
    """The namespaces of tests of an earlier run."""
    names = scene.kubectl("get", "namespaces", "-o", "name").split()
    left = [name for name in names if name.startswith("namespace/e2e-")]
    if left:
        scene.kubectl("delete", *left, "--wait=true", "--timeout=120s")
