"""The incident's page in a real Chromium, as a file from the disk: as it is read, and without the operator."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from memdrift.report.incident import incident_page
from tests.browser.axe import serious_faults
from tests.browser.chromium import Browsed, browser_page
from tests.report.exhibits import LEAKING, many_stacks, whole_incident, whole_view
from tests.report.hostile import HOSTILE
from tests.report.incidents import findings, suspect

pytestmark = pytest.mark.servers


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(incident_page(whole_view()), encoding="utf-8")
    return path


async def opened(browsed: Browsed, path: Path) -> Page:
    await browsed.page.goto(path.as_uri())
    return browsed.page


def unharmed(browsed: Browsed, path: Path) -> None:
    assert browsed.problems == []
    assert browsed.requests == [path.as_uri()], "something was loaded from elsewhere"


def shown(page: Page) -> str:
    return "[...document.querySelectorAll('svg.flame > svg')].filter(f => f.style.display !== 'none').length"


@pytest.mark.parametrize("dark", [False, True])
async def test_it_renders_in_light_and_dark_without_fault(written: Path, dark: bool) -> None:
    async with browser_page(dark=dark, bypass_policy=True) as browsed:
        page = await opened(browsed, written)
        assert await page.locator("h1").inner_text() == (
            "features grows by 120Mi per hour: github.com/grab/async v0.0.3 keeps contexts"
        )
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")
        assert await page.evaluate("document.querySelector('.chart .ground').getBoundingClientRect().height > 200")
        assert await page.evaluate("getComputedStyle(document.querySelector('.chart .ground')).fill") == ground
        unharmed(browsed, written)
        assert await serious_faults(page) == []


async def test_its_own_policy_lets_its_style_and_script_run(written: Path) -> None:
    async with browser_page() as browsed:
        page = await opened(browsed, written)
        assert await page.locator("[data-tools]").is_visible()
        await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.owned=1>')")
        assert await page.evaluate("window.owned") is None
        assert any("Content Security Policy" in problem for problem in browsed.problems)


async def test_search_marks_what_matches_and_says_how_much(written: Path) -> None:
    async with browser_page() as browsed:
        page = await opened(browsed, written)
        await page.keyboard.press("/")
        await page.keyboard.type("GRAB/ASYNC")
        assert await page.locator("svg.flame .hit").count() == 2
        assert await page.locator("[data-said]").inner_text() == "2 frames match, with 90.3 % of the growth"
        await page.keyboard.press("Escape")
        assert await page.locator("svg.flame .hit").count() == 0
        unharmed(browsed, written)


async def test_a_click_zooms_and_the_button_shows_all_again(written: Path) -> None:
    async with browser_page() as browsed:
        page = await opened(browsed, written)
        everything = await page.evaluate(shown(page))
        target = page.locator("svg.flame > svg", has_text=LEAKING).first
        whole = await page.evaluate("document.querySelector('svg.flame').getBoundingClientRect().width")
        await target.click()
        box = await target.bounding_box()
        assert box is not None
        assert abs(box["width"] - whole) < 2
        assert await page.evaluate(shown(page)) < everything
        await page.locator("[data-whole]").click()
        assert await page.evaluate(shown(page)) == everything
        unharmed(browsed, written)


async def test_keys_move_zoom_and_leave(written: Path) -> None:
    async with browser_page() as browsed:
        page = await opened(browsed, written)
        everything = await page.evaluate(shown(page))
        await page.locator("#search").focus()
        await page.keyboard.press("Tab")
        for key in ("ArrowDown", "ArrowDown"):
            await page.keyboard.press(key)
        focused = "document.activeElement.getAttribute('aria-label')"
        assert str(await page.evaluate(focused)).startswith("net/http.(*Server).Serve.func3: ")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("ArrowRight")
        assert str(await page.evaluate(focused)).startswith("runtime.main: ")
        await page.keyboard.press("Enter")
        assert await page.evaluate(shown(page)) < everything
        await page.keyboard.press("Escape")
        assert await page.evaluate(shown(page)) == everything
        unharmed(browsed, written)


async def test_without_javascript_everything_is_there(written: Path) -> None:
    async with browser_page(javascript=False) as browsed:
        page = await opened(browsed, written)
        assert not await page.locator("[data-tools]").is_visible()
        frame = page.locator("svg.flame > svg.x")
        assert await frame.locator("title").text_content() == f"{LEAKING}: 84 MiB, 90.3 %"
        assert await frame.locator("text").is_visible()
        await page.locator("summary", has_text="The other pods").click()
        assert await page.locator("svg.chart").nth(1).is_visible()
        unharmed(browsed, written)


async def test_on_a_narrow_screen_the_page_does_not_scroll_sideways(written: Path) -> None:
    async with browser_page(width=390) as browsed:
        page = await opened(browsed, written)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_print_shows_what_is_folded(written: Path) -> None:
    async with browser_page() as browsed:
        page = await opened(browsed, written)
        await page.emulate_media(media="print")
        assert not await page.locator("[data-tools]").is_visible()
        height = "document.querySelectorAll('svg.chart')[1].getBoundingClientRect().height"
        assert await page.evaluate(height) > 50
        assert (await page.pdf(format="A4")).startswith(b"%PDF")


async def test_a_hostile_name_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    named = findings(suspect(HOSTILE, module=HOSTILE[:200]))
    view = whole_view(stacks=(((HOSTILE, HOSTILE), 9_000_000),), findings=named.replace(sentence=HOSTILE))
    path.write_text(incident_page(view), encoding="utf-8")
    async with browser_page() as browsed:
        page = await opened(browsed, path)
        await page.locator("svg.flame > svg").nth(1).click()
        await page.locator("#search").fill("owned")
        assert "owned'" in await page.title(), "the name is shown as text"
        assert await page.title() != "owned"
        assert await page.locator("img").count() == 0
        unharmed(browsed, path)


async def test_a_large_profile_zooms_and_searches(tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    path.write_text(incident_page(whole_view(stacks=many_stacks(20_000))), encoding="utf-8")
    async with browser_page() as browsed:
        page = await opened(browsed, path)
        await page.locator("#search").fill("Component1")
        assert await page.locator("svg.flame .hit").count() > 0
        await page.locator("svg.flame > svg > rect").nth(9).click()
        unharmed(browsed, path)


async def test_what_was_judged_is_told_of_a_closed_incident(tmp_path: Path) -> None:
    path = tmp_path / "closed.html"
    view = whole_view(outcome="Relieved", memory_before="290Mi", memory_after="210Mi")
    path.write_text(incident_page(view), encoding="utf-8")
    assert whole_incident().status.outcome is None
    async with browser_page() as browsed:
        page = await opened(browsed, path)
        assert await page.locator(".badge", has_text="Closed: Relieved").is_visible()
        assert await page.locator("#relief").is_visible()
