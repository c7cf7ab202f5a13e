"""A real headless Chromium and what it saw of a page: messages, errors, requests.

The browser is the distribution's own (Debian's `chromium`), found or installed by root; the driver's own download is
never used. A test that must not talk to anybody says so by asserting on `requests`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.cluster import commands
from tests.cluster.errors import ClusterError

PACKAGES = ("chromium", "fonts-dejavu-core")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Browsed:
    """A page and what happened in it since it was opened."""

    page: Page
    problems: list[str] = field(default_factory=list)
    """Console errors and warnings, uncaught exceptions, requests that failed."""
    requests: list[str] = field(default_factory=list)
    """Every address that was asked for, the page's own among them."""


def find_chromium() -> Path | None:
    """The browser that is installed."""
    return next((found for name in PROGRAMS if (found := commands.find_program(name)) is not None), None)


def ensure_chromium() -> Path:
    """The browser, installed when we are root on a Debian-like system; otherwise an error that says how."""
    found = find_chromium()
    if found is not None:
        return found
    remedy = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
    if os.geteuid() != 0 or commands.find_program("apt-get") is None:
        raise ClusterError(f"no Chromium is installed; install it as root: {remedy}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    print(f"installing packages: {' '.join(PACKAGES)}", file=sys.stderr, flush=True)
    commands.run("apt-get", "update", extra_environment=quiet, seconds=300)
    commands.run(
        "apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES, extra_environment=quiet, seconds=900
    )
    found = find_chromium()
    if found is None:
        raise ClusterError(f"after installing there is still no Chromium: {remedy}")
    return found


@asynccontextmanager
async def browser_page(
    *,
    dark: bool = False,
    javascript: bool = True,
    width: int = 1280,
    height: int = 900,
    headers: dict[str, str] | None = None,
    bypass_policy: bool = False,
) -> AsyncIterator[Browsed]:
    """A fresh browser with one empty page.

    Args:
        headers: sent with every request, such as `Authorization`.
        bypass_policy: lets the test put scripts of its own (axe) into a page whose content security policy forbids it.
    """
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(ensure_chromium()), args=list(ARGUMENTS))
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            extra_http_headers=headers or {},
            bypass_csp=bypass_policy,
            reduced_motion="reduce",
        )
        page = await context.new_page()
        browsed = Browsed(page)
        page.on("request", lambda request: browsed.requests.append(request.url))
        page.on("requestfailed", lambda request: browsed.problems.append(f"failed: {request.url} {request.failure}"))
        page.on("pageerror", lambda error: browsed.problems.append(f"exception: {error}"))
        page.on(
            "console",
            lambda message: (
                browsed.problems.append(f"{message.type}: {message.text}")
                if message.type in {"error", "warning"}
                else None
            ),
        )
        try:
            yield browsed
        finally:
            await context.close()
            await browser.close()
