"""Small GitHub, GitLab and Jira servers, written from the published API references, strict about what those require.

Exists because their programs cannot be had here. Every request must have the documented path, parameters, headers and
fields; anything else is a 4xx, so that a misspelt name fails a test. Must not be kinder than the references.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

TOKEN = "a-token-of-the-tests"
BOT = "memdrift"
"""Whose it is."""


class Said(str):
    """A comment and who wrote it."""

    author = BOT

    @classmethod
    def by(cls, author: str, text: str) -> Said:
        """Somebody's."""
        said = cls(text)
        said.author = author
        return said


@dataclass
class Held:
    """One ticket."""

    number: int
    title: str
    body: str
    labels: list[str]
    assignees: list[str] = field(default_factory=list)
    is_open: bool = True
    comments: list[Said] = field(default_factory=list)
    files: list[Said] = field(default_factory=list)
    unseen: int = 0
    author: str = BOT


class Wrong(Exception):
    """A request that the reference does not know."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def only(given: Any, allowed: set[str], required: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Refuse unknown and missing names."""
    if unknown := set(given) - allowed:
        raise Wrong(422, f"unknown: {sorted(unknown)}")
    if missing := required - set(given):
        raise Wrong(422, f"missing: {sorted(missing)}")


@dataclass
class Published:
    """What the three have in common.

    Attributes:
        people: whose names may be assigned.
        accounts: whose an `Authorization` is; all of them may label.
        doer: who asks now.
        searches: how many were asked.
        knows_itself: whether a token may ask whose it is.
        renamed: whether the project has another name now than the one the store uses.
    """

    tickets: list[Held] = field(default_factory=list)
    people: set[str] = field(default_factory=lambda: {"anna"})
    renamed: bool = False
    accounts: dict[str, str] = field(default_factory=lambda: {f"Bearer {TOKEN}": BOT})
    doer: str = ""
    searches: int = 0
    knows_itself: bool = True
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The handler of every path."""
        segments = [unquote(part) for part in request.rel_url.raw_path.split("/")[1:]]
        self.url = f"http://{request.host}"
        try:
            self.doer = self.accounts.get(request.headers.get("Authorization", ""), "")
            if not self.doer:
                raise Wrong(401, "Bad credentials")
            return await self.routed(request, segments)
        except Wrong as wrong:
            return web.json_response({"message": str(wrong)}, status=wrong.status)

    async def routed(self, request: web.Request, segments: list[str]) -> web.StreamResponse:
        raise NotImplementedError

    def whoami(self, field_name: str) -> web.Response:
        """The account of the token."""
        if not self.knows_itself:
            raise Wrong(403, "Resource not accessible by integration")
        return web.json_response({field_name: self.doer})

    def ticket(self, number: str) -> Held:
        """That ticket, or 404."""
        found = [each for each in self.tickets if str(each.number) == number]
        if not found:
            raise Wrong(404, "Not Found")
        return found[0]

    def added(self, title: str, body: str, labels: list[str], assignees: list[str]) -> Held:
        held = Held(len(self.tickets) + 1, title, body, labels, assignees, author=self.doer)
        self.tickets.append(held)
        return held


async def fields_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent."""
    if request.content_type != "application/json":
        raise Wrong(415, "Content-Type must be application/json")
    content = json.loads(await request.read())
    if not isinstance(content, dict):
        raise Wrong(400, "Problems parsing JSON")
    return content


def utf16_units(text: str) -> int:
    """How Java counts characters."""
    return len(text.encode("utf-16-le")) // 2


async def file_of(request: web.Request, name: str) -> str:
    """The name of the file in the form's field of that name."""
    if request.content_type != "multipart/form-data":
        raise Wrong(415, "Content-Type must be multipart/form-data")
    part = (await request.post()).get(name)
    if not isinstance(part, web.FileField):
        raise Wrong(400, f"{name} is missing")
    return part.filename


class GitHubApi(Published):
    """docs.github.com/en/rest, version 2022-11-28.

    "Get a repository", "List repository issues", "Create an issue", "Get an issue", "Update an issue", "List issue
    comments", "Create an issue comment", "Search issues and pull requests", "Get the authenticated user", "Follow
    redirects". Pull requests are listed as issues.
    """

    PROJECT = "market/store"

    async def routed(self, request: web.Request, segments: list[str]) -> web.StreamResponse:
        if request.headers.get("Accept") != "application/vnd.github+json":
            raise Wrong(415, "Accept")
        if request.headers.get("X-GitHub-Api-Version") != "2022-11-28" or not request.headers.get("User-Agent"):
            raise Wrong(400, "X-GitHub-Api-Version and User-Agent")
        now = "market/renamed" if self.renamed else self.PROJECT
        match request.method, segments:
            case "GET", ["repositories", "1"]:
                return web.json_response({"id": 1, "full_name": now})
            case "GET", ["user"]:
                return self.whoami("login")
            case "GET", ["search", "issues"]:
                only(request.query, {"q", "per_page", "page"}, {"q"})
                asked = re.fullmatch(r'"([^"]+)" repo:(\S+) is:issue in:body (label|author):(\S+)', request.query["q"])
                assert asked is not None
                assert asked[2] == now
                self.searches += 1
                items = [
                    self._shown(each)
                    for each in self.tickets
                    if asked[1] in each.body and asked[4] in (each.labels if asked[3] == "label" else [each.author])
                ]
                return web.json_response({"total_count": len(items), "items": items})
            case method, ["repos", owner, name, *rest]:
                if f"{owner}/{name}" != now:
                    if f"{owner}/{name}" != self.PROJECT:
                        raise Wrong(404, "Not Found")
                    where = f"{self.url}/repositories/1" + "".join(f"/{part}" for part in rest)
                    return web.Response(status=301 if method == "GET" else 307, headers={"Location": where})
                return await self._repository(request, method, rest)
        raise Wrong(404, "Not Found")

    async def _repository(self, request: web.Request, method: str, rest: list[str]) -> web.StreamResponse:
        now = "market/renamed" if self.renamed else self.PROJECT
        match method, rest:
            case "GET", []:
                return web.json_response({"id": 1, "full_name": now})
            case "GET", ["issues"]:
                only(request.query, {"labels", "creator", "state", "per_page", "page"})
                if not 1 <= int(request.query["per_page"]) <= 100 or request.query["state"] != "all":
                    raise Wrong(422, "per_page, state")
                label, creator = request.query.get("labels"), request.query.get("creator")
                listed = [
                    self._shown(each)
                    for each in reversed(self.tickets)
                    if (label is None or label in each.labels) and creator in {None, each.author}
                ]
                pull = {"number": 9999, "html_url": "x", "state": "open", "body": None, "pull_request": {"url": "x"}}
                size, page = int(request.query["per_page"]), int(request.query["page"])
                return web.json_response([*listed, pull][size * (page - 1) : size * page])
            case "POST", ["issues"]:
                given = await fields_of(request)
                only(given, {"title", "body", "labels", "assignees", "milestone", "type"}, {"title"})
                if (
                    len(given["body"]) > 65_536
                    or len(given["title"]) > 256
                    or set(given.get("assignees", [])) - self.people
                ):
                    raise Wrong(422, "Validation Failed")
                made = self.added(given["title"], given["body"], given["labels"], given.get("assignees", []))
                return web.json_response(self._shown(made), status=201)
            case "GET", ["issues", number]:
                return web.json_response(self._shown(self.ticket(number)))
            case "PATCH", ["issues", number]:
                given = await fields_of(request)
                only(given, {"state", "state_reason"})
                self.ticket(number).is_open = {"open": True, "closed": False}[given["state"]]
                return web.json_response(self._shown(self.ticket(number)))
            case "GET", ["issues", number, "comments"]:
                only(request.query, {"since", "per_page", "page"})
                size, page = int(request.query["per_page"]), int(request.query["page"])
                comments = [{"body": each, "user": {"login": each.author}} for each in self.ticket(number).comments]
                return web.json_response(comments[size * (page - 1) : size * page])
            case "POST", ["issues", number, "comments"]:
                given = await fields_of(request)
                only(given, {"body"}, {"body"})
                self.ticket(number).comments.append(Said.by(self.doer, given["body"]))
                return web.json_response({"body": given["body"]}, status=201)
        raise Wrong(404, "Not Found")

    def _shown(self, held: Held) -> dict[str, Any]:
        return {
            "number": held.number,
            "html_url": f"https://github.example/{self.PROJECT}/issues/{held.number}",
            "state": "open" if held.is_open else "closed",
            "body": held.body,
            "user": {"login": held.author},
            "labels": [{"name": label} for label in held.labels],
        }


class GitLabApi(Published):
    """docs.gitlab.com/api, version 4.

    "Get a single project", "List project issues", "New issue", "Edit an issue", "Single project issue", "Notes API:
    list, create and modify issue notes", "Upload a file to a project", "List users: username", "Get the current user",
    and "Redirects" of the REST API.
    """

    PROJECT = "market/teams/store"

    async def routed(self, request: web.Request, segments: list[str]) -> web.StreamResponse:
        match request.method, segments:
            case "GET", ["api", "v4", "user"]:
                return self.whoami("username")
            case "GET", ["api", "v4", "users"]:
                only(request.query, {"username"}, {"username"})
                name = request.query["username"]
                return web.json_response([{"id": 7, "username": name}] if name in self.people else [])
            case "GET", ["api", "v4", "projects", project] if project in {self.PROJECT, "42"}:
                if self.renamed and project != "42":
                    return web.Response(status=301, headers={"Location": f"{self.url}/api/v4/projects/42"})
                return web.json_response({"id": 42})
            case method, ["api", "v4", "projects", "42", *rest]:
                return await self._project(request, method, rest)
        raise Wrong(404, "404 Project Not Found")

    async def _project(self, request: web.Request, method: str, rest: list[str]) -> web.StreamResponse:
        match method, rest:
            case "GET", ["issues"]:
                only(request.query, {"labels", "author_username", "search", "in", "state", "scope", "per_page", "page"})
                if request.query["state"] not in {"all", "opened", "closed"} or int(request.query["per_page"]) > 100:
                    raise Wrong(400, "state, per_page")
                label, text = request.query.get("labels", ""), request.query.get("search", "")
                author = request.query.get("author_username")
                self.searches += bool(text and request.query["page"] == "1")
                listed = [
                    self._shown(each)
                    for each in reversed(self.tickets)
                    if (not label or label in each.labels) and text in each.body and author in {None, each.author}
                ]
                size, page = int(request.query["per_page"]), int(request.query["page"])
                return web.json_response(listed[size * (page - 1) : size * page])
            case "POST", ["issues"]:
                given = await fields_of(request)
                only(given, {"title", "description", "labels", "assignee_ids"}, {"title"})
                if len(given["title"]) > 255 or any(number != 7 for number in given.get("assignee_ids", [])):
                    raise Wrong(400, "title, assignee_ids")
                made = self.added(given["title"], given["description"], given["labels"].split(","), [])
                return web.json_response(self._shown(made), status=201)
            case "GET", ["issues", number]:
                return web.json_response(self._shown(self.ticket(number)))
            case "PUT", ["issues", number]:
                given = await fields_of(request)
                only(given, {"state_event", "description"})
                held = self.ticket(number)
                held.is_open = {"reopen": True, "close": False, None: held.is_open}[given.get("state_event")]
                held.body = given.get("description", held.body)
                held.files += _uploads(given.get("description", ""))
                return web.json_response(self._shown(self.ticket(number)))
            case "GET", ["issues", number, "notes"]:
                only(request.query, {"per_page", "page", "sort", "order_by"})
                size, page = int(request.query["per_page"]), int(request.query["page"])
                notes = [
                    {"id": 1 + at, "body": each, "author": {"username": each.author}}
                    for at, each in enumerate(self.ticket(number).comments)
                ]
                return web.json_response(notes[::-1][size * (page - 1) : size * page])
            case "PUT", ["issues", number, "notes", note]:
                given = await fields_of(request)
                only(given, {"body"}, {"body"})
                comments = self.ticket(number).comments
                if comments[int(note) - 1].author != self.doer:
                    raise Wrong(403, "403 Forbidden")
                comments[int(note) - 1] = Said.by(self.doer, given["body"])
                self.ticket(number).files += _uploads(given["body"])
                return web.json_response({"id": int(note), "body": given["body"]})
            case "POST", ["issues", number, "notes"]:
                given = await fields_of(request)
                only(given, {"body", "internal", "created_at"}, {"body"})
                self.ticket(number).comments.append(Said.by(self.doer, given["body"]))
                return web.json_response({"id": 1, "body": given["body"]}, status=201)
            case "POST", ["uploads"]:
                name = await file_of(request, "file")
                return web.json_response(
                    {"url": f"/uploads/0/{name}", "markdown": f"![{name}](/uploads/0/{name})"}, status=201
                )
        raise Wrong(404, "404 Not Found")

    def _shown(self, held: Held) -> dict[str, Any]:
        return {
            "iid": held.number,
            "web_url": f"https://gitlab.example/{self.PROJECT}/-/issues/{held.number}",
            "state": "opened" if held.is_open else "closed",
            "description": held.body,
            "author": {"username": held.author},
            "labels": held.labels,
        }


def _uploads(text: str) -> list[Said]:
    return [Said(name) for name in re.findall(r"/uploads/0/([^)]+)\)", text)]


def basic(token: str) -> str:
    """The header of Jira Cloud."""
    return "Basic " + base64.b64encode(f"bot@market.example:{token}".encode()).decode()


@dataclass
class JiraApi(Published):
    """developer.atlassian.com/cloud/jira/platform/rest/v2, and the Jira Data Center REST API 2.

    "Get project", "Search for issues using JQL enhanced search (POST)" (Cloud), "Perform search" (Data Center), "Create
    issue", "Get issue", "Get comments", "Add comment", "Get transitions", "Transition issue", "Get current user", "Add
    attachment" with `X-Atlassian-Token`. Search does not see a new issue for some searches ("Search after write").

    Attributes:
        cloud: names people by accountId, wants name and token, has the newer search.
        lag_searches: how many searches do not see a new issue.
    """

    cloud: bool = True
    lag_searches: int = 2
    PROJECT = "STORE"

    def __post_init__(self) -> None:
        if self.cloud:
            self.accounts = {basic(TOKEN): BOT}

    async def routed(self, request: web.Request, segments: list[str]) -> web.StreamResponse:
        if segments[:3] != ["rest", "api", "2"]:
            raise Wrong(404, "no such API")
        match request.method, segments[3:]:
            case "GET", ["myself"]:
                return self.whoami("accountId" if self.cloud else "name")
            case "GET", ["project", "STORE"]:
                return web.json_response({"id": "10000", "key": "STORE"})
            case "POST", ["search", "jql"] if self.cloud:
                return await self._search(request, {"jql", "fields", "maxResults", "nextPageToken", "reconcileIssues"})
            case "POST", ["search"] if not self.cloud:
                return await self._search(request, {"jql", "fields", "maxResults", "startAt", "validateQuery"})
            case "POST", ["issue"]:
                return await self._create(request)
            case "GET", ["issue", key]:
                held = self.ticket(key.removeprefix("STORE-"))
                fields: dict[str, Any] = {"description": held.body}
                fields["attachment"] = [{"filename": each, "author": self._person(each.author)} for each in held.files]
                only(request.query, {"fields"})
                chosen = {request.query["fields"]: fields[request.query["fields"]]}
                return web.json_response({"id": str(10_000 + held.number), "key": key, "fields": chosen})
            case method, ["issue", key, *rest]:
                return await self._issue(request, method, self.ticket(key.removeprefix("STORE-")), rest)
        raise Wrong(404, "Issue does not exist")

    async def _search(self, request: web.Request, allowed: set[str]) -> web.StreamResponse:
        given = await fields_of(request)
        only(given, allowed, {"jql"})
        creators = r'\(creator = currentUser\(\)(?: OR creator in \(("[^"]+"(?:, "[^"]+")*)\))?\)'
        marker = r'project = 10000 AND labels = "([A-Za-z0-9._-]+)"'
        asked = re.fullmatch(f"{marker} AND {creators} ORDER BY created ASC", given["jql"])
        if asked is None:
            raise Wrong(400, "Error in the JQL Query")
        creator = {self.doer, *re.findall(r'"([^"]+)"', asked[2] or "")}
        seen = []
        for held in self.tickets:
            held.unseen -= 1
            if held.unseen < 0 and asked[1] in held.labels and held.author in creator:
                category = {"statusCategory": {"key": "new" if held.is_open else "done"}}
                number = held.number
                seen.append({"id": str(10_000 + number), "key": f"STORE-{number}", "fields": {"status": category}})
        return web.json_response({"issues": seen})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        given = await fields_of(request)
        only(given, {"fields", "update"}, {"fields"})
        fields = given["fields"]
        required = {"project", "issuetype", "summary"}
        only(fields, required | {"description", "labels", "assignee"}, required)
        if len(fields["summary"]) > 255 or "\n" in fields["summary"] or utf16_units(fields["description"]) > 32_767:
            raise Wrong(400, "summary, description")
        if any(" " in label for label in fields["labels"]) or fields["project"] != {"id": "10000"}:
            raise Wrong(400, "labels, project")
        assignee = fields.get("assignee")
        if assignee is not None and assignee.get("accountId" if self.cloud else "name") not in self.people:
            raise Wrong(400, "assignee")
        made = self.added(fields["summary"], fields["description"], fields["labels"], [])
        made.unseen = self.lag_searches
        key = f"STORE-{made.number}"
        return web.json_response({"id": str(10_000 + made.number), "key": key, "self": f"{self.url}/x"}, status=201)

    async def _issue(self, request: web.Request, method: str, held: Held, rest: list[str]) -> web.StreamResponse:
        match method, rest:
            case "GET", ["comment"]:
                only(request.query, {"startAt", "maxResults", "orderBy"})
                start, size = int(request.query["startAt"]), int(request.query["maxResults"])
                comments = [
                    {"body": each, "author": self._person(each.author)} for each in held.comments[start : start + size]
                ]
                return web.json_response({"comments": comments, "total": len(held.comments)})
            case "POST", ["comment"]:
                given = await fields_of(request)
                only(given, {"body", "visibility"}, {"body"})
                held.comments.append(Said.by(self.doer, given["body"]))
                return web.json_response({"body": given["body"]}, status=201)
            case "GET", ["transitions"]:
                ways = [("11", "indeterminate"), ("21", "new")] if not held.is_open else [("31", "done")]
                shown = [{"id": number, "to": {"statusCategory": {"key": key}}} for number, key in ways]
                return web.json_response({"transitions": shown})
            case "POST", ["transitions"]:
                given = await fields_of(request)
                only(given, {"transition", "fields", "update"}, {"transition"})
                held.is_open = {"11": True, "21": True, "31": False}[given["transition"]["id"]]
                return web.Response(status=204)
            case "POST", ["attachments"]:
                if request.headers.get("X-Atlassian-Token") != "no-check":
                    raise Wrong(403, "XSRF check failed")
                held.files.append(Said.by(self.doer, await file_of(request, "file")))
                return web.json_response([{"filename": held.files[-1]}])
        raise Wrong(404, "Not Found")

    def _person(self, name: str) -> dict[str, str]:
        return {"accountId" if self.cloud else "name": name}
