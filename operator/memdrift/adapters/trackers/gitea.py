"""Gitea and Forgejo, by the REST API (docs.gitea.com/api: repository, issue, user).

Tickets are found in the list of issues, read from the database; a keyword is asked of an index that lags. Comments are
read from the timeline, which has pages: the list of comments has none. What the token may not see is missing from its
pages, so they end where the issue's number of comments is reached.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, RootModel

from memdrift.adapters.trackers.answers import plain_url
from memdrift.adapters.trackers.belief import Account
from memdrift.adapters.trackers.desk import COMMENTS_AT_MOST, LABEL, TICKETS_AT_MOST, Ticket
from memdrift.adapters.trackers.gitealabels import GiteaLabels
from memdrift.adapters.trackers.github import REPOSITORY
from memdrift.adapters.trackers.markers import carries, hidden, marked, pictured, plain_marker
from memdrift.adapters.trackers.paging import Listed, listed
from memdrift.adapters.trackers.refusals import Refused
from memdrift.adapters.trackers.rest import Rest, Upload
from memdrift.errors import NotAllowed
from memdrift.ports import Attachment, Filing

ROOT = "/api/v1"
_PER_PAGE = 50
_CHARACTERS_AT_MOST = 200_000
_TITLE_CHARACTERS_AT_MOST = 255
_COMMENT = "comment"


class _Repository(BaseModel):
    full_name: str


class _User(BaseModel):
    login: str = ""


class _Label(BaseModel):
    name: str = ""


class _Issue(BaseModel):
    number: int
    html_url: str
    state: str
    body: str = ""
    user: _User | None = None
    labels: list[_Label] | None = None
    comments: int = 0

    def label_names(self) -> list[str]:
        return [label.name for label in self.labels or []]

    def ticket(self) -> Ticket:
        return Ticket(str(self.number), self.number, plain_url(self.html_url), self.state == "open")


class _Entry(BaseModel):
    id: int
    type: str = ""
    body: str = ""
    user: _User | None = None


class _Timeline(RootModel[list[_Entry] | None]):
    """Null where it is empty."""


class _Comment(BaseModel):
    id: int


class _Asset(BaseModel):
    name: str = ""
    browser_download_url: str = ""


class Gitea:
    """Implements `Desk` for one repository, `owner/name`."""

    lag_seconds = 5.0

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
        tickets = await self._among(marker, labels=LABEL)
        if tickets or not (account := await self._account.name()):
            return tickets
        return await self._among(marker, created_by=account)

    async def _among(self, marker: str, **query: str) -> list[Ticket]:
        """By the list; by keyword where there are more than are listed."""
        issues = await self._issues(query)
        tickets = await self._carrying(issues.items, marker)
        if tickets or issues.complete:
            return tickets
        return await self._carrying((await self._issues(query | {"q": plain_marker(marker)})).items, marker)

    async def _issues(self, query: dict[str, str]) -> Listed[_Issue]:
        async def page(number: int, size: int) -> list[_Issue]:
            path = (*self._path, "issues")
            found = await self._rest.get(
                list[_Issue], path, state="all", type="issues", limit=size, page=number, **query
            )
            # A label that the repository does not have is no filter: then everybody's issues need not be read.
            return found if "labels" not in query or all(map(_labelled, found)) else []

        return await listed(page, _PER_PAGE, TICKETS_AT_MOST)

    async def _carrying(self, issues: list[_Issue], marker: str) -> list[Ticket]:
        return [
            issue.ticket()
            for issue in issues
            if carries(issue.body, marker)
            and await self._account.believes(issue.label_names(), issue.user.login if issue.user else "")
        ]

    async def create(self, filing: Filing) -> Ticket:
        """Unknown assignees are refused, and a ticket without one is better than none."""
        body = marked(filing.body_markdown, _CHARACTERS_AT_MOST, hidden(filing.marker), hidden(filing.occurrence))
        labels = await GiteaLabels(self._rest, self._path).numbers([LABEL, *filing.labels], self._account)
        content = {"title": filing.title[:_TITLE_CHARACTERS_AT_MOST], "body": body, "labels": labels}
        path = (*self._path, "issues")
        try:
            issue = await self._rest.send(_Issue, "POST", path, {**content, "assignees": list(filing.assignees)})
        except Refused as refusal:
            if refusal.status not in {404, 422} or not filing.assignees:
                raise
            issue = await self._rest.send(_Issue, "POST", path, content)
        return issue.ticket()

    async def remarked(self, ticket: Ticket, occurrence: str) -> bool:
        """The issue first, then its comments."""
        return await self._telling(ticket, occurrence) is not None

    async def _telling(self, ticket: Ticket, occurrence: str) -> tuple[tuple[str, ...], str] | None:
        """Path and text of what carries the occurrence."""
        path = (*self._path, "issues", ticket.key)
        issue = await self._rest.get(_Issue, path)
        if carries(issue.body, occurrence):
            return path, issue.body

        async def page(number: int, size: int) -> list[_Entry]:
            return (await self._rest.get(_Timeline, (*path, "timeline"), limit=size, page=number)).root or []

        def enough(entries: Sequence[_Entry]) -> bool:
            return sum(entry.type == _COMMENT for entry in entries) >= issue.comments

        for entry in (await listed(page, _PER_PAGE, COMMENTS_AT_MOST, enough)).items:
            author = entry.user.login if entry.user else ""
            if entry.type == _COMMENT and carries(entry.body, occurrence) and await self._account.said(author):
                return (*self._path, "issues", "comments", str(entry.id)), entry.body
        return None

    async def remark(self, ticket: Ticket, markdown: str, occurrence: str) -> None:
        """One comment."""
        body = marked(markdown, _CHARACTERS_AT_MOST, hidden(occurrence))
        await self._rest.send(_Comment, "POST", (*self._path, "issues", ticket.key, "comments"), {"body": body})

    async def reopen(self, ticket: Ticket) -> None:
        """The issue is open again."""
        await self._rest.send(_Issue, "PATCH", (*self._path, "issues", ticket.key), {"state": "open"})

    async def close_as_duplicate(self, ticket: Ticket) -> None:
        """Its comment names the one that stays."""
        await self._rest.send(_Issue, "PATCH", (*self._path, "issues", ticket.key), {"state": "closed"})

    async def attach(self, ticket: Ticket, attachment: Attachment, occurrence: str) -> None:
        """An asset of the text that tells of the occurrence, and shown in it: by itself it is a thumbnail."""
        telling = await self._telling(ticket, occurrence)
        if telling is None:
            return
        path, body = telling
        known = await self._rest.get(list[_Asset], (*path, "assets"))
        asset = next((each for each in known if each.name == attachment.name), None)
        if asset is None:
            upload = Upload("attachment", attachment.name, attachment.media_type, attachment.content)
            asset = await self._rest.send(_Asset, "POST", (*path, "assets"), upload)
        url = plain_url(asset.browser_download_url)
        if url and url not in body:
            picture = f"![{plain_marker(attachment.name)}](<{url}>)"
            await self._rest.send(object, "PATCH", path, {"body": pictured(body, picture)})


def _labelled(issue: _Issue) -> bool:
    return any(name.casefold() == LABEL for name in issue.label_names())
