"""A FeatureStore can be deleted at any time, at once; its open incident ends as `Gone` and keeps its evidence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.e2e.audit import evictions, restarts
from tests.e2e.leaker import Leaker
from tests.e2e.stores import DELETED, Stores

AT_ONCE = "10s"


def test_deleting_during_an_incident_keeps_the_evidence(stores: Stores) -> None:
    leaker = stores.deleted_in_flight
    before = stores.mature(leaker, "ApprovalRequired")

    _delete(stores, leaker)

    after = stores.ended(leaker, seconds=60)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["outcome"] == "Gone"
    _require_evidence(stores, before, after)


def test_deleting_while_the_operator_is_down_waits_for_nobody(stores: Stores) -> None:
    leaker = stores.deleted_unseen
    before = stores.mature(leaker, "ApprovalRequired")
    assert stores.operator.stop() == 0

    _delete(stores, leaker)
    assert leaker.incidents()[-1]["status"]["stage"] == "Holding", "nobody is there who could close it"

    stores.operator.start()
    after = stores.ended(leaker, seconds=60)
    assert after["status"]["outcome"] == "Gone"
    _require_evidence(stores, before, after)


def _delete(stores: Stores, leaker: Leaker) -> None:
    """kubectl waits until the object is gone, and fails where a finalizer holds it."""
    found = stores.scene.named("featurestores.memdrift.io", leaker.name, DELETED)
    assert "finalizers" not in found["metadata"]
    stores.scene.kubectl(
        "delete", "featurestores.memdrift.io", leaker.name, "-n", DELETED, "--wait=true", f"--timeout={AT_ONCE}"
    )


def _require_evidence(stores: Stores, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Every profile is stored as the incident says, and so is the incident itself, as it ended."""
    profiles = after["status"]["profiles"]
    assert {profile["kind"] for profile in profiles} == {"heap", "goroutine"}
    assert profiles[: len(before["status"]["profiles"])] == before["status"]["profiles"]
    for kept in [*profiles, after["status"]["archive"]]:
        content = _path(kept["uri"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == kept["sha256"]
    folder = _path(after["status"]["archive"]["uri"]).parent
    stored = [path for path in folder.glob("document-*.json") if not path.name.endswith(".meta.json")]
    outcomes = [json.loads(path.read_bytes())["status"].get("outcome") for path in stored]
    assert outcomes.count("Gone") == 1, "the closing document"
    touched = stores.calls(DELETED)
    assert evictions(touched) == []
    assert restarts(touched) == []


def _path(uri: str) -> Path:
    parts = urlsplit(uri)
    assert parts.scheme == "file", uri
    return Path(unquote(parts.path))
