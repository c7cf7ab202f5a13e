"""A real API server takes the manifests, and grants the operator's account exactly what they say."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from itertools import product

import pytest
import yaml

from tests.cluster.clusters import Cluster
from tests.monitoring.test_manifests import Object, built, one, rules

pytestmark = pytest.mark.cluster

REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
FORBIDDEN = (
    ("get", "", "secrets"),
    ("get", "", "configmaps"),
    ("create", "", "pods/exec"),
    ("get", "", "pods/log"),
    ("create", "", "pods"),
    ("delete", "", "pods"),
    ("patch", "", "pods"),
    ("delete", "memdrift.io", "featurestores"),
    ("update", "memdrift.io", "featurestores"),
    ("patch", "memdrift.io", "driftincidents"),
    ("create", "apps", "deployments"),
    ("patch", "apps", "deployments/scale"),
    ("delete", "coordination.k8s.io", "leases"),
    ("list", "", "nodes"),
    ("impersonate", "", "serviceaccounts"),
)


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the strictest standard."""
    name = f"manifests-{secrets.token_hex(3)}"
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def moved(namespace: str) -> list[Object]:
    """The namespaced variant in another namespace, as its user would have it."""
    text = yaml.safe_dump_all(built("operator-namespaced")).replace(
        "namespace: memdrift\n", f"namespace: {namespace}\n"
    )
    return list(yaml.safe_load_all(text))


def apply(cluster: Cluster, documents: list[Object], *arguments: str) -> str:
    items = {"apiVersion": "v1", "kind": "List", "items": documents}
    return cluster.kubectl("apply", "-f", "-", *arguments, input=json.dumps(items))


def test_the_cluster_wide_installation_is_valid(cluster: Cluster, namespace: str) -> None:
    documents = json.loads(json.dumps(list(built("operator"))))
    for document in documents:
        if "namespace" in document["metadata"]:
            document["metadata"]["namespace"] = namespace  # its own does not exist, and a dry run does not create it
    said = apply(cluster, documents, "--dry-run=server")
    assert len(said.splitlines()) == len(documents)
    assert "warning" not in said.lower()


def test_the_pod_passes_the_strictest_standard(cluster: Cluster, namespace: str) -> None:
    template = one("operator", "Deployment")["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "memdrift", "namespace": namespace},
        "spec": template["spec"] | {"serviceAccountName": "default"},
    }
    assert "created" in apply(cluster, [pod], "--dry-run=server")


def test_the_account_may_do_what_the_rules_say_and_no_more(cluster: Cluster, namespace: str) -> None:
    wanted = {"ServiceAccount", "Role", "RoleBinding"}
    apply(cluster, [document for document in moved(namespace) if document["kind"] in wanted])
    account = f"system:serviceaccount:{namespace}:memdrift"

    def may(verb: str, group: str, resource: str, where: str = namespace) -> bool:
        base, _, subresource = resource.partition("/")
        attributes = {"namespace": where, "verb": verb, "group": group, "resource": base, "subresource": subresource}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": account, "groups": ["system:authenticated"], "resourceAttributes": attributes},
        }
        answer = cluster.kubectl("create", "--raw", REVIEWS, "-f", "-", input=json.dumps(review))
        return bool(json.loads(answer)["status"]["allowed"])

    for rule in rules("operator-namespaced"):
        for group, resource, verb in product(rule["apiGroups"], rule["resources"], rule["verbs"]):
            assert may(verb, group, resource), (verb, resource)
    for verb, group, resource in FORBIDDEN:
        assert not may(verb, group, resource), (verb, resource)
    assert not may("list", "", "pods", "default"), "the namespaced variant sees one namespace"
