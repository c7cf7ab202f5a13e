"""The cluster, and one namespace of it with two people: one who may answer, one who may only look."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.adapters.cluster.place import CRDS, until
from tests.cli.desk import ONLOOKER, PERSON, Desk
from tests.cluster.clusters import Cluster
from tests.cluster.fixtures import cluster

__all__ = ["cluster"]
VERBS = {PERSON: ["get", "list", "patch"], ONLOOKER: ["get", "list"]}


@pytest.fixture(scope="module")
def desk(cluster: Cluster) -> Iterator[Desk]:
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--kustomize", str(CRDS))
    until(lambda: cluster.kubectl("api-resources", "--api-group=memdrift.io", "--output=name").count("\n") == 2)
    namespace = f"cli-{secrets.token_hex(3)}"
    cluster.kubectl("create", "namespace", namespace)
    people = {}
    for person, verbs in VERBS.items():
        cluster.kubectl("-n", namespace, "create", "serviceaccount", person)
        for document in _permissions(namespace, person, verbs):
            cluster.kubectl("apply", "-f", "-", input=json.dumps(document))
        people[person] = cluster.service_account_kubeconfig(namespace, person)
    yield Desk(cluster, namespace, people)
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def _permissions(namespace: str, person: str, verbs: list[str]) -> list[dict[str, Any]]:
    group = "rbac.authorization.k8s.io"
    role: dict[str, Any] = {
        "apiVersion": f"{group}/v1",
        "kind": "Role",
        "metadata": {"name": person, "namespace": namespace},
        "rules": [{"apiGroups": ["memdrift.io"], "resources": ["featurestores", "driftincidents"], "verbs": verbs}],
    }
    binding: dict[str, Any] = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": person, "namespace": namespace},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": person},
        "subjects": [{"kind": "ServiceAccount", "name": person, "namespace": namespace}],
    }
    return [role, binding]
