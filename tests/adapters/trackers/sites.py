"""Every issue tracker of the tests by one face: what is configured, what is in it, and which request creates.

Exists so that the promise of one ticket per leak is tested against all of them by the same tests.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from memdrift.adapters.trackers import ConfiguredTrackers
from memdrift.adapters.turns import LocalTurns
from memdrift.api.administration import Administration
from memdrift.ports import Tracker, Turns
from tests.adapters.trackers.faults import Faults, faulty, serving
from tests.adapters.trackers.gitea_server import OWNER, GiteaServer
from tests.adapters.trackers.published import TOKEN, GitHubApi, GitLabApi, Held, JiraApi, Published

_repositories = itertools.count(1)
KINDS = ("GitHub", "GitLab", "JiraCloud", "JiraDataCenter")


@dataclass
class Site:
    """One project of one tracker behind a proxy.

    Attributes:
        entry: how the administrator configures it.
        project: the one that the store names.
        tickets: what is in it now.
        close: somebody closes a ticket.
        rename: somebody renames the project.
    """

    entry: dict[str, Any]
    project: str
    faults: Faults
    tickets: Callable[[], list[Held]]
    close: Callable[[int], None]
    rename: Callable[[], None]

    def change_token(self, token: str) -> None:
        """Somebody renews the Secret."""
        Path(self.entry["bearerTokenFile"]).write_text(token)

    @asynccontextmanager
    async def process(self, turns: Turns | None = None, **changes: Any) -> AsyncIterator[Tracker]:
        """The tracker as one process of memdrift has it."""
        administration = Administration.model_validate({"trackers": [self.entry | changes]})
        trackers = ConfiguredTrackers(lambda: administration, turns or LocalTurns())
        try:
            yield trackers.named("tickets", "market")
        finally:
            await trackers.close()


def creates(request: web.Request) -> bool:
    """Whether the request creates a ticket, at any of them."""
    return request.method == "POST" and request.path.rsplit("/", 1)[-1] in {"issues", "issue"}


@asynccontextmanager
async def published(kind: str, folder: Path) -> AsyncIterator[Site]:
    """One of the small servers."""
    made: dict[str, Callable[[], Published]] = {
        "GitHub": GitHubApi,
        "GitLab": GitLabApi,
        "JiraCloud": JiraApi,
        "JiraDataCenter": lambda: JiraApi(cloud=False),
    }
    api = made[kind]()
    project: str = api.PROJECT  # type: ignore[attr-defined]

    def close(number: int) -> None:
        api.ticket(str(number)).is_open = False

    def rename() -> None:
        api.renamed = True

    more = {"username": "bot@market.example"} if kind == "JiraCloud" else {}
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(serving(api.answer))
        faults = Faults(at=creates)
        url = await stack.enter_async_context(faulty(upstream, faults))
        entry = _entry(kind, url, TOKEN, folder, project) | more
        yield Site(entry, project, faults, lambda: api.tickets, close, rename)


@asynccontextmanager
async def real_gitea(server: GiteaServer, folder: Path) -> AsyncIterator[Site]:
    """A fresh repository of the real one."""
    name = f"store-{next(_repositories)}"
    server.call("POST", "user/repos", {"name": name})
    now = [f"{OWNER}/{name}"]

    def tickets() -> list[Held]:
        found = []
        for issue in server.call("GET", f"repos/{now[0]}/issues?state=all&type=issues&limit=50"):
            path = f"repos/{now[0]}/issues/{issue['number']}"
            comments = [comment["body"] for comment in server.call("GET", f"{path}/comments")]
            files = [asset["name"] for asset in server.call("GET", f"{path}/assets")]
            labels = [label["name"] for label in issue["labels"]]
            people = [person["login"] for person in issue["assignees"] or []]
            held = Held(issue["number"], issue["title"], issue["body"], labels, people, issue["state"] == "open")
            held.comments, held.files = comments, files
            found.append(held)
        return found

    def close(number: int) -> None:
        server.call("PATCH", f"repos/{now[0]}/issues/{number}", {"state": "closed"})

    def rename() -> None:
        server.call("PATCH", f"repos/{now[0]}", {"name": f"{name}-renamed"})
        now[0] += "-renamed"

    faults = Faults(at=creates)
    async with faulty(server.url, faults) as url:
        entry = _entry("Gitea", url, server.token, folder, now[0])
        yield Site(entry, now[0], faults, tickets, close, rename)


def _entry(kind: str, url: str, token: str, folder: Path, project: str) -> dict[str, Any]:
    file = folder / f"token-{kind}"
    file.write_text(f"{token}\n")
    return {
        "name": "tickets",
        "kind": kind,
        "url": url,
        "bearerTokenFile": str(file),
        "allowedProjects": [project],
        "allowedNamespaces": ["market"],
        "timeoutSeconds": 10,
    }
