"""Which installation this is, told by a real API server to who has the Role of the own namespace and nothing more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from memdrift.adapters.connection import Connection
from memdrift.adapters.installation import Installation
from memdrift.errors import NotAllowed
from tests.adapters.cluster.place import ACCOUNT, Place

pytestmark = pytest.mark.cluster

ROLE = Path(__file__).resolve().parents[3] / "manifests" / "operator" / "role-own-namespace.yaml"


async def test_the_role_of_the_own_namespace_tells_its_uid_and_no_other(place: Place, connection: Connection) -> None:
    with pytest.raises(NotAllowed):
        await Installation(connection, place.namespace).uid()
    role, binding = yaml.safe_load_all(ROLE.read_text())
    for manifest in (role, binding):
        manifest["metadata"] = {"name": "own-namespace", "namespace": place.namespace}
    binding["roleRef"]["name"] = "own-namespace"
    binding["subjects"] = [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": place.namespace}]
    for manifest in (role, binding):
        place.apply(manifest)
    namespace = json.loads(place.kubectl("get", "namespace", place.namespace, "--output=json"))
    assert await Installation(connection, place.namespace).uid() == namespace["metadata"]["uid"]
    with pytest.raises(NotAllowed):
        await Installation(connection, "kube-system").uid()
