"""The chart as people see it in a real Gitea: attached, served as it was, and drawn inside the ticket."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from memdrift.adapters.trackers.markers import carries
from memdrift.ports import Attachment
from memdrift.report import ticket as reported
from tests.adapters.trackers.sites import Site, real_gitea
from tests.adapters.trackers.test_one_ticket import MARKER, filing
from tests.browser.chromium import browser_page
from tests.gitea.server import GiteaServer
from tests.report.exhibits import whole_view

pytestmark = pytest.mark.servers

PICTURES = ".render-content img"
DRAWN = "picture => [picture.alt, picture.naturalWidth, picture.getBoundingClientRect().width]"
LOADED = "picture => picture.complete || new Promise(loaded => picture.addEventListener('load', loaded))"


async def filed(site: Site) -> tuple[str, bytes]:
    """A ticket and its recurrence, each with its chart, filed twice."""
    view = whole_view()
    chart = reported.chart_svg(view)
    assert chart is not None
    async with site.process() as tracker:
        for incident in (1, 2):
            attachment = Attachment(f"features-{incident}-chart.svg", reported.CHART_TYPE, chart)
            body = reported.ticket_markdown(view)
            asked = filing(site, incident, body_markdown=body, recurrence_markdown=body, attachments=(attachment,))
            for _ in range(2):
                url = await tracker.file(asked)
    return url, chart


async def test_the_chart_is_attached_served_and_drawn(gitea_server: GiteaServer, tmp_path: Path) -> None:
    async with real_gitea(gitea_server, tmp_path) as site:
        url, chart = await filed(site)
        (ticket,) = site.tickets()
        assert ticket.files == ["features-1-chart.svg"]
        assert len(ticket.comments) == 1
        for text, occurrence in ((ticket.body, "incident-1"), (ticket.comments[0], "incident-2")):
            assert text.count("/attachments/") == 1
            assert carries(text, occurrence)
        assert carries(ticket.body, MARKER)
        content_type, content = opened(ticket.body.partition("](<")[2].partition(">)")[0])
        assert (content_type, content) == ("image/svg+xml", chart)
        async with browser_page() as browsed:
            await browsed.page.goto(url.replace(site.entry["url"], gitea_server.url))
            drawn = []
            for picture in await browsed.page.query_selector_all(PICTURES):
                await picture.scroll_into_view_if_needed()  # Gitea lets pictures load when they are looked at
                await picture.evaluate(LOADED)
                drawn.append(await picture.evaluate(DRAWN))
    assert [alt for alt, _, _ in drawn] == ["features-1-chart.svg", "features-2-chart.svg"]
    assert all(natural > 100 and width > 500 for _, natural, width in drawn)


def opened(url: str) -> tuple[str, bytes]:
    """What is served to everybody."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=30) as answer:
        content: bytes = answer.read()
        return answer.headers.get_content_type(), content
