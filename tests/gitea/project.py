"""A repository of a real Gitea with the people of a team: what memdrift is given, and what it left there.

Exists so that the demo's tracker has only the rights that the README asks for. Must not file anything itself.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from tests.gitea.server import PASSWORD, GiteaServer

BOT = "memdrift-bot"
SCOPES = ("write:issue", "read:repository", "read:user")
"""What the README says that memdrift's token needs."""


@dataclass(frozen=True)
class Project:
    """One repository whose tickets everybody may read.

    Attributes:
        path: `owner/repository`.
        token: of the account in whose name memdrift files.
    """

    server: GiteaServer
    path: str
    token: str = field(repr=False)

    def tracker(self, name: str, token_file: str, *namespaces: str) -> dict[str, Any]:
        """Its entry in the administrator's file."""
        return {
            "name": name,
            "kind": "Gitea",
            "url": self.server.url,
            "bearerTokenFile": token_file,
            "project": self.path,
            "allowedNamespaces": list(namespaces),
        }

    def issues(self) -> list[dict[str, Any]]:
        """All of them, open or closed, oldest first."""
        found: list[dict[str, Any]] = self._asked("issues?state=all&type=issues&limit=50")
        return sorted(found, key=lambda issue: int(issue["number"]))

    def comments(self, number: int) -> list[str]:
        """What was said on an issue, oldest first."""
        return [comment["body"] for comment in self._asked(f"issues/{number}/comments")]

    def files(self, number: int) -> dict[str, bytes]:
        """What is attached to an issue, by name."""
        assets = self._asked(f"issues/{number}/assets")
        return {asset["name"]: opened(asset["browser_download_url"]) for asset in assets}

    def _asked(self, path: str) -> Any:
        return self.server.call("GET", f"repos/{self.path}/{path}")


def opened(url: str) -> bytes:
    """What somebody sees who follows a link without signing in; b"" where that is refused."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=30) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError:
        return b""


def project(server: GiteaServer, path: str, *people: str) -> Project:
    """A fresh repository, its owner, the people that tickets can be assigned to, and memdrift's own account."""
    owner, _, name = path.partition("/")
    for account in (owner, BOT, *people):
        email = f"{account}@tickets.example"
        known = {"username": account, "email": email, "password": PASSWORD, "must_change_password": False}
        server.call("POST", "admin/users", known)
    server.call("POST", f"admin/users/{owner}/repos", {"name": name, "auto_init": True})
    for account in (BOT, *people):
        server.call("PUT", f"repos/{path}/collaborators/{account}", {"permission": "write"})
    wanted = {"name": "memdrift", "scopes": list(SCOPES)}
    made = server.call("POST", f"users/{BOT}/tokens", wanted, as_account=BOT)
    return Project(server, path, made["sha1"])
