"""GitLab, by the REST API (docs.gitlab.com/api: projects, issues, notes, project uploads, users).

Tickets are found in the list of issues, and by a search of descriptions where there are more than are listed. An upload
is shown where a text names it; of SVG the browser shows the picture and runs nothing, as in every `img`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel

from memdrift.adapters.trackers.answers import plain_url
from memdrift.adapters.trackers.belief import Account
from memdrift.adapters.trackers.desk import COMMENTS_AT_MOST, LABEL, TICKETS_AT_MOST, Ticket
from memdrift.adapters.trackers.markers import carries, hidden, marked, pictured, plain_marker
from memdrift.adapters.trackers.paging import Listed, listed
from memdrift.adapters.trackers.rest import Rest, Upload
from memdrift.errors import NotAllowed
from memdrift.ports import Attachment, Filing

ROOT = "/api/v4"
_PER_PAGE = 100
_CHARACTERS_AT_MOST = 1_000_000
_TITLE_CHARACTERS_AT_MOST = 255
_PROJECT = re.compile(r"[0-9]+|(?!\.{1,2}/)[^/%\\]+(/(?!\.{1,2}(/|$))[^/%\\]+)+")
"""No part that a proxy may take for the folder above."""
_QUICK_ACTION = re.compile(r"(?m)^([ \t]*)/")


class _Project(BaseModel):
    id: int


class _Person(BaseModel):
    username: str = ""


class _Issue(BaseModel):
    iid: int
    web_url: str
    state: str
    description: str | None = None
    labels: list[str] = []
    author: _Person | None = None

    def ticket(self) -> Ticket:
        return Ticket(str(self.iid), self.iid, plain_url(self.web_url), self.state == "opened")


class _Note(BaseModel):
    id: int
    body: str = ""
    author: _Person | None = None


class _User(BaseModel):
    id: int


class _Uploaded(BaseModel):
    markdown: str


class GitLab:
    """Implements `Desk` for one project, by its path or number."""

    lag_seconds = 10.0

    def __init__(self, rest: Rest, project: str) -> None:
        if not _PROJECT.fullmatch(project):
            raise NotAllowed(
                "TrackerNotAllowed", f"`spec.filing.project` `{project}` is neither `group/project` nor a number"
            )
        self._rest = rest
        self._path: tuple[str, ...] = ("projects", project)
        self._account = Account(self._username)

    async def _username(self) -> str:
        return (await self._rest.get(_Person, ("user",))).username

    async def arrive(self) -> None:
        """A renamed project redirects a GET; its number never changes."""
        project = await self._rest.get(_Project, self._path)
        self._path = ("projects", str(project.id))

    async def find(self, marker: str) -> Sequence[Ticket]:
        """Among those with the label, else among our own."""
        tickets = await self._among(marker, labels=LABEL)
        if tickets or not (account := await self._account.name()):
            return tickets
        return await self._among(marker, author_username=account)

    async def _among(self, marker: str, **query: str) -> list[Ticket]:
        """By the list; by search where there are more than are listed."""
        issues = await self._issues(query)
        tickets = await self._carrying(issues.items, marker)
        if tickets or issues.complete:
            return tickets
        sought = query | {"search": plain_marker(marker), "in": "description"}
        return await self._carrying((await self._issues(sought)).items, marker)

    async def _issues(self, query: dict[str, str]) -> Listed[_Issue]:
        async def page(number: int, size: int) -> list[_Issue]:
            path = (*self._path, "issues")
            return await self._rest.get(
                list[_Issue], path, state="all", scope="all", per_page=size, page=number, **query
            )

        return await listed(page, _PER_PAGE, TICKETS_AT_MOST)

    async def _carrying(self, issues: list[_Issue], marker: str) -> list[Ticket]:
        return [
            issue.ticket()
            for issue in issues
            if carries(issue.description or "", marker)
            and await self._account.believes(issue.labels, issue.author.username if issue.author else "")
        ]

    async def create(self, filing: Filing) -> Ticket:
        """Labels are made where they are missing; unknown assignees are left out."""
        body = _obeyed_by_nobody(filing.body_markdown)
        text = marked(body, _CHARACTERS_AT_MOST, hidden(filing.marker), hidden(filing.occurrence))
        content: dict[str, object] = {
            "title": filing.title[:_TITLE_CHARACTERS_AT_MOST],
            "description": text,
            "labels": ",".join(label.replace(",", " ") for label in (LABEL, *filing.labels)),
        }
        assignees = [user.id for name in filing.assignees for user in await self._users(name)]
        if assignees:
            content["assignee_ids"] = assignees
        return (await self._rest.send(_Issue, "POST", (*self._path, "issues"), content)).ticket()

    async def _users(self, name: str) -> list[_User]:
        return await self._rest.get(list[_User], ("users",), username=name)

    async def remarked(self, ticket: Ticket, occurrence: str) -> bool:
        """The issue first, then its notes."""
        return await self._telling(ticket, occurrence) is not None

    async def _telling(self, ticket: Ticket, occurrence: str) -> tuple[tuple[str, ...], str, str] | None:
        """Path, field and text of what carries the occurrence."""
        path = (*self._path, "issues", ticket.key)
        issue = await self._rest.get(_Issue, path)
        if carries(issue.description or "", occurrence):
            return path, "description", issue.description or ""

        async def page(number: int, size: int) -> list[_Note]:
            return await self._rest.get(list[_Note], (*path, "notes"), per_page=size, page=number)

        for note in (await listed(page, _PER_PAGE, COMMENTS_AT_MOST)).items:
            author = note.author.username if note.author else ""
            if carries(note.body, occurrence) and await self._account.said(author):
                return (*path, "notes", str(note.id)), "body", note.body
        return None

    async def remark(self, ticket: Ticket, markdown: str, occurrence: str) -> None:
        """One note."""
        body = marked(_obeyed_by_nobody(markdown), _CHARACTERS_AT_MOST, hidden(occurrence))
        await self._rest.send(_Note, "POST", (*self._path, "issues", ticket.key, "notes"), {"body": body})

    async def reopen(self, ticket: Ticket) -> None:
        """The issue is open again."""
        await self._rest.send(_Issue, "PUT", (*self._path, "issues", ticket.key), {"state_event": "reopen"})

    async def close_as_duplicate(self, ticket: Ticket) -> None:
        """Its note names the one that stays."""
        await self._rest.send(_Issue, "PUT", (*self._path, "issues", ticket.key), {"state_event": "close"})

    async def attach(self, ticket: Ticket, attachment: Attachment, occurrence: str) -> None:
        """An upload of the project, shown in the text that tells of the occurrence."""
        telling = await self._telling(ticket, occurrence)
        if telling is None or f"/{attachment.name}" in telling[2]:
            return
        path, field, text = telling
        upload = Upload("file", attachment.name, attachment.media_type, attachment.content)
        uploaded = await self._rest.send(_Uploaded, "POST", (*self._path, "uploads"), upload)
        await self._rest.send(object, "PUT", path, {field: pictured(text, uploaded.markdown)})


def _obeyed_by_nobody(markdown: str) -> str:
    """The text with the slash escaped that begins a quick action, such as /close."""
    return _QUICK_ACTION.sub(r"\1\\/", markdown)
