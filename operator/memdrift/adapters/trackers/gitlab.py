"""GitLab, by the REST API (docs.gitlab.com/api: projects, issues, notes, project uploads, users).

Tickets are found by their label in the list of issues, and by a search of descriptions where the list has none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from memdrift.adapters.trackers.answers import plain_url
from memdrift.adapters.trackers.desk import LABEL, PAGES_AT_MOST, Ticket
from memdrift.adapters.trackers.markers import carries, hidden, marked, plain_marker
from memdrift.adapters.trackers.rest import Rest, Upload
from memdrift.ports import Attachment, Filing

ROOT = "/api/v4"
_PER_PAGE = 100
_CHARACTERS_AT_MOST = 1_000_000
_TITLE_CHARACTERS_AT_MOST = 255


class _Project(BaseModel):
    id: int


class _Issue(BaseModel):
    iid: int
    web_url: str
    state: str
    description: str | None = None

    def ticket(self) -> Ticket:
        return Ticket(str(self.iid), self.iid, plain_url(self.web_url), self.state == "opened")


class _Note(BaseModel):
    body: str = ""


class _User(BaseModel):
    id: int


class _Uploaded(BaseModel):
    markdown: str


class GitLab:
    """Implements `Desk` for one project, by its path or number."""

    lag_seconds = 10.0

    def __init__(self, rest: Rest, project: str) -> None:
        self._rest = rest
        self._path: tuple[str, ...] = ("projects", project)

    async def arrive(self) -> None:
        """A renamed project redirects a GET; its number never changes."""
        project = await self._rest.get(_Project, self._path)
        self._path = ("projects", str(project.id))

    async def find(self, marker: str) -> Sequence[Ticket]:
        """By label, else by its description."""
        return await self._listed(marker, labels=LABEL) or await self._listed(
            marker, search=plain_marker(marker), **{"in": "description"}
        )

    async def _listed(self, marker: str, **query: str) -> list[Ticket]:
        tickets: list[Ticket] = []
        for page in range(1, PAGES_AT_MOST + 1):
            issues = await self._rest.get(
                list[_Issue], (*self._path, "issues"), state="all", scope="all", per_page=_PER_PAGE, page=page, **query
            )
            tickets += [issue.ticket() for issue in issues if carries(issue.description or "", marker)]
            if len(issues) < _PER_PAGE:
                break
        return tickets

    async def create(self, filing: Filing) -> Ticket:
        """Labels are made where they are missing; unknown assignees are left out."""
        text = marked(filing.body_markdown, _CHARACTERS_AT_MOST, hidden(filing.marker), hidden(filing.occurrence))
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
        issue = await self._rest.get(_Issue, (*self._path, "issues", ticket.key))
        return carries(issue.description or "", occurrence) or await self._noted(ticket, occurrence)

    async def _noted(self, ticket: Ticket, occurrence: str) -> bool:
        for page in range(1, PAGES_AT_MOST + 1):
            notes = await self._rest.get(
                list[_Note], (*self._path, "issues", ticket.key, "notes"), per_page=_PER_PAGE, page=page
            )
            if any(carries(note.body, occurrence) for note in notes):
                return True
            if len(notes) < _PER_PAGE:
                break
        return False

    async def remark(self, ticket: Ticket, markdown: str, occurrence: str) -> None:
        """One note."""
        body = marked(markdown, _CHARACTERS_AT_MOST, hidden(occurrence))
        await self._rest.send(_Note, "POST", (*self._path, "issues", ticket.key, "notes"), {"body": body})

    async def reopen(self, ticket: Ticket) -> None:
        """The issue is open again."""
        await self._rest.send(_Issue, "PUT", (*self._path, "issues", ticket.key), {"state_event": "reopen"})

    async def close_as_duplicate(self, ticket: Ticket) -> None:
        """Its note names the one that stays."""
        await self._rest.send(_Issue, "PUT", (*self._path, "issues", ticket.key), {"state_event": "close"})

    async def attach(self, ticket: Ticket, attachment: Attachment) -> None:
        """An upload of the project, shown in a note."""
        if await self._noted(ticket, attachment.name):
            return
        upload = Upload("file", attachment.name, attachment.media_type, attachment.content)
        uploaded = await self._rest.send(_Uploaded, "POST", (*self._path, "uploads"), upload)
        await self.remark(ticket, uploaded.markdown, attachment.name)
