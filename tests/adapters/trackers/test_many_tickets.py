"""The border up to which a list is read: 2,000 tickets, on every tracker that lists; older ones are found by search."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from memdrift.adapters.trackers.desk import TICKETS_AT_MOST
from memdrift.adapters.trackers.markers import hidden
from memdrift.ports import Remark
from tests.adapters.trackers.faults import serving
from tests.adapters.trackers.published import TOKEN, Held, Published, Said, Wrong, only
from tests.adapters.trackers.sites import Site, entry_of, published
from tests.adapters.trackers.test_one_ticket import MARKER, filing


class GiteaApi(Published):
    """docs.gitea.com/api: "Get a repository", "List a repository's issues", "Get the authenticated user", "List all
    comments and events on an issue". A real one is in the other tests; this one is cheap to fill.

    Attributes:
        most: how many it gives at once (`MAX_RESPONSE_ITEMS`), whatever is asked for.
        pages: how many pages of issues were asked for.
        unseen: which entries of every timeline, counted from 0, the token may not see: they are taken out of a page
            after it was cut, as Gitea does with references from private repositories.
    """

    PROJECT = "market/store"
    most = 50
    pages = 0
    unseen: frozenset[int] = frozenset()

    async def routed(self, request: web.Request, segments: list[str]) -> web.StreamResponse:
        match request.method, segments[2:]:
            case "GET", ["user"]:
                return self.whoami("login")
            case "GET", ["repos", "market", "store"]:
                return web.json_response({"full_name": self.PROJECT})
            case "GET", ["repos", "market", "store", "issues"]:
                only(request.query, {"state", "type", "limit", "page", "labels", "created_by", "q"})
                self.pages += 1
                self.searches += "q" in request.query and request.query["page"] == "1"
                author, label = request.query.get("created_by"), request.query.get("labels", "")
                if not any(label in each.labels for each in self.tickets):
                    label = ""  # an unknown one is no filter
                listed = [
                    self._shown(each)
                    for each in reversed(self.tickets)
                    if author in {None, each.author}
                    and (not label or label in each.labels)
                    and request.query.get("q", "") in each.body
                ]
                return web.json_response([listed[at] for at in self._page(request, len(listed))])
            case "GET", ["repos", "market", "store", "issues", number, "timeline"]:
                only(request.query, {"limit", "page"})
                said = self.ticket(number).comments
                entries = [
                    {"id": at, "type": "comment", "body": str(said[at]), "user": {"login": said[at].author}}
                    for at in self._page(request, len(said))
                    if at not in self.unseen
                ]
                return web.json_response(entries or None)
            case "GET", ["repos", "market", "store", "issues", number]:
                return web.json_response(self._shown(self.ticket(number)))
        raise Wrong(404, "Not Found")

    def _page(self, request: web.Request, count: int) -> range:
        size, page = min(int(request.query["limit"]), self.most), int(request.query["page"])
        return range(min(size * (page - 1), count), min(size * page, count))

    def _shown(self, held: Held) -> dict[str, object]:
        return {
            "number": held.number,
            "html_url": f"https://gitea.example/{self.PROJECT}/issues/{held.number}",
            "state": "open" if held.is_open else "closed",
            "body": held.body,
            "user": {"login": held.author},
            "labels": [{"name": label} for label in held.labels],
            "comments": len(set(range(len(held.comments))) - self.unseen),
        }


def fill(api: Published, others: int) -> None:
    """Our ticket first, then so many others."""
    body = f"It leaks.\n\n{hidden(MARKER)}\n{hidden('incident-1')}\n"
    api.tickets.append(Held(1, "ours", body, ["memdrift"]))
    api.tickets += [Held(2 + number, "another", "x", ["memdrift"]) for number in range(others)]


@pytest.mark.parametrize(("others", "searches"), [(TICKETS_AT_MOST - 1, 0), (TICKETS_AT_MOST, 1)])
@pytest.mark.parametrize("kind", ["GitHub", "GitLab"])
async def test_two_thousand_tickets_are_looked_at_and_older_ones_are_searched(
    tmp_path: Path, kind: str, others: int, searches: int
) -> None:
    async with published(kind, tmp_path) as site:
        fill(site.api, others)
        await found_without_another(site, site.api, searches)


@pytest.mark.parametrize(("others", "searches"), [(TICKETS_AT_MOST - 1, 0), (TICKETS_AT_MOST, 1)])
@pytest.mark.parametrize("most", [50, 40])
async def test_gitea_looks_at_as_many(tmp_path: Path, most: int, others: int, searches: int) -> None:
    api = GiteaApi()
    api.most = most
    fill(api, others)
    async with serving(api.answer) as url:
        entry = entry_of("Gitea", url, TOKEN, tmp_path, api.PROJECT)
        site = Site.of(api, entry, api.PROJECT)
        await found_without_another(site, api, searches)


@pytest.mark.parametrize("unseen", [range(60, 62), range(50), range(0, 100, 2), range(50, 100)])
@pytest.mark.parametrize("most", [50, 40])
async def test_gitea_reads_on_where_entries_of_a_page_are_not_for_it(tmp_path: Path, most: int, unseen: range) -> None:
    """Our remark is behind them: who does not see it would say it again."""
    api = GiteaApi()
    api.most, api.unseen = most, frozenset(unseen)
    fill(api, 0)
    api.tickets[0].comments = [Said("x") for _ in range(130)]
    api.tickets[0].comments[125] = Said(f"Again.\n\n{hidden('incident-2')}\n")
    async with serving(api.answer) as url:
        site = Site.of(api, entry_of("Gitea", url, TOKEN, tmp_path, api.PROJECT), api.PROJECT)
        async with site.process() as tracker:
            assert (await tracker.file(filing(site, 2))).endswith("/issues/1")


async def test_gitea_without_our_label_is_not_read_as_a_whole(tmp_path: Path) -> None:
    api = GiteaApi()
    api.tickets = [Held(1 + number, "another", "x", [], author="mallory") for number in range(TICKETS_AT_MOST + 1)]
    async with serving(api.answer) as url:
        site = Site.of(api, entry_of("Gitea", url, TOKEN, tmp_path, api.PROJECT), api.PROJECT)
        async with site.process() as tracker:
            await tracker.remark(Remark(MARKER, "incident-1", "It is gone.", {}, api.PROJECT))
    assert (api.pages, api.searches) == (2, 0), "one by the label, one by the author"


async def found_without_another(site: Site, api: Published, searches: int) -> None:
    async with site.process() as tracker:
        assert (await tracker.file(filing(site))).endswith("/issues/1")
    assert api.searches == searches
