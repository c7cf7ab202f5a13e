"""A tracker's entry in the administrator's file is complete, or named with what is missing."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from memdrift.api.administration import Administration

COMPLETE: dict[str, Any] = {
    "name": "desk",
    "kind": "GitHub",
    "url": "https://api.github.com",
    "bearerTokenFile": "/token",
    "project": "market/store",
}


def parsed(*entries: dict[str, Any]) -> Administration:
    return Administration.model_validate({"trackers": list(entries)})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"bearerTokenFile": None}, "bearerTokenFile"),
        ({"project": None}, "allowedProjects"),
        ({"url": None}, "url"),
        ({"kind": "JiraCloud"}, "username"),
        ({"trustedAuthors": ["the-bot-before"]}, "trustedAuthors"),
        ({"kind": "JiraDataCenter", "trustedAuthors": ['x") OR (1']}, "trustedAuthors"),
        ({"kind": "Notification", "url": None}, "urlsFile"),
        ({"notifications": ["nobody"]}, "nobody"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        parsed(COMPLETE | changes)


def test_a_store_names_only_projects_that_are_allowed() -> None:
    (tracker,) = parsed(COMPLETE | {"allowedProjects": ["market/*"]}).trackers
    assert tracker.project_for("") == "market/store"
    assert tracker.project_for("market/other") == "market/other"
    assert tracker.project_for("somebody/else") is None
    (narrow,) = parsed(COMPLETE).trackers
    assert narrow.project_for("market/store") == "market/store"
    assert narrow.project_for("market/other") is None
