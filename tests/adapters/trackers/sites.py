"""Every issue tracker of the tests by one face: what is configured, what is in it, and which request creates.

Exists so that the promise of one ticket per leak is tested against all of them by the same tests.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from memdrift.adapters.leases.turns import LocalTurns
from memdrift.adapters.trackers import ConfiguredTrackers
from memdrift.api.administration import Administration
from memdrift.ports import Tracker, Turns
from tests.adapters.trackers.faults import Faults, faulty, serving
from tests.adapters.trackers.published import (
    TOKEN,
    GitHubApi,
    GitLabApi,
    Held,
    JiraApi,
    Published,
    Said,
    basic,
)
from tests.gitea.server import OWNER, PASSWORD, GiteaServer

_repositories = itertools.count(1)
STRANGER, SUCCESSOR = "mallory", "memdrift-successor"
SCOPES = ("write:issue", "read:repository", "read:user")
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
        strange: a stranger who may do nothing but open issues opens one with this text and asks for these labels.
        say: the same stranger comments on a ticket.
        unlabel: somebody of the team takes all labels off a ticket.
        rotate: the token is from now on one of another account, `SUCCESSOR`.
    """

    entry: dict[str, Any]
    project: str
    faults: Faults
    tickets: Callable[[], list[Held]]
    close: Callable[[int], None]
    rename: Callable[[], None]
    strange: Callable[[str, list[str]], None]
    say: Callable[[int, str], None]
    unlabel: Callable[[int], None]
    rotate: Callable[[], None]
    api: Published = field(default_factory=Published)
    """Of the small servers."""

    @classmethod
    def of(cls, api: Published, entry: dict[str, Any], project: str, faults: Faults | None = None) -> Site:
        """One of the small servers."""
        kind = entry["kind"]

        def close(number: int) -> None:
            api.ticket(str(number)).is_open = False

        def rename() -> None:
            api.renamed = True

        def strange(body: str, labels: list[str]) -> None:
            obeyed = labels if "Jira" in kind else []  # the others do not let a stranger label
            api.tickets.append(Held(len(api.tickets) + 1, "a copy", body, obeyed, author=STRANGER))

        def say(number: int, text: str) -> None:
            api.ticket(str(number)).comments.append(Said.by(STRANGER, text))

        def unlabel(number: int) -> None:
            api.ticket(str(number)).labels.clear()

        def rotate() -> None:
            api.accounts[basic("another") if kind == "JiraCloud" else "Bearer another"] = SUCCESSOR
            Path(entry["bearerTokenFile"]).write_text("another")

        lost = faults or Faults()
        return cls(entry, project, lost, lambda: api.tickets, close, rename, strange, say, unlabel, rotate, api)

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

    more = {"username": "bot@market.example"} if kind == "JiraCloud" else {}
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(serving(api.answer))
        faults = Faults(at=creates)
        url = await stack.enter_async_context(faulty(upstream, faults))
        entry = entry_of(kind, url, TOKEN, folder, project) | more
        yield Site.of(api, entry, project, faults)


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
            comments = [Said(comment["body"]) for comment in server.call("GET", f"{path}/comments")]
            files = [Said(asset["name"]) for asset in server.call("GET", f"{path}/assets")]
            labels = [label["name"] for label in issue["labels"]]
            people = [person["login"] for person in issue["assignees"] or []]
            held = Held(issue["number"], issue["title"], issue["body"], labels, people, issue["state"] == "open")
            held.comments, held.files = comments, files
            held.author = issue["user"]["login"]
            found.append(held)
        return found

    def close(number: int) -> None:
        server.call("PATCH", f"repos/{now[0]}/issues/{number}", {"state": "closed"})

    def rename() -> None:
        server.call("PATCH", f"repos/{now[0]}", {"name": f"{name}-renamed"})
        now[0] += "-renamed"

    def strange(body: str, labels: list[str]) -> None:
        known = [each["id"] for each in server.call("GET", f"repos/{now[0]}/labels") if each["name"] in labels]
        content = {"title": "a copy", "body": body, "labels": known}
        server.call("POST", f"repos/{now[0]}/issues", content, as_account=known_account(server, STRANGER))

    def say(number: int, text: str) -> None:
        path = f"repos/{now[0]}/issues/{number}/comments"
        server.call("POST", path, {"body": text}, as_account=known_account(server, STRANGER))

    def unlabel(number: int) -> None:
        server.call("DELETE", f"repos/{now[0]}/issues/{number}/labels")

    def rotate() -> None:
        account = known_account(server, SUCCESSOR)
        server.call("PUT", f"repos/{now[0]}/collaborators/{account}", {"permission": "write"})
        Path(entry["bearerTokenFile"]).write_text(token_of(server, account, *SCOPES))

    faults = Faults(at=creates)
    async with faulty(server.url, faults) as url:
        entry = entry_of("Gitea", url, server.token, folder, now[0])
        yield Site(entry, now[0], faults, tickets, close, rename, strange, say, unlabel, rotate)


def known_account(server: GiteaServer, name: str) -> str:
    """That account, made where it is missing."""
    if not server.call("GET", f"users/search?q={name}")["data"]:
        email = f"{name}@tickets.example"
        known = {"username": name, "email": email, "password": PASSWORD, "must_change_password": False}
        server.call("POST", "admin/users", known)
    return name


def token_of(server: GiteaServer, account: str, *scopes: str) -> str:
    """A fresh token of the account."""
    wanted = {"name": f"token-{next(_repositories)}", "scopes": list(scopes)}
    token: str = server.call("POST", f"users/{account}/tokens", wanted, as_account=account)["sha1"]
    return token


def entry_of(kind: str, url: str, token: str, folder: Path, project: str) -> dict[str, Any]:
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
