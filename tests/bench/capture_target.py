"""Market-Store as one pod of the local cluster, with a heap profile of a wanted size.

Exists so that the benchmark of capturing is about capturing. Must not measure.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import images
from tests.cluster.clusters import Cluster
from tests.cluster.errors import ClusterError
from tests.cluster.places import cache_directory
from tests.market_store.build import BUILD_FLAGS, SOURCE

BALLAST = Path(__file__).parent / "ballast"
NAMESPACE = "bench-capture"
NAME = "market-store"


@dataclass(frozen=True)
class Target:
    """The running pod.

    Attributes:
        process: the id of its process on this machine, whose network is the pod's.
    """

    namespace: str
    pod: str
    uid: str
    address: str
    started_at: datetime
    process: int


@contextmanager
def running(cluster: Cluster, stacks: int) -> Iterator[Target]:
    """One pod whose heap is owned by so many more stacks; gone afterwards."""
    image = images.program_image("market-store-ballast", _program())
    cluster.load_image(image.archive)
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true")
    cluster.kubectl("create", "namespace", NAMESPACE)
    try:
        cluster.kubectl("-n", NAMESPACE, "apply", "-f", "-", input=json.dumps(_deployment(image.reference, stacks)))
        cluster.kubectl("-n", NAMESPACE, "rollout", "status", f"deployment/{NAME}", "--timeout=180s")
        yield _found(cluster)
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def _program() -> Path:
    """Built in a copy of the sources, so that the demo's own image stays what it is."""
    folder = cache_directory() / "build" / "market-store-ballast"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in (*SOURCE.glob("*.go"), SOURCE / "go.mod", SOURCE / "go.sum", BALLAST / "ballast.go"):
        if not path.name.endswith("_test.go"):
            shutil.copy(path, folder / path.name)
    return images.go_program(folder, flags=BUILD_FLAGS)


def _deployment(image: str, stacks: int) -> dict[str, Any]:
    """The demo's own, with one replica and the ballast."""
    documents = yaml.safe_load_all((SOURCE / "manifests" / "store.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = next(each for each in documents if each["kind"] == "Deployment")
    found["metadata"].pop("namespace")
    found["spec"]["replicas"] = 1
    container = found["spec"]["template"]["spec"]["containers"][0]
    container["image"] = image
    container["env"] = [
        {"name": "GOMEMLIMIT", "value": "400MiB"},
        {"name": "GOMAXPROCS", "value": "1"},
        {"name": "BALLAST_STACKS", "value": str(stacks)},
    ]
    return found


def _found(cluster: Cluster) -> Target:
    answer = cluster.kubectl("-n", NAMESPACE, "get", "pods", "-o", "json")
    pod = next(item for item in json.loads(answer)["items"] if "deletionTimestamp" not in item["metadata"])
    uid, status = pod["metadata"]["uid"], pod["status"]
    return Target(
        namespace=NAMESPACE,
        pod=pod["metadata"]["name"],
        uid=uid,
        address=status["podIP"],
        started_at=datetime.fromisoformat(status["containerStatuses"][0]["state"]["running"]["startedAt"]),
        process=_process_of(uid),
    )


def _process_of(uid: str) -> int:
    """The program's process, which runs: the pod is ready."""
    for path in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            mine = uid in path.read_text(encoding="ascii", errors="replace")
            if mine and "market" in (path.parent / "comm").read_text(encoding="utf-8", errors="replace"):
                return int(path.parent.name)
        except OSError:
            continue
    raise ClusterError(f"no process on this machine belongs to the pod with UID {uid}: is the cluster local?")
