"""Whose tickets and comments a marker is believed in.

Exists because a marker is visible: in an open project anybody can copy it into an issue of their own, and would thereby
swallow the leak's ticket. A ticket is believed that

* has the label `memdrift`, where a label is a privilege: on GitHub of the role Triage and above, on GitLab of the
  project's members, on Gitea of those who may write issues. Who else names it when they create an issue is not obeyed;
* or was written by the token's own account: somebody may have taken the label off, or the token may not set one.

So the ticket is found again after the token was changed for one of another account, by its label. In Jira everybody who
may create an issue may label it: there a ticket is believed by its creator alone, which nobody can set, and the
administrator names the accounts of former tokens (`trustedAuthors`). A comment is believed by its author.

Where the token may not ask whose it is (an installation token of a GitHub App; in Gitea one without `read:user`), a
ticket is believed by its label only, and a comment whoever wrote it. Of occurrences a stranger can then only forestall
the remark that a leak is gone: the others hold the UID of an incident that memdrift has not told of yet. Must not trust
that a server has filtered: Gitea lists everything where it does not know a label.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from memdrift.adapters.trackers.desk import LABEL
from memdrift.adapters.trackers.refusals import Refused


class Account:
    """The token's own account, asked once in a filing and only where it matters: a token may be another's next time.

    Args:
        ask: its name; raises `Refused` where the token may not know.
        trusted: names of other accounts whose word counts as much.
    """

    def __init__(self, ask: Callable[[], Awaitable[str]], trusted: Iterable[str] = ()) -> None:
        self._ask = ask
        self._trusted = {name.casefold() for name in trusted}
        self._name: str | None = None

    async def name(self) -> str:
        """The name; "" where the token may not ask."""
        if self._name is None:
            try:
                self._name = await self._ask()
            except Refused:
                self._name = ""
        return self._name

    async def believes(self, labels: Iterable[str], author: str) -> bool:
        """Whether a ticket with these labels counts, where a label is a privilege."""
        if any(label.casefold() == LABEL for label in labels):
            return True
        return bool(author) and author.casefold() == (await self.name()).casefold()

    async def said(self, author: str) -> bool:
        """Whether a comment counts."""
        if author.casefold() in self._trusted:
            return True
        name = await self.name()
        return not name or author.casefold() == name.casefold()
