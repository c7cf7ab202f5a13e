"""GitHub and GitHub Enterprise, by the REST API (docs.github.com/rest: repositories, issues, comments, search).

Tickets are found by their label in the list of issues, which does not lag as the search does; where somebody took the
label off, or the token may not set one, the search is asked too. Files cannot be attached: GitHub's API has none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel

from memdrift.adapters.trackers.answers import plain_url
from memdrift.adapters.trackers.desk import LABEL, PAGES_AT_MOST, Ticket
from memdrift.adapters.trackers.markers import carries, hidden, marked, shown
from memdrift.adapters.trackers.rest import Refused, Rest
from memdrift.errors import NotAllowed
from memdrift.ports import Attachment, Filing

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_PER_PAGE = 100
_CHARACTERS_AT_MOST = 65_536
REPOSITORY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*")


class _Repository(BaseModel):
    full_name: str


class _Issue(BaseModel):
    number: int
    html_url: str
    state: str
    body: str | None = None
    pull_request: dict[str, object] | None = None

    def ticket(self) -> Ticket:
        return Ticket(str(self.number), self.number, plain_url(self.html_url), self.state == "open")


class _Found(BaseModel):
    items: list[_Issue] = []


class _Comment(BaseModel):
    body: str | None = None


class GitHub:
    """Implements `Desk` for one repository, `owner/name`."""

    lag_seconds = 10.0

    def __init__(self, rest: Rest, project: str) -> None:
        if not REPOSITORY.fullmatch(project):
            raise NotAllowed("TrackerNotAllowed", f"`spec.filing.project` `{project}` is not `owner/repository`")
        self._rest = rest
        self._path: tuple[str, ...] = ("repos", *project.split("/"))

    async def arrive(self) -> None:
        """A renamed repository redirects a GET; the POST that follows goes to its present name."""
        repository = await self._rest.get(_Repository, self._path)
        if REPOSITORY.fullmatch(repository.full_name):
            self._path = ("repos", *repository.full_name.split("/"))

    async def find(self, marker: str) -> Sequence[Ticket]:
        """By label, else by search."""
        found: list[_Issue] = []
        for page in range(1, PAGES_AT_MOST + 1):
            issues = await self._rest.get(
                list[_Issue], (*self._path, "issues"), labels=LABEL, state="all", per_page=_PER_PAGE, page=page
            )
            found += issues
            if len(issues) < _PER_PAGE:
                break
        tickets = _carrying(found, marker)
        return tickets or _carrying(await self._searched(marker), marker)

    async def _searched(self, marker: str) -> list[_Issue]:
        repository = "/".join(self._path[1:])
        query = f'"{shown(marker)}" repo:{repository} is:issue in:body'
        try:
            return (await self._rest.get(_Found, ("search", "issues"), q=query, per_page=_PER_PAGE)).items
        except Refused:
            return []  # a token that may not search still sees the list

    async def create(self, filing: Filing) -> Ticket:
        """Unknown assignees are refused, and a ticket without one is better than none."""
        body = marked(filing.body_markdown, _CHARACTERS_AT_MOST, hidden(filing.marker), hidden(filing.occurrence))
        content = {"title": filing.title, "body": body, "labels": [LABEL, *filing.labels]}
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
        for page in range(1, PAGES_AT_MOST + 1):
            comments = await self._rest.get(
                list[_Comment], (*self._path, "issues", ticket.key, "comments"), per_page=_PER_PAGE, page=page
            )
            if any(carries(comment.body or "", occurrence) for comment in comments):
                return True
            if len(comments) < _PER_PAGE:
                break
        return False

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

    async def attach(self, ticket: Ticket, attachment: Attachment) -> None:
        """Nothing: the API takes no files."""

    async def _change(self, ticket: Ticket, content: dict[str, str]) -> None:
        await self._rest.send(_Issue, "PATCH", (*self._path, "issues", ticket.key), content)


def _carrying(issues: list[_Issue], marker: str) -> list[Ticket]:
    return [issue.ticket() for issue in issues if issue.pull_request is None and carries(issue.body or "", marker)]
