"""What `kubectl apply -k` would send, as kustomize builds it."""

from __future__ import annotations

import subprocess
from functools import cache
from typing import Any

import pytest
import yaml

from memdrift.api.administration import Administration
from tests.monitoring.queries import MANIFESTS
from tests.web.programs import program

INSTALLATIONS = ("operator", "operator-namespaced")
Object = dict[str, Any]


@cache
def built(name: str) -> tuple[Object, ...]:
    kubectl = program("kubectl", "kubernetes-client")
    arguments = [kubectl, "kustomize", str(MANIFESTS / name)]
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True)
    return tuple(yaml.safe_load_all(ran.stdout))


def one(name: str, kind: str, object_name: str = "") -> Object:
    (found,) = (
        document
        for document in built(name)
        if document["kind"] == kind and object_name in ("", document["metadata"]["name"])
    )
    return found


def rules(name: str) -> list[Object]:
    return [rule for document in built(name) if document["kind"].endswith("Role") for rule in document["rules"]]


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_permissions_are_spelled_out_and_small(name: str) -> None:
    for rule in rules(name):
        assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"]
        for resource in rule["resources"]:
            assert resource not in {"secrets", "pods/exec", "pods/attach", "pods/proxy", "pods/log", "configmaps"}
        assert not set(rule["verbs"]) & {"deletecollection", "escalate", "bind", "impersonate"}
        if "delete" in rule["verbs"]:
            assert rule["resources"] == ["driftincidents"]


def test_every_rule_has_its_reason_above_it() -> None:
    for name in ("role-stores.yaml", "role-own-namespace.yaml", "role-pages.yaml"):
        lines = (MANIFESTS / "operator" / name).read_text().splitlines()
        for number, line in enumerate(lines):
            if line.startswith("  - apiGroups"):
                assert lines[number - 1].startswith("  # "), line


def test_leases_are_for_the_own_namespace_only() -> None:
    assert not any("leases" in rule["resources"] for rule in one("operator", "ClusterRole", "memdrift")["rules"])
    assert one("operator", "Role")["metadata"]["namespace"] == "memdrift"


def test_the_namespaced_variant_grants_the_same_in_one_namespace() -> None:
    documents = built("operator-namespaced")
    kinds = {document["kind"] for document in documents}
    assert not kinds & {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"}
    assert all(document["metadata"]["namespace"] == "memdrift" for document in documents)
    role, cluster_role = one("operator-namespaced", "Role", "memdrift"), one("operator", "ClusterRole", "memdrift")
    assert role["rules"] == cluster_role["rules"]
    watched = environment("operator-namespaced")["MEMDRIFT_WATCH_NAMESPACES"]
    assert watched["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.namespace"


def test_who_somebody_is_can_be_asked_cluster_wide_only() -> None:
    assert {rule["resources"][0] for rule in one("operator", "ClusterRole", "memdrift-pages")["rules"]} == {
        "tokenreviews",
        "subjectaccessreviews",
    }
    assert "MEMDRIFT_PAGES" not in environment("operator"), "on by default"
    assert environment("operator-namespaced")["MEMDRIFT_PAGES"]["value"] == "off"


def container(name: str) -> Object:
    return dict(one(name, "Deployment")["spec"]["template"]["spec"]["containers"][0])


def environment(name: str) -> dict[str, Object]:
    return {entry["name"]: entry for entry in container(name)["env"]}


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_the_process_is_alone_and_confined(name: str) -> None:
    deployment = one(name, "Deployment")["spec"]
    pod = deployment["template"]["spec"]
    assert (deployment["replicas"], deployment["strategy"]["type"]) == (1, "Recreate")
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container(name)["image"] == "registry.local/memdrift:dev"


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_mounts_and_addresses_fit_together(name: str) -> None:
    administration = Administration.parse(one(name, "ConfigMap")["data"]["administration.yaml"])
    mounts = {mount["mountPath"] for mount in container(name)["volumeMounts"]}
    file = environment(name)["MEMDRIFT_ADMINISTRATION_FILE"]["value"]
    assert file.rpartition("/")[0] in mounts
    assert str(administration.receiver_token_file).rpartition("/")[0] in mounts
    assert administration.default_archive is not None
    assert administration.default_archive.url.removeprefix("file://") in mounts
    port = environment(name)["MEMDRIFT_LISTEN"]["value"].rpartition(":")[2]
    assert container(name)["ports"] == [{"name": "http", "containerPort": int(port)}]


def test_the_selectors_meet() -> None:
    labels = one("operator", "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    assert one("operator", "Service")["spec"]["selector"].items() <= labels
    assert one("operator", "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels
    monitor = next(document for document in built("monitoring") if document["kind"] == "ServiceMonitor")
    service = one("operator", "Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["honorLabels"]


def test_alerts_are_sent_to_the_service() -> None:
    example = yaml.safe_load((MANIFESTS / "monitoring" / "alertmanager.yaml").read_text())
    receiver = next(receiver for receiver in example["receivers"] if receiver["name"] == "memdrift")
    service = one("operator", "Service")
    host = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    port = service["spec"]["ports"][0]["port"]
    assert receiver["webhook_configs"][0]["url"] == f"http://{host}:{port}/alerts"
