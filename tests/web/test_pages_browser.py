"""The pages in a real Chromium, from a real server: signing in, reading, staying where one is while they refresh."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.axe import serious_faults
from tests.browser.chromium import Browsed, browser_page
from tests.web.people import Office, condition, holding, incident_document, office, store_document

pytestmark = pytest.mark.servers

INCIDENT = "/incidents/market/features-2"
AGAIN = "document.querySelector('[data-again]').click()"
ALL = {"Authorization": "Bearer all"}


@pytest.fixture
async def place() -> AsyncIterator[Office]:
    async with office() as running:
        yield running


def unharmed(browsed: Browsed, place: Office) -> None:
    assert browsed.problems == []
    elsewhere = [address for address in browsed.requests if not address.startswith(f"{place.url}/")]
    assert elsewhere == []


def many(place: Office) -> None:
    """More than fits a screen."""
    for number in range(40):
        place.board.store_seen(store_document(f"store-{number:02}", verdict="Drifting", growthPerHour="7Mi"))
        place.board.incident_seen(
            incident_document(f"store-{number:02}-1", store=f"store-{number:02}", **holding(5 + number))
        )


async def pictured(page: Page, name: str) -> None:
    """A screenshot for people, where a folder is named for it."""
    if folder := os.environ.get("MEMDRIFT_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("path", ["/fleet", INCIDENT, "/login"])
@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 1280), (False, 360), (True, 360)])
async def test_it_renders_without_a_fault(place: Office, path: str, dark: bool, width: int) -> None:
    async with browser_page(dark=dark, width=width, headers=ALL, bypass_policy=True) as browsed:
        page = browsed.page
        answer = await page.goto(place.url + path)
        assert answer is not None
        assert answer.status == 200
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")
        await pictured(page, f"{path.strip('/').replace('/', '-')}-{'dark' if dark else 'light'}-{width}")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
        unharmed(browsed, place)
        assert await serious_faults(page) == []


@pytest.mark.parametrize("dark", [False, True])
async def test_on_paper_it_is_light_and_tells_moments_instead_of_a_clock_that_stopped(
    place: Office, dark: bool
) -> None:
    many(place)
    async with browser_page(dark=dark, width=718, headers=ALL) as browsed:  # an A4 page less its margins
        page = browsed.page
        await page.goto(place.url + "/fleet?q=store")
        await page.emulate_media(media="print")
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not await page.get_by_role("button").first.is_visible()
        assert not await page.locator("#filter").is_visible()
        waits = "getComputedStyle(document.querySelector('time[data-until]'), '::after').content"
        assert str(await page.evaluate(waits)).startswith('"2025-03-01 0'), "on paper no clock runs on"
        ticket = "getComputedStyle(document.querySelector('a.address'), '::after').content"
        assert "https://tracker.example/" in await page.evaluate(ticket)
        assert "40 with “store” in their names" in await page.locator("caption").first.inner_text()
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it is cut off"
        assert (await page.pdf(format="A4")).startswith(b"%PDF")
        unharmed(browsed, place)


async def test_a_part_of_the_fleet_is_called_a_part(place: Office) -> None:
    place.reviews.hangs_for = "mark"
    async with browser_page(width=360, headers={"Authorization": "Bearer market"}, bypass_policy=True) as browsed:
        page = browsed.page
        await page.goto(place.url + "/fleet")
        told = page.locator("#unasked")
        assert "2 of 2 namespaces are not looked at yet" in await told.inner_text()
        await pictured(page, "part")
        assert await serious_faults(page) == []
        place.reviews.hangs_for = ""
        await page.evaluate(AGAIN)
        await page.locator('[data-key="market/features"]').first.wait_for()
        assert await told.count() == 0, "the refresh went on, and the page is whole"


async def test_our_own_form_is_sent_with_our_origin(place: Office) -> None:
    """What browsers without `Sec-Fetch-Site` are told apart by; under `no-referrer` it would be null."""
    async with browser_page() as browsed:
        page = browsed.page
        await page.goto(place.url + "/login")
        await page.get_by_label("Token").fill("market")
        async with page.expect_request(lambda request: request.method == "POST") as sent:
            await page.get_by_role("button", name="Sign in").click()
        headers = await (await sent.value).all_headers()
        assert headers["origin"] == place.url
        await page.wait_for_url(f"{place.url}/fleet")


async def test_signing_in_leads_back_and_signing_out_ends_it(place: Office) -> None:
    async with browser_page() as browsed:
        page = browsed.page
        await page.goto(place.url + INCIDENT)
        assert await page.locator("h1").inner_text() == "Sign in to memdrift"
        await page.get_by_label("Token").fill("market")
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{place.url}{INCIDENT}")
        assert (await page.locator("h1").inner_text()).startswith("features grows by")
        assert "memdrift-session" not in await page.evaluate("document.cookie")
        await page.get_by_role("link", name="Fleet", exact=True).click()
        await page.wait_for_url(f"{place.url}/fleet")
        assert await page.locator("text=offers").count() == 0
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(f"{place.url}/login")
        await page.goto(place.url + "/fleet")
        assert await page.locator("h1").inner_text() == "Sign in to memdrift"


async def test_who_has_no_rights_sees_403_and_can_leave(place: Office) -> None:
    async with browser_page(bypass_policy=True) as browsed:
        page = browsed.page
        await page.goto(place.url + "/login")
        await page.get_by_label("Token").fill("nobody")
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{place.url}/fleet")
        for path in ("/fleet", INCIDENT):
            answer = await page.goto(place.url + path)
            assert answer is not None
            assert answer.status == 403
            assert await page.locator("h1").inner_text() == "You may not see this"
            assert "120Mi" not in await page.content()
        await pictured(page, "forbidden")
        assert await serious_faults(page) == []
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(f"{place.url}/login")


async def test_a_refresh_keeps_the_place(place: Office) -> None:
    many(place)
    async with browser_page(headers=ALL) as browsed:
        page = browsed.page
        await page.goto(place.url + "/fleet")
        await page.locator("#q").fill("typed, not sent")
        row = page.locator('[aria-labelledby="incidents"] [data-key="market/store-20-1"]')
        await row.scroll_into_view_if_needed()
        await row.locator("a").first.focus()
        top = "document.querySelector('[data-key=\"market/store-20-1\"]').getBoundingClientRect().top"
        before = await page.evaluate(top)
        for number in range(40, 46):  # the newest come first: above what is being read
            place.board.incident_seen(incident_document(f"newer-{number}", store="newer", **holding(5, "NewerReason")))
        place.board.store_seen(
            store_document("profiles", verdict="Drifting", conditions=[condition("Remediating", "False", "Storm", "s")])
        )
        await page.evaluate(AGAIN)
        await page.get_by_text("Storm", exact=True).wait_for()
        assert await page.locator("text=NewerReason").count() == 6
        assert abs(await page.evaluate(top) - before) < 2
        assert await page.evaluate("document.activeElement.textContent") == "store-20-1"
        assert await page.locator("#q").input_value() == "typed, not sent"
        assert page.url == f"{place.url}/fleet"
        unharmed(browsed, place)


async def test_an_open_incident_keeps_its_details_and_its_flame_graph(place: Office) -> None:
    async with browser_page(headers=ALL) as browsed:
        page = browsed.page
        await page.goto(place.url + INCIDENT)
        await page.locator("#search").fill("async")
        await page.locator("summary", has_text="as text").click()
        await page.evaluate("document.querySelector('svg.flame').dataset.mine = 'yes'")
        place.change(reason="Budget24Hours", message="the rolling budget is used up")
        place.clock.passed += 6
        await page.evaluate(AGAIN)
        await page.get_by_text("Budget24Hours").first.wait_for()
        assert await page.locator("#search").input_value() == "async"
        assert await page.locator("svg.flame[data-mine] .hit").count() > 0
        assert await page.locator("details[open] > summary", has_text="as text").count() == 1
        assert await page.locator("[data-live]").inner_text() == "Live"
        unharmed(browsed, place)


async def test_it_refreshes_by_itself_and_counts_down(place: Office) -> None:
    async with browser_page(headers=ALL) as browsed:
        page = browsed.page
        await page.goto(place.url + "/fleet")
        place.board.store_seen(
            store_document("profiles", verdict="Drifting", conditions=[condition("Remediating", "False", "Storm", "s")])
        )
        await page.get_by_text("Storm", exact=True).wait_for()
        shown = await page.locator("time[data-until]").first.inner_text()
        assert shown == "due now", "the browser's clock is years after the test's"
        unharmed(browsed, place)


async def test_it_says_when_it_is_not_live_any_more(place: Office) -> None:
    async with browser_page(headers=ALL) as browsed:
        page = browsed.page
        await page.goto(place.url + "/fleet")
        place.reviews.people.clear()
        place.clock.passed += 60
        await page.evaluate(AGAIN)
        await page.get_by_text("load the page again").wait_for()
        assert await page.locator('[data-key="market/features"]').count() == 1, "what was read stays"


async def test_without_scripts_it_is_complete_and_a_link_refreshes_it(place: Office) -> None:
    async with browser_page(javascript=False, headers=ALL) as browsed:
        page = browsed.page
        await page.goto(place.url + "/fleet?verdict=Steady")
        stores = page.locator('[aria-labelledby="stores"]')
        assert await stores.locator("tbody tr").count() == 1
        assert "in 50 min" in await page.locator('[aria-labelledby="incidents"]').inner_text()
        place.board.store_seen(store_document("steady", verdict="Steady"))
        await page.get_by_role("link", name="Refresh").click()
        assert page.url.endswith("/fleet?verdict=Steady")
        assert await stores.locator("tbody tr").count() == 2
        await page.get_by_label("Store, namespace or suspect").fill("profiles")
        await page.get_by_role("button", name="Show").click()
        assert await stores.locator("tbody tr").count() == 1
        unharmed(browsed, place)


async def test_its_policy_keeps_foreign_scripts_out(place: Office) -> None:
    async with browser_page(headers=ALL) as browsed:
        page = browsed.page
        await page.goto(place.url + "/fleet")
        await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.owned=1>')")
        assert await page.evaluate("window.owned") is None
        assert any("Content Security Policy" in problem for problem in browsed.problems)
