"""What trackers limit, and what strangers and servers can send: texts, titles, projects, answers, labels, times."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from memdrift.adapters.trackers.answers import retry_after_seconds
from memdrift.errors import NotAllowed, TrackerUnavailable
from tests.adapters.trackers.faults import serving
from tests.adapters.trackers.published import TOKEN, Published
from tests.adapters.trackers.sites import Site, entry_of, published, real_gitea
from tests.adapters.trackers.test_one_ticket import filing
from tests.gitea.server import GiteaServer

DATE = {"Date": "Sat, 01 Mar 2025 00:00:00 GMT"}
MIDNIGHT = 1740787200


@pytest.mark.parametrize("text", ["x" * 99 + "\n", "é" * 99 + "\n", "🧠" * 99 + "\n"], ids=["ascii", "latin", "astral"])
async def test_a_text_and_a_title_beyond_the_limit_are_shortened_and_found_again(site: Site, text: str) -> None:
    asked = filing(site, title="Memory drift " + "é" * 2000, body_markdown=text * 12_000)
    async with site.process() as tracker:
        url = await tracker.file(asked)
        assert await tracker.file(asked) == url
        again = filing(site, 2, recurrence_markdown=text * 12_000)
        assert await tracker.file(again) == url
        assert await tracker.file(again) == url
    (ticket,) = site.tickets()
    assert "(shortened)" in ticket.body
    assert len(ticket.comments) == 1


async def test_gitlab_obeys_no_line_of_a_ticket(tmp_path: Path) -> None:
    async with published("GitLab", tmp_path) as site, site.process() as tracker:
        await tracker.file(filing(site, body_markdown="/close\n\n  /label ~x\n\ntext / more"))
        await tracker.file(filing(site, 2, recurrence_markdown="/reopen"))
    (ticket,) = site.tickets()
    for text in (ticket.body, *ticket.comments):
        assert not any(line.lstrip().startswith("/") for line in text.splitlines())
    assert "text / more" in ticket.body


@pytest.mark.parametrize(
    ("kind", "project"),
    [
        ("GitLab", "../users"),
        ("GitLab", "market/../secret"),
        ("GitLab", "market/.."),
        ("GitLab", "market"),
        ("GitLab", "market%2F../secret/x"),
        ("GitHub", "market/.."),
        ("GitHub", "market/store/../../x"),
        ("GitHub", "market/store?x=1"),
        ("Gitea", "../market"),
        ("JiraCloud", "STORE) OR project = SECRET"),
        ("JiraDataCenter", "../STORE"),
    ],
)
async def test_a_project_is_never_a_path_or_a_query(tmp_path: Path, kind: str, project: str) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=500)

    async with serving(answer) as url:
        more = {"username": "bot@market.example"} if kind == "JiraCloud" else {}
        entry = entry_of(kind, url, TOKEN, tmp_path, "*") | more
        async with Site.of(Published(), entry, project).process() as tracker:
            with pytest.raises(NotAllowed) as caught:
                await tracker.file(filing(Site.of(Published(), entry, project)))
    assert caught.value.reason == "TrackerNotAllowed"
    assert asked == []


@pytest.mark.parametrize("kind", ["GitHub", "GitLab", "Gitea", "JiraCloud", "JiraDataCenter"])
async def test_an_answer_that_repeats_the_request_shows_no_secret(tmp_path: Path, kind: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=400, text=f"bad request: {dict(request.headers)}")

    async with serving(answer) as url:
        more = {"username": "bot@market.example"} if kind == "JiraCloud" else {}
        headers = {"Authentication": "a-second-secret"}
        entry = entry_of(kind, url, TOKEN, tmp_path, "*") | more | {"headers": headers}
        project = "STORE" if "Jira" in kind else "market/store"
        site = Site.of(Published(), entry, project)
        async with site.process() as tracker:
            with pytest.raises(NotAllowed) as caught:
                await tracker.file(filing(site))
    shown = str(caught.value)
    assert "bad request" in shown
    assert TOKEN not in shown
    assert "a-second-secret" not in shown
    assert "Basic Ym90" not in shown


@pytest.mark.parametrize(
    ("status", "headers", "content", "seconds"),
    [
        (429, {"Retry-After": "17"}, b"", 17.0),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(MIDNIGHT + 40)}, b"", 40.0),
        (429, {"RateLimit-Reset": str(MIDNIGHT + 40)}, b"", 40.0),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(MIDNIGHT + 90)}, b"", 90.0),
        (403, {}, b"You have exceeded a secondary rate limit", 60.0),
        (403, {"X-RateLimit-Remaining": "17", "X-RateLimit-Reset": str(MIDNIGHT + 90)}, b"", None),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "nan"}, b"", None),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 40}, b"", 3600.0),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, b"", 0.0),
        (429, {"Retry-After": "Sat, 01 Mar 99999 00:00:00 GMT"}, b"", None),
        (503, {}, b"", None),
    ],
)
def test_when_to_ask_again(status: int, headers: dict[str, str], content: bytes, seconds: float | None) -> None:
    assert retry_after_seconds(status, CaseInsensitive(headers | DATE), content) == seconds


class CaseInsensitive(dict[str, str]):
    """As aiohttp's headers are."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


async def test_comments_larger_than_an_answer_hide_nothing_and_stop_nothing(tmp_path: Path) -> None:
    """A stranger writes ever so much below a ticket."""
    async with published("GitHub", tmp_path) as site, site.process() as tracker:
        await tracker.file(filing(site))
        for _ in range(24):
            site.say(1, "\x01" * 65_000)
        for _ in range(2):
            await tracker.file(filing(site, 2))
    (ticket,) = site.tickets()
    assert len([each for each in ticket.comments if "The same leak again" in each]) == 1


@pytest.mark.servers
@pytest.mark.parametrize("again", range(8))  # what may go wrong between them does not always
async def test_two_leaks_at_once_make_one_label(gitea_server: GiteaServer, tmp_path: Path, again: int) -> None:
    async with real_gitea(gitea_server, tmp_path) as site, site.process() as one, site.process() as other:
        await asyncio.gather(
            *(tracker.file(filing(site, marker=f"leak-{tracker is one}-{n}")) for tracker in (one, other) for n in "ab")
        )
        labels = gitea_server.call("GET", f"repos/{site.project}/labels")
        assert sorted(label["name"] for label in labels) == ["leak", "memdrift"]
        assert len(site.tickets()) == 4
        assert all(set(ticket.labels) == {"leak", "memdrift"} for ticket in site.tickets())


async def test_a_project_whose_number_is_no_number_is_unreadable(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"id": "1 OR project = SECRET", "key": "STORE"})

    async with serving(answer) as url:
        site = Site.of(Published(), entry_of("JiraDataCenter", url, TOKEN, tmp_path, "STORE"), "STORE")
        async with site.process() as tracker:
            with pytest.raises(TrackerUnavailable, match="not what its API documents"):
                await tracker.file(filing(site))
