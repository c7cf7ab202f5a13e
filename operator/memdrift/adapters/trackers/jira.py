"""Jira Cloud and Jira Data Center, by the REST API in version 2, whose texts are wiki markup in both.

(developer.atlassian.com: "Jira Cloud platform REST API v2", "Search after write"; docs.atlassian.com: "Jira Data Center
REST API", "JQL functions: currentUser()".) Jira shows every text, so the ticket's marker is a label; everybody may set
one, so the creator counts. Its search lags for seconds, sometimes minutes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field

from memdrift.adapters.trackers.belief import Account
from memdrift.adapters.trackers.desk import COMMENTS_AT_MOST, LABEL, Ticket
from memdrift.adapters.trackers.markers import carries, marked, plain_marker, shown
from memdrift.adapters.trackers.paging import listed
from memdrift.adapters.trackers.refusals import Refused
from memdrift.adapters.trackers.rest import Rest, Upload
from memdrift.adapters.trackers.wikimarkup import wiki
from memdrift.api.administration import Tracker, TrackerKind
from memdrift.errors import NotAllowed
from memdrift.ports import Attachment, Filing

ROOT = "/rest/api/2"
NO_CHECK = {"X-Atlassian-Token": "no-check"}
"""Without it Jira refuses uploads as forged."""
_PROJECT = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_PER_PAGE = 100
_CHARACTERS_AT_MOST = 32_767
_SUMMARY_CHARACTERS_AT_MOST = 255


class _Project(BaseModel):
    id: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
    key: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")]


class _Person(BaseModel):
    """Data Center knows people by name, Cloud by a number only."""

    account_id: str = Field("", alias="accountId")
    name: str = ""

    def named(self) -> str:
        return self.account_id or self.name


class _Category(BaseModel):
    key: str = ""


class _Status(BaseModel):
    status_category: _Category = Field(default=_Category(), alias="statusCategory")


class _File(BaseModel):
    filename: str = ""
    author: _Person | None = None


class _Fields(BaseModel):
    status: _Status = _Status()
    description: str | None = None
    attachment: list[_File] = []


class _Issue(BaseModel):
    id: str
    key: str
    fields: _Fields = _Fields()


class _Found(BaseModel):
    issues: list[_Issue] = []


class _Comment(BaseModel):
    body: str = ""
    author: _Person | None = None


class _Comments(BaseModel):
    comments: list[_Comment] = []


class _Transition(BaseModel):
    id: str
    to: _Status = _Status()


class _Transitions(BaseModel):
    transitions: list[_Transition] = []


class Jira:
    """Implements `Desk` for one project, by its key."""

    lag_seconds = 60.0

    def __init__(self, rest: Rest, project: str, configured: Tracker) -> None:
        if not _PROJECT.fullmatch(project):
            raise NotAllowed("TrackerNotAllowed", f"`spec.filing.project` `{project}` is not the key of a project")
        self._rest = rest
        self._project = project
        self._project_id = ""
        self._configured = configured
        self._cloud = configured.kind is TrackerKind.JIRA_CLOUD
        self._account = Account(self._myself, configured.trusted_authors)

    async def _myself(self) -> str:
        return (await self._rest.get(_Person, ("myself",))).named()

    async def arrive(self) -> None:
        """A renamed project answers under its old key."""
        project = await self._rest.get(_Project, ("project", self._project))
        self._project, self._project_id = project.key, project.id

    async def find(self, marker: str) -> Sequence[Ticket]:
        """By the marker's label, among those that we or a trusted author created."""
        creators = ["creator = currentUser()"]
        if self._configured.trusted_authors:
            names = ", ".join(f'"{name}"' for name in self._configured.trusted_authors)
            creators.append(f"creator in ({names})")
        believed = f"({' OR '.join(creators)})"
        jql = f'project = {self._project_id} AND labels = "{_label(marker)}" AND {believed} ORDER BY created ASC'
        path = ("search", "jql") if self._cloud else ("search",)
        asked = {"jql": jql, "fields": ["status"], "maxResults": 50}
        found = await self._rest.send(_Found, "POST", path, asked)
        return [self._ticket(issue) for issue in found.issues]

    def _ticket(self, issue: _Issue) -> Ticket:
        url = f"{(self._configured.url or '').rstrip('/')}/browse/{issue.key}"
        order = int(issue.id) if issue.id.isdecimal() else 0
        return Ticket(issue.key, order, url, issue.fields.status.status_category.key != "done")

    async def create(self, filing: Filing) -> Ticket:
        """One assignee; where Jira refuses a field, a ticket without assignee is better than none."""
        fields: dict[str, Any] = {
            "project": {"id": self._project_id},
            "issuetype": {"name": self._configured.issue_type},
            "summary": " ".join(filing.title.split())[:_SUMMARY_CHARACTERS_AT_MOST],
            "description": marked(wiki(filing.body_markdown), _CHARACTERS_AT_MOST, shown(filing.occurrence)),
            "labels": [LABEL, _label(filing.marker), *("-".join(label.split()) for label in filing.labels)],
        }
        assignee = {"accountId" if self._cloud else "name": filing.assignees[0]} if filing.assignees else None
        try:
            more = {"assignee": assignee} if assignee else {}
            issue = await self._rest.send(_Issue, "POST", ("issue",), {"fields": {**fields, **more}})
        except Refused as refusal:
            if refusal.status != 400 or assignee is None:
                raise
            issue = await self._rest.send(_Issue, "POST", ("issue",), {"fields": fields})
        return self._ticket(issue)

    async def remarked(self, ticket: Ticket, occurrence: str) -> bool:
        """The description first, then the comments."""
        issue = await self._rest.get(_Issue, ("issue", ticket.key), fields="description")
        if carries(issue.fields.description or "", occurrence):
            return True

        async def page(number: int, size: int) -> list[_Comment]:
            path, start = ("issue", ticket.key, "comment"), (number - 1) * size
            return (await self._rest.get(_Comments, path, startAt=start, maxResults=size)).comments

        for comment in (await listed(page, _PER_PAGE, COMMENTS_AT_MOST)).items:
            author = comment.author.named() if comment.author else ""
            if carries(comment.body, occurrence) and await self._account.said(author):
                return True
        return False

    async def remark(self, ticket: Ticket, markdown: str, occurrence: str) -> None:
        """One comment."""
        body = marked(wiki(markdown), _CHARACTERS_AT_MOST, shown(occurrence))
        await self._rest.send(_Comment, "POST", ("issue", ticket.key, "comment"), {"body": body})

    async def reopen(self, ticket: Ticket) -> None:
        """By a transition into what counts as to do, else as in progress; nothing where the workflow has none."""
        await self._move(ticket, ("new", "indeterminate"))

    async def close_as_duplicate(self, ticket: Ticket) -> None:
        """By a transition into what counts as done; its comment names the one that stays."""
        await self._move(ticket, ("done",))

    async def _move(self, ticket: Ticket, categories: Sequence[str]) -> None:
        path = ("issue", ticket.key, "transitions")
        known = (await self._rest.get(_Transitions, path)).transitions
        ways = [each for key in categories for each in known if each.to.status_category.key == key]
        if ways:
            await self._rest.send(object, "POST", path, {"transition": {"id": ways[0].id}})

    async def attach(self, ticket: Ticket, attachment: Attachment, _occurrence: str) -> None:
        """An attachment of the issue, to open: no text names it, because not every Jira draws SVG in one."""
        issue = await self._rest.get(_Issue, ("issue", ticket.key), fields="attachment")
        for file in issue.fields.attachment:
            if file.filename == attachment.name and await self._account.said(
                file.author.named() if file.author else ""
            ):
                return
        upload = Upload("file", attachment.name, attachment.media_type, attachment.content)
        await self._rest.send(list[_File], "POST", ("issue", ticket.key, "attachments"), upload)


def _label(marker: str) -> str:
    return f"{LABEL}-{plain_marker(marker)}"
