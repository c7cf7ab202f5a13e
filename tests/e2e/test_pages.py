"""The pages of the operator itself, on the real cluster: who may read a store sees it, everybody else nothing."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tests.browser.chromium import browser_page
from tests.e2e.stores import CROWDED, OBSERVED, Stores
from tests.e2e.waiting import until

READING = "--resource=featurestores.memdrift.io,driftincidents.memdrift.io"


@pytest.fixture(scope="module")
def tokens(stores: Stores) -> dict[str, str]:
    """Of an account that may read one namespace, and of one that may read nothing."""
    kubectl = stores.scene.kubectl
    for name in ("reader", "stranger"):
        kubectl("create", "serviceaccount", name, "-n", OBSERVED)
    kubectl("create", "role", "reader", "--verb=get", READING, "-n", OBSERVED)
    kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={OBSERVED}:reader", "-n", OBSERVED)
    return {name: kubectl("create", "token", name, "-n", OBSERVED).strip() for name in ("reader", "stranger")}


def asked(stores: Stores, path: str, token: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{stores.operator.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def test_who_may_read_a_namespace_sees_its_stores_only(stores: Stores, tokens: dict[str, str]) -> None:
    key = f"{OBSERVED}/{stores.observed.name}"

    def shown() -> str:
        status, text = asked(stores, "/fleet", tokens["reader"])
        return text if status == 200 and key in text else ""

    text = until(shown, f"{key} on the page", seconds=60)
    assert CROWDED not in text
    assert asked(stores, "/fleet", tokens["stranger"])[0] == 403
    assert asked(stores, "/fleet", "made-up")[0] == 401
    assert asked(stores, "/fleet", "")[0] == 401


def test_an_incident_is_read_in_a_browser(stores: Stores, tokens: dict[str, str]) -> None:
    incident = stores.mature(stores.observed, "ModeForbids")
    path = f"/incidents/{OBSERVED}/{incident['metadata']['name']}"

    assert asked(stores, path, tokens["stranger"])[0] == 403
    status, text = asked(stores, path, tokens["reader"])
    assert status == 200
    assert f"{stores.observed.name} grows by" in text
    assert tokens["reader"] not in stores.operator.log.read_text()


async def test_signing_in_with_a_real_token(stores: Stores, tokens: dict[str, str]) -> None:
    place = f"http://127.0.0.1:{stores.operator.port}"
    async with browser_page() as browsed:
        await browsed.page.goto(f"{place}/fleet")
        await browsed.page.get_by_label("Token").fill(tokens["reader"])
        await browsed.page.get_by_role("button", name="Sign in").click()
        await browsed.page.wait_for_url(f"{place}/fleet")
        assert await browsed.page.locator("h1").inner_text() == "The fleet"
        assert await browsed.page.get_by_text(f"system:serviceaccount:{OBSERVED}:reader").count() == 1


def test_the_operator_asked_in_its_own_name(stores: Stores, tokens: dict[str, str]) -> None:
    asked(stores, "/fleet", tokens["stranger"])
    seen = {call.right for call in stores.audit.calls()}

    assert ("authentication.k8s.io", "tokenreviews", "create") in seen
    assert ("authorization.k8s.io", "subjectaccessreviews", "create") in seen
    assert not [name for name, token in tokens.items() if token in stores.operator.log.read_text()]
