"""`profile` as people with different rights run it, against pods of the real cluster that listen on localhost."""

from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from memdrift.evidence.findings import ProfileKind
from memdrift.evidence.profile import validate
from tests.adapters.cluster.place import guest_image, workload
from tests.api import specs
from tests.cli.desk import ONLOOKER, PERSON, Desk, run
from tests.cluster.clusters import Cluster
from tests.cluster.fixtures import cluster

pytestmark = pytest.mark.cluster
__all__ = ["cluster"]
APP, STORE = "profiled", "features"
RULES: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get", "create"]},
    {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list"]},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": ["get", "list"]},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["get", "list"]},
]


@pytest.fixture(scope="module")
def pod(desk: Desk, cluster: Cluster) -> Iterator[str]:
    """One guest behind a Deployment and a store, and a person who may forward ports."""
    image = guest_image()
    cluster.load_image(image.archive)
    deployment = workload("Deployment", APP, image.reference, replicas=1)
    store = specs.changed(
        specs.STORE, ("metadata.name", STORE), ("spec.targetRef", {"kind": "Deployment", "name": APP}),
        ("spec.capture", {"port": 6060}),
    )  # fmt: skip
    group = "rbac.authorization.k8s.io"
    role = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": "profiling"}, "rules": RULES}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "profiling"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "profiling"},
        "subjects": [{"kind": "ServiceAccount", "name": PERSON, "namespace": desk.namespace}],
    }
    for document in (deployment, store, role, binding):
        desk.kubectl("apply", "-f", "-", document=document)
    desk.kubectl("rollout", "status", f"deployment/{APP}", "--timeout=180s")
    yield json.loads(desk.kubectl("get", "pods", f"--selector=app={APP}", "-o", "json"))["items"][0]["metadata"]["name"]
    desk.kubectl("delete", "deployment", APP, "--wait=false")


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pb.gz"))


def profiled(desk: Desk, folder: Path, *arguments: str, by: str = PERSON) -> Result:
    return desk.memdrift("profile", *arguments, "-o", str(folder), by=by)


def test_a_pods_profiles_are_taken_into_files(desk: Desk, pod: str, tmp_path: Path) -> None:
    result = profiled(desk, tmp_path / "new", pod)
    assert result.exit_code == 0, result.output
    goroutine, heap = files(tmp_path / "new")
    assert (goroutine.name.startswith(f"{pod}-goroutine-"), heap.name.startswith(f"{pod}-heap-")) == (True, True)
    assert stat.S_IMODE(heap.stat().st_mode) == 0o600
    validate(heap.read_bytes(), ProfileKind.HEAP)
    validate(goroutine.read_bytes(), ProfileKind.GOROUTINE)
    assert f"go tool pprof {heap}" in result.output
    assert str(heap.stat().st_size) in result.output


def test_a_stores_pod_is_found_and_compared_with_an_earlier_profile(desk: Desk, pod: str, tmp_path: Path) -> None:
    first = profiled(desk, tmp_path / "then", f"store/{STORE}", "--kind", "heap")
    assert first.exit_code == 0, first.output
    (base,) = files(tmp_path / "then")
    result = profiled(desk, tmp_path / "now", STORE, "--kind", "heap", "--base", str(base))
    assert result.exit_code == 0, result.output
    (now,) = files(tmp_path / "now")
    assert pod in now.name
    assert f"go tool pprof -diff_base {base} {now}" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nobody",), "neither a FeatureStore nor a pod is called nobody"),
        (("store/nobody",), "FeatureStore"),
        (("job/x",), "pod/NAME"),
        (("POD", "--port", "6999"), "--port"),
        (("POD", "--base-path", "/nothing/here"), "--base-path"),
        (("POD", "--base-path", "/debug/pprof?gc=1"), "--base-path must be a plain path"),
        (("POD", "-c", "sidecar"), "say which container"),
        (("POD", "--max-bytes", "1Ki"), "--max-bytes"),
    ],
)
def test_what_cannot_be_done_says_what_to_change(
    desk: Desk, pod: str, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    result = profiled(desk, tmp_path, *(pod if each == "POD" else each for each in arguments))
    assert result.exit_code == 1
    assert told in result.output
    assert "Traceback" not in result.output
    assert files(tmp_path) == []


def test_without_the_right_the_missing_one_is_named(desk: Desk, pod: str, tmp_path: Path) -> None:
    result = profiled(desk, tmp_path, f"pod/{pod}", by=ONLOOKER)
    assert result.exit_code == 1
    assert "pods" in result.output
    assert files(tmp_path) == []


def test_a_base_that_is_no_profile_is_named(desk: Desk, pod: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pb.gz"
    wrong.write_bytes(gzip.compress(b"not a profile"))
    result = run(
        desk.people[PERSON], "profile", pod, "--kind", "heap", "--base", str(wrong), "-o", str(tmp_path / "x"),
        "-n", desk.namespace,
    )  # fmt: skip
    assert result.exit_code == 1
    assert "--base" in result.output
