"""Who sees the pages, decided by the real API server, with the rights of the pages' own role and nothing more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from memdrift.adapters.connection import Connection
from memdrift.adapters.reviews import KubernetesReviews
from memdrift.web.access import AccessLimits
from tests.adapters.cluster.place import ACCOUNT, Place
from tests.web.people import Office, holding, incident_document, office, store_document

pytestmark = pytest.mark.cluster

ROLE = Path(__file__).resolve().parents[3] / "manifests" / "operator" / "role-pages.yaml"


@pytest.fixture(scope="module")
def reviewing(place: Place) -> Iterator[Place]:
    """The adapters' account may ask for reviews, and there are people with and without rights."""
    name = f"{place.namespace}-pages"
    role, binding = yaml.safe_load_all(ROLE.read_text())
    role["metadata"]["name"] = binding["metadata"]["name"] = binding["roleRef"]["name"] = name
    binding["subjects"] = [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": place.namespace}]
    reading = [{"apiGroups": ["memdrift.io"], "resources": ["featurestores", "driftincidents"], "verbs": ["get"]}]
    for manifest in (
        role,
        binding,
        account("reader"),
        account("stranger"),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "reader"},
            "rules": reading,
        },
        bound("reader"),
    ):
        place.apply(manifest)
    yield place
    place.kubectl("delete", f"clusterrole/{name}", f"clusterrolebinding/{name}")


def account(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}


def bound(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name}],
    }


@pytest.fixture
async def pages(reviewing: Place, connection: Connection) -> AsyncIterator[Office]:
    async with office(reviews=KubernetesReviews(connection)) as running:
        running.board.store_seen(store_document("seen", reviewing.namespace, verdict="Steady"))
        yield running


async def asked(pages: Office, path: str, token: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(pages.url + path) as answer:
        return answer.status, await answer.text()


async def test_the_api_server_says_who_sees_what(pages: Office, reviewing: Place) -> None:
    reader, stranger = (reviewing.kubectl("create", "token", name).strip() for name in ("reader", "stranger"))
    status, text = await asked(pages, "/fleet", reader)
    assert status == 200
    assert f"system:serviceaccount:{reviewing.namespace}:reader" in text
    assert f"{reviewing.namespace}/seen" in text
    assert "features" not in text.replace("featurestores", ""), "that is in another namespace"
    assert (await asked(pages, "/incidents/market/features-2", reader))[0] == 403
    assert (await asked(pages, f"/incidents/{reviewing.namespace}/none", reader))[0] == 404
    assert (await asked(pages, "/fleet", stranger))[0] == 403
    assert (await asked(pages, f"/incidents/{reviewing.namespace}/none", stranger))[0] == 403
    assert (await asked(pages, "/fleet", reader[:-2]))[0] == 401


async def test_three_hundred_namespaces_are_asked_about_in_one_refresh(
    reviewing: Place, connection: Connection
) -> None:
    """The API server answers also about namespaces that it does not have."""
    limits = AccessLimits(patience_seconds=60.0)
    async with office(limits, KubernetesReviews(connection)) as pages:
        for number in range(300):
            pages.board.store_seen(store_document("each", f"no-such-{number:03}", verdict="Steady"))
            pages.board.incident_seen(incident_document("each-1", f"no-such-{number:03}", "each", **holding(5)))
        pages.board.store_seen(store_document("seen", reviewing.namespace, verdict="Steady"))
        token = reviewing.kubectl("create", "token", "reader").strip()
        began = time.monotonic()
        status, text = await asked(pages, "/fleet", token)
        print(f"603 reviews took {time.monotonic() - began:.2f} s")
        assert status == 200
        assert "part of the fleet" not in text
        assert "1 to 1 of 1" in text


async def test_a_right_ends_with_its_binding(pages: Office, reviewing: Place) -> None:
    reviewing.apply(account("leaver"))
    reviewing.apply({**bound("leaver"), "roleRef": bound("reader")["roleRef"]})
    token = reviewing.kubectl("create", "token", "leaver").strip()
    assert (await asked(pages, "/fleet", token))[0] == 200
    reviewing.kubectl("delete", "rolebinding", "leaver")
    await answered(pages, token, 403)
    reviewing.kubectl("delete", "serviceaccount", "leaver")
    await answered(pages, token, 401)


async def answered(pages: Office, token: str, status: int) -> None:
    """Wait for the answer: the API server remembers for some seconds itself."""
    async with asyncio.timeout(60):
        while True:
            pages.clock.passed += 31
            if (await asked(pages, "/fleet", token))[0] == status:
                return
            await asyncio.sleep(0.5)
