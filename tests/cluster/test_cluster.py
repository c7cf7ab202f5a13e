"""The local cluster does what the product and its tests rely on."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster import guests, images, network, waiting
from tests.cluster.clusters import Cluster
from tests.cluster.errors import ClusterError
from tests.cluster.images import Image
from tests.cluster.kubectl import kubectl_words
from tests.cluster.places import NODE_NAME

pytestmark = pytest.mark.cluster

NAMESPACE = "cluster-selftest"
REPLICAS = 3


@pytest.fixture(scope="module")
def probe(cluster: Cluster) -> Image:
    image = images.probe_image()
    cluster.load_image(image.archive)
    return image


@pytest.fixture(scope="module")
def shop(cluster: Cluster, probe: Image) -> Iterator[str]:
    """A Deployment of three ready pods with a Service, in a namespace of its own; returns its name."""
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait")
    cluster.kubectl("create", "-f", "-", input=guests.namespace(NAMESPACE))
    apply(cluster, guests.deployment("shop", probe, replicas=REPLICAS))
    apply(cluster, guests.service("shop"))
    rolled_out(cluster)
    yield "shop"
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def apply(cluster: Cluster, manifest: str) -> None:
    cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", input=manifest)


def rolled_out(cluster: Cluster) -> None:
    cluster.kubectl("-n", NAMESPACE, "rollout", "status", "deployment/shop", "--timeout=120s")


def shown(cluster: Cluster, *arguments: str) -> Any:
    return json.loads(cluster.kubectl("-n", NAMESPACE, "get", *arguments, "--output=json"))


def pods_by_uid(cluster: Cluster) -> dict[str, str]:
    listed = shown(cluster, "pods", "--selector=app=shop")["items"]
    return {
        pod["metadata"]["uid"]: pod["metadata"]["name"] for pod in listed if "deletionTimestamp" not in pod["metadata"]
    }


def finished(cluster: Cluster, pod: str) -> dict[str, Any]:
    """Waits for a one-shot pod's end and returns how its container ended."""

    def ended() -> bool:
        return shown(cluster, "pod", pod)["status"]["phase"] in ("Succeeded", "Failed")

    waiting.until(ended, f"end of pod {pod}", seconds=60, pause_seconds=0.3)
    state: dict[str, Any] = shown(cluster, "pod", pod)["status"]["containerStatuses"][0]["state"]["terminated"]
    return state


def test_node_is_ready_with_the_expected_version(cluster: Cluster) -> None:
    node = json.loads(cluster.kubectl("get", "node", NODE_NAME, "--output=json"))
    conditions = {one["type"]: one["status"] for one in node["status"]["conditions"]}
    assert conditions["Ready"] == "True"
    assert node["status"]["nodeInfo"]["kubeletVersion"].startswith("v1.34")


def test_a_deployment_rolls_to_new_pods(cluster: Cluster, shop: str) -> None:
    before = pods_by_uid(cluster)
    cluster.kubectl("-n", NAMESPACE, "rollout", "restart", f"deployment/{shop}")
    rolled_out(cluster)
    after = pods_by_uid(cluster)
    assert len(after) == REPLICAS
    assert not set(before) & set(after)


def test_a_disruption_budget_without_room_blocks_an_eviction(cluster: Cluster, shop: str) -> None:
    apply(cluster, guests.disruption_budget(shop, min_available=REPLICAS))
    waiting.until(
        lambda: shown(cluster, "poddisruptionbudget", shop)["status"].get("currentHealthy") == REPLICAS, "count of pods"
    )
    name = next(iter(pods_by_uid(cluster).values()))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE}}
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction"

    with pytest.raises(ClusterError, match="would violate the pod's disruption budget"):
        cluster.kubectl("create", "--raw", path, "-f", "-", input=json.dumps(eviction))

    cluster.kubectl("-n", NAMESPACE, "delete", "poddisruptionbudget", shop)
    cluster.kubectl("create", "--raw", path, "-f", "-", input=json.dumps(eviction))
    waiting.until(lambda: name not in pods_by_uid(cluster).values(), f"eviction of {name}")
    rolled_out(cluster)


def test_a_memory_limit_kills(cluster: Cluster, shop: str, probe: Image) -> None:
    apply(cluster, guests.one_shot("glutton", probe, ["eat"], memory_limit="24Mi"))
    ended = finished(cluster, "glutton")
    assert ended["reason"] == "OOMKilled"
    assert ended["exitCode"] == 137


def test_a_service_routes_by_its_name(cluster: Cluster, shop: str, probe: Image) -> None:
    apply(cluster, guests.one_shot("client", probe, ["fetch", f"http://{shop}.{NAMESPACE}.svc"]))
    assert finished(cluster, "client")["exitCode"] == 0
    assert cluster.kubectl("-n", NAMESPACE, "logs", "client").strip() in pods_by_uid(cluster).values()


def test_a_service_is_reachable_from_the_host(cluster: Cluster, shop: str) -> None:
    address = shown(cluster, "service", shop)["spec"]["clusterIP"]
    with urllib.request.urlopen(f"http://{address}", timeout=5) as answer:
        assert answer.read().decode().strip() in pods_by_uid(cluster).values()


def test_a_pod_cannot_leave_the_machine(cluster: Cluster, shop: str, probe: Image) -> None:
    # An address for documentation: nobody is there, and the fence refuses before anybody could be asked.
    apply(cluster, guests.one_shot("fugitive", probe, ["fetch", "http://192.0.2.1"]))
    assert finished(cluster, "fugitive")["exitCode"] == 1
    told = cluster.kubectl("-n", NAMESPACE, "logs", "fugitive")
    assert "connection refused" in told or "unreachable" in told


def test_a_port_forward_reaches_localhost_inside_a_pod(cluster: Cluster, shop: str) -> None:
    name = next(iter(pods_by_uid(cluster).values()))
    words = [*kubectl_words(cluster.kubeconfig), "-n", NAMESPACE, "port-forward", f"pod/{name}", ":6060"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as forward:
        assert forward.stdout is not None
        local = forward.stdout.readline().split(" -> ")[0].rpartition(" ")[2]
        with urllib.request.urlopen(f"http://{local}", timeout=5) as answer:
            assert answer.read().decode().strip() == f"only from inside {name}"
        forward.terminate()


def test_the_audit_log_names_who_did_what(cluster: Cluster, shop: str) -> None:
    cluster.kubectl("-n", NAMESPACE, "get", "deployment", shop)
    entries = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    ours = [entry for entry in entries if entry["user"]["username"] == "memdrift-admin"]
    assert any(
        entry["verb"] == "get"
        and entry["objectRef"]["resource"] == "deployments"
        and entry["objectRef"]["namespace"] == NAMESPACE
        and entry["responseStatus"]["code"] == 200
        for entry in ours
        if "objectRef" in entry and "namespace" in entry["objectRef"]
    )


def test_a_service_account_has_its_own_permissions_only(cluster: Cluster, shop: str) -> None:
    kubeconfig = cluster.service_account_kubeconfig(NAMESPACE, "default")
    words = [*kubectl_words(kubeconfig), "auth", "whoami", "--output=json"]
    me = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    assert me["status"]["userInfo"]["username"] == f"system:serviceaccount:{NAMESPACE}:default"
    refused = [*kubectl_words(kubeconfig), "-n", NAMESPACE, "get", "pods"]
    assert "Forbidden" in subprocess.run(refused, check=False, capture_output=True, text=True).stderr


def test_memory_of_each_container_is_measured(cluster: Cluster, shop: str) -> None:
    told = cluster.kubectl("get", "--raw", f"/api/v1/nodes/{NODE_NAME}/proxy/metrics/resource")
    assert f'container_memory_working_set_bytes{{container="guest",namespace="{NAMESPACE}"' in told


def test_the_node_listens_on_the_bridge_only(cluster: Cluster) -> None:
    view = json.loads(cluster.kubectl("config", "view", "--minify", "--output=json"))
    assert network.NODE_ADDRESS in view["clusters"][0]["cluster"]["server"]
