"""GitHub and GitHub Enterprise, by the REST API (docs.github.com/rest: repositories, issues, comments, search, users).

Tickets are found in the list of issues, which does not lag as the search does. Files cannot be attached: GitHub's API
has none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel

from memdrift.adapters.trackers.answers import plain_url
from memdrift.adapters.trackers.belief import Account
from memdrift.adapters.trackers.desk import COMMENTS_AT_MOST, LABEL, TICKETS_AT_MOST, Ticket
from memdrift.adapters.trackers.markers import carries, hidden, marked, shown
from memdrift.adapters.trackers.paging import Listed, listed
from memdrift.adapters.trackers.refusals import Refused
from memdrift.adapters.trackers.rest import Rest
from memdrift.errors import NotAllowed
from memdrift.ports import Attachment, Filing

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_PER_PAGE = 100
_CHARACTERS_AT_MOST = 65_536
_TITLE_CHARACTERS_AT_MOST = 256
REPOSITORY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*")


class _Repository(BaseModel):
    full_name: str


class _User(BaseModel):
    login: str = ""


class _Label(BaseModel):
    name: str | None = None


class _Issue(BaseModel):
    number: int
    html_url: str
    state: str
    body: str | None = None
    user: _User | None = None
    labels: list[_Label | str] = []
    pull_request: dict[str, object] | None = None

    def label_names(self) -> list[str]:
        return [label if isinstance(label, str) else label.name or "" for label in self.labels]

    def ticket(self) -> Ticket:
        return Ticket(str(self.number), self.number, plain_url(self.html_url), self.state == "open")


class _Found(BaseModel):
    items: list[_Issue] = []


class _Comment(BaseModel):
    body: str | None = None
    user: _User | None = None


class GitHub:
    """Implements `Desk` for one repository, `owner/name`."""

    lag_seconds = 10.0

    def __init__(self, rest: Rest, project: str) -> None:
        if not REPOSITORY.fullmatch(project):
            raise NotAllowed("TrackerNotAllowed", f"`spec.filing.project` `{project}` is not `owner/repository`")
        self._rest = rest
        self._path: tuple[str, ...] = ("repos", *project.split("/"))
        self._account = Account(self._login)

    async def _login(self) -> str:
        return (await self._rest.get(_User, ("user",))).login

    async def arrive(self) -> None:
        """A renamed repository redirects a GET; the POST that follows goes to its present name."""
        repository = await self._rest.get(_Repository, self._path)
        if REPOSITORY.fullmatch(repository.full_name):
            self._path = ("repos", *repository.full_name.split("/"))

    async def find(self, marker: str) -> Sequence[Ticket]:
        """Among those with the label, else among our own."""
        tickets = await self._among(marker, f"label:{LABEL}", labels=LABEL)
        if tickets or not (account := await self._account.name()):
            return tickets
        return await self._among(marker, f"author:{account}", creator=account)

    async def _among(self, marker: str, sought: str, **query: str) -> list[Ticket]:
        """By the list; by search where there are more than are listed."""

        async def page(number: int, size: int) -> list[_Issue]:
            return await self._rest.get(
                list[_Issue], (*self._path, "issues"), state="all", per_page=size, page=number, **query
            )

        issues = await listed(page, _PER_PAGE, TICKETS_AT_MOST)
        tickets = await self._carrying(issues.items, marker)
        if tickets or issues.complete:
            return tickets
        return await self._carrying(await self._searched(marker, sought), marker)

    async def _searched(self, marker: str, sought: str) -> list[_Issue]:
        repository = "/".join(self._path[1:])
        query = f'"{shown(marker)}" repo:{repository} is:issue in:body {sought}'
        try:
            return (await self._rest.get(_Found, ("search", "issues"), q=query, per_page=_PER_PAGE)).items
        except Refused:
            return []  # a token that may not search still sees the list

    async def _carrying(self, issues: list[_Issue], marker: str) -> list[Ticket]:
        return [
            issue.ticket()
            for issue in issues
            if issue.pull_request is None
            and carries(issue.body or "", marker)
            and await self._account.believes(issue.label_names(), issue.user.login if issue.user else "")
        ]

    async def create(self, filing: Filing) -> Ticket:
        """Unknown assignees are refused, and a ticket without one is better than none."""
        body = marked(filing.body_markdown, _CHARACTERS_AT_MOST, hidden(filing.marker), hidden(filing.occurrence))
        title = filing.title[:_TITLE_CHARACTERS_AT_MOST]
        content = {"title": title, "body": body, "labels": [LABEL, *filing.labels]}
        path = (*self._path, "issues")
        try:
            issue = await self._rest.send(_Issue, "POST", path, {**content, "assignees": list(filing.assignees)})
        except Refused as refusal:
            if refusal.status != 422 or not filing.assignees:
                raise
            issue = await self._rest.send(_Issue, "POST", path, content)
        return issue.ticket()

    async def remarked(self, ticket: Ticket, occurrence: str) -> bool:
        """The issue first, then its comments."""
        issue = await self._rest.get(_Issue, (*self._path, "issues", ticket.key))
        if carries(issue.body or "", occurrence):
            return True
        for comment in (await self._comments(ticket)).items:
            author = comment.user.login if comment.user else ""
            if carries(comment.body or "", occurrence) and await self._account.said(author):
                return True
        return False

    async def _comments(self, ticket: Ticket) -> Listed[_Comment]:
        async def page(number: int, size: int) -> list[_Comment]:
            path = (*self._path, "issues", ticket.key, "comments")
            return await self._rest.get(list[_Comment], path, per_page=size, page=number)

        return await listed(page, _PER_PAGE, COMMENTS_AT_MOST)

    async def remark(self, ticket: Ticket, markdown: str, occurrence: str) -> None:
        """One comment."""
        body = marked(markdown, _CHARACTERS_AT_MOST, hidden(occurrence))
        await self._rest.send(_Comment, "POST", (*self._path, "issues", ticket.key, "comments"), {"body": body})

    async def reopen(self, ticket: Ticket) -> None:
        """The issue is open again."""
        await self._change(ticket, {"state": "open"})

    async def close_as_duplicate(self, ticket: Ticket) -> None:
        """Not planned: its comment names the one that stays."""
        await self._change(ticket, {"state": "closed", "state_reason": "not_planned"})

    async def attach(self, ticket: Ticket, attachment: Attachment, occurrence: str) -> None:
        """Nothing: the API takes no files."""

    async def _change(self, ticket: Ticket, content: dict[str, str]) -> None:
        await self._rest.send(_Issue, "PATCH", (*self._path, "issues", ticket.key), content)
