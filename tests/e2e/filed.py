"""The demo's ticket, as its tracker has it, and what it must show to whoever owns the store.

Exists so that the ticket is read where people read it. Must not ask memdrift, but for the address that it remembers.
"""

from __future__ import annotations

import html
from typing import Any

from tests.gitea.project import Project, opened, project
from tests.gitea.server import GiteaServer

REPOSITORY = "market/market-store"
ON_CALL = "feature-store-oncall"
"""Whom the annotation of the demo's Deployment names."""
LEAKING = "github.com/grab/async"


def tickets_of(server: GiteaServer) -> Project:
    """The team's repository, empty."""
    return project(server, REPOSITORY, ON_CALL)


def ticket(tickets: Project, incident: dict[str, Any]) -> dict[str, Any]:
    """The incident's ticket; no `number` where the tracker has none at the address that the incident remembers."""
    url = incident["status"].get("ticket", {}).get("url", "")
    issues = tickets.issues()
    found: dict[str, Any] = {"url": url, "issues": len(issues)}
    issue = next((issue for issue in issues if issue["html_url"] == url), None)
    if issue is None:
        return found
    number = int(issue["number"])
    page = html.unescape(opened(url).decode(errors="replace"))
    return found | {
        "number": number,
        "title": issue["title"],
        "opens": issue["title"] in page,
        "author": issue["user"]["login"],
        "labels": sorted(label["name"] for label in issue["labels"]),
        "assignees": [person["login"] for person in issue["assignees"] or []],
        "marked": f"<!-- memdrift-marker: {incident['status']['fingerprint']} -->" in issue["body"].splitlines(),
        "files": {name: content[:4].decode(errors="replace") for name, content in tickets.files(number).items()},
        "comments": tickets.comments(number),
        "text": issue["body"],
    }


def complaints(filed: dict[str, Any]) -> list[str]:
    """What a ticket that nobody has to ask back about has, and this one has not."""
    if "number" not in filed:
        return [f"there is no ticket at {filed['url'] or 'any address'}"]
    text = filed["text"]
    expected = [
        (filed["issues"] == 1, f"there are {filed['issues']} tickets"),
        (filed["opens"], f"nobody can read {filed['url']}"),
        (filed["marked"], "the ticket lacks the marker of the leak"),
        (LEAKING in filed["title"], f"the ticket is called {filed['title']}"),
        (f"| `{LEAKING}` | `v0.0.5` | `v0.0.3` |" in text, "the ticket does not name the change of the module"),
        ("rollout undo deployment/market-store" in text, "the ticket does not say how to roll back"),
        (list(filed["files"].values()) == ["<svg"], f"the ticket's files are {filed['files']}"),
        (filed["assignees"] == [ON_CALL], f"the ticket is assigned to {filed['assignees']}"),
        ("memdrift" in filed["labels"], f"the ticket's labels are {filed['labels']}"),
    ]
    return [sentence for kept, sentence in expected if not kept]
