"""Gitea and Forgejo, by the REST API (docs.gitea.com/api: repository, issue).

Tickets are found by their label in the list of issues, read from the database; a keyword is asked of an index that
lags, and only where the list has none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from memdrift.adapters.trackers.answers import plain_url
from memdrift.adapters.trackers.desk import LABEL, PAGES_AT_MOST, Ticket
from memdrift.adapters.trackers.github import REPOSITORY
from memdrift.adapters.trackers.markers import carries, hidden, marked, plain_marker
from memdrift.adapters.trackers.rest import Refused, Rest, Upload
from memdrift.errors import NotAllowed
from memdrift.ports import Attachment, Filing

ROOT = "/api/v1"
_PER_PAGE = 50
_CHARACTERS_AT_MOST = 200_000
_COLOUR = "#b60205"


class _Repository(BaseModel):
    full_name: str


class _Label(BaseModel):
    id: int
    name: str


class _Issue(BaseModel):
    number: int
    html_url: str
    state: str
    body: str = ""

    def ticket(self) -> Ticket:
        return Ticket(str(self.number), self.number, plain_url(self.html_url), self.state == "open")


class _Comment(BaseModel):
    body: str = ""


class _Asset(BaseModel):
    name: str = ""


class Gitea:
    """Implements `Desk` for one repository, `owner/name`."""

    lag_seconds = 5.0

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
        """By label, else by keyword."""
        return await self._listed(marker, labels=LABEL) or await self._listed(marker, q=plain_marker(marker))

    async def _listed(self, marker: str, **query: str) -> list[Ticket]:
        tickets: list[Ticket] = []
        for page in range(1, PAGES_AT_MOST + 1):
            issues = await self._rest.get(
                list[_Issue], (*self._path, "issues"), state="all", type="issues", limit=_PER_PAGE, page=page, **query
            )
            tickets += [issue.ticket() for issue in issues if carries(issue.body, marker)]
            if not issues:  # a server may give fewer per page than asked for
                break
        return tickets

    async def create(self, filing: Filing) -> Ticket:
        """Unknown assignees are refused, and a ticket without one is better than none."""
        body = marked(filing.body_markdown, _CHARACTERS_AT_MOST, hidden(filing.marker), hidden(filing.occurrence))
        labels = await self._labels([LABEL, *filing.labels])
        content = {"title": filing.title, "body": body, "labels": labels}
        path = (*self._path, "issues")
        try:
            issue = await self._rest.send(_Issue, "POST", path, {**content, "assignees": list(filing.assignees)})
        except Refused as refusal:
            if refusal.status not in {404, 422} or not filing.assignees:
                raise
            issue = await self._rest.send(_Issue, "POST", path, content)
        return issue.ticket()

    async def _labels(self, names: list[str]) -> list[int]:
        """Their numbers; a missing one is made."""
        known: dict[str, int] = {}
        for page in range(1, PAGES_AT_MOST + 1):
            labels = await self._rest.get(list[_Label], (*self._path, "labels"), limit=_PER_PAGE, page=page)
            for label in labels:
                known.setdefault(label.name, label.id)
            if not labels:
                break
        for name in names:
            if name not in known:
                content = {"name": name, "color": _COLOUR}
                known[name] = (await self._rest.send(_Label, "POST", (*self._path, "labels"), content)).id
        return [known[name] for name in dict.fromkeys(names)]

    async def remarked(self, ticket: Ticket, occurrence: str) -> bool:
        """The issue first, then its comments, which come all at once."""
        issue = await self._rest.get(_Issue, (*self._path, "issues", ticket.key))
        if carries(issue.body, occurrence):
            return True
        comments = await self._rest.get(list[_Comment], (*self._path, "issues", ticket.key, "comments"))
        return any(carries(comment.body, occurrence) for comment in comments)

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

    async def attach(self, ticket: Ticket, attachment: Attachment) -> None:
        """An asset of the issue."""
        path = (*self._path, "issues", ticket.key, "assets")
        if any(asset.name == attachment.name for asset in await self._rest.get(list[_Asset], path)):
            return
        upload = Upload("attachment", attachment.name, attachment.media_type, attachment.content)
        await self._rest.send(_Asset, "POST", path, upload)
