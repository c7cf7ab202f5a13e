"""The border up to which a list is read: 2,000 tickets, on every tracker that lists; older ones are found by search."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from memdrift.adapters.trackers.desk import TICKETS_AT_MOST
from memdrift.adapters.trackers.markers import hidden
from tests.adapters.trackers.faults import serving
from tests.adapters.trackers.published import TOKEN, Held, Published, Wrong, only
from tests.adapters.trackers.sites import Site, entry_of, published
from tests.adapters.trackers.test_one_ticket import MARKER, filing


class GiteaApi(Published):
    """docs.gitea.com/api: "Get a repository", "List a repository's issues", "Get the authenticated user", "List all
    comments and events on an issue". A real one is in the other tests; this one is cheap to fill.

    Attributes:
        most: how many it gives at once (`MAX_RESPONSE_ITEMS`), whatever is asked for.
    """

    PROJECT = "market/store"
    most = 50

    async def routed(self, request: web.Request, segments: list[str]) -> web.StreamResponse:
        match request.method, segments[2:]:
            case "GET", ["user"]:
                return self.whoami("login")
            case "GET", ["repos", "market", "store"]:
                return web.json_response({"full_name": self.PROJECT})
            case "GET", ["repos", "market", "store", "issues"]:
                only(request.query, {"state", "type", "limit", "page", "labels", "created_by", "q"})
                self.searches += "q" in request.query and request.query["page"] == "1"
                author, label = request.query.get("created_by"), request.query.get("labels", "")
                listed = [
                    self._shown(each)
                    for each in reversed(self.tickets)
                    if author in {None, each.author}
                    and (not label or label in each.labels)
                    and request.query.get("q", "") in each.body
                ]
                size, page = min(int(request.query["limit"]), self.most), int(request.query["page"])
                return web.json_response(listed[size * (page - 1) : size * page])
            case "GET", ["repos", "market", "store", "issues", number]:
                return web.json_response(self._shown(self.ticket(number)))
        raise Wrong(404, "Not Found")

    def _shown(self, held: Held) -> dict[str, object]:
        return {
            "number": held.number,
            "html_url": f"https://gitea.example/{self.PROJECT}/issues/{held.number}",
            "state": "open" if held.is_open else "closed",
            "body": held.body,
            "user": {"login": held.author},
            "labels": [{"name": label} for label in held.labels],
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


async def found_without_another(site: Site, api: Published, searches: int) -> None:
    async with site.process() as tracker:
        assert (await tracker.file(filing(site))).endswith("/issues/1")
    assert api.searches == searches
