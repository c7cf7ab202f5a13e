"""Trackers against a real HTTP server on loopback that plays every kind of ticket system."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from memdrift.adapters.leases.turns import LocalTurns
from memdrift.adapters.trackers import ConfiguredTrackers
from memdrift.api.administration import Administration
from memdrift.errors import NotAllowed, TrackerUnavailable
from memdrift.ports import Filing, Tracker

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

FILING = Filing(
    marker="sha256-async",
    occurrence="market/market-store-1",
    title="market-store leaks memory",
    body_markdown="**async** keeps contexts",
    document={"outcome": None, "suspects": [{"module": "github.com/grab/async"}]},
    labels=("leak",),
    assignees=("anna",),
    project="STORE",
)


class Desk:
    """What the ticket system saw."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.tickets: dict[str, str] = {}


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def trackers(url: str | None, **changes: Any) -> AsyncIterator[ConfiguredTrackers]:
    entries: list[dict[str, Any]] = [{"name": "log", "kind": "Log", "allowedNamespaces": ["market*"]}]
    if url is not None:
        entries.append(
            {
                "name": "desk",
                "kind": "Webhook",
                "url": f"{url}/in",
                "allowedNamespaces": ["market"],
                "timeoutSeconds": 5,
            }
            | changes
        )
    administration = Administration.model_validate({"trackers": entries})
    configured = ConfiguredTrackers(lambda: administration, LocalTurns())
    try:
        yield configured
    finally:
        await configured.close()


@asynccontextmanager
async def desk(answer: Answer, **changes: Any) -> AsyncIterator[Tracker]:
    async with serving(answer) as url, trackers(url, **changes) as configured:
        yield configured.named("desk", "market")


def always(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={key.replace("_", "-"): headers[key] for key in headers})

    return answer


async def test_a_filing_is_posted_with_its_marker_and_token(tmp_path: Path) -> None:
    seen = Desk()

    async def answer(request: web.Request) -> web.Response:
        seen.requests.append((dict(request.headers), await request.json()))
        return web.json_response({"url": "https://tickets.example/STORE-7"}, status=201)

    token = tmp_path / "token"
    token.write_text("first\n")
    async with desk(answer, bearerTokenFile=str(token), headers={"X-Team": "stores"}) as tracker:
        assert await tracker.file(FILING) == "https://tickets.example/STORE-7"
        token.write_text("second\n")
        await tracker.file(FILING)
    (headers, body), (later, _) = seen.requests
    assert headers["Idempotency-Key"] == "market/market-store-1"
    assert headers["Authorization"] == "Bearer first"
    assert later["Authorization"] == "Bearer second"
    assert headers["X-Team"] == "stores"
    assert body == {
        "version": "1",
        "marker": "sha256-async",
        "occurrence": "market/market-store-1",
        "title": FILING.title,
        "body": FILING.body_markdown,
        "project": "STORE",
        "labels": ["leak"],
        "assignees": ["anna"],
        "incident": FILING.document,
    }


async def test_a_second_filing_finds_the_first() -> None:
    seen = Desk()

    async def answer(request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        url = seen.tickets.setdefault(key, f"https://tickets.example/{len(seen.tickets) + 1}")
        return web.Response(status=200, headers={"Location": url})

    async with desk(answer) as tracker:
        first, second = await tracker.file(FILING), await tracker.file(FILING)
    assert first == second == "https://tickets.example/1"


async def test_a_relative_location_is_a_ticket_of_that_server() -> None:
    async with desk(always(201, Location="/tickets/7")) as tracker:
        url = await tracker.file(FILING)
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/tickets/7")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"thanks",
        b"[]",
        b'{"url": 7}',
        b'{"url": "javascript:alert(1)"}',
        b'{"url": "https://user:password@tickets.example/1"}',
        b'{"url": "https://tickets.example/\\u001b[31m"}',
        b'{"url": "https://[bad"}',
        json.dumps({"url": "https://tickets.example/" + "x" * 2000}).encode(),
        b'{"url": "https://tickets.example/1"}' + b" " * 200_000,
    ],
)
async def test_an_answer_without_a_usable_url_is_filed_without_url(body: bytes) -> None:
    async with desk(always(200, body)) as tracker:
        assert await tracker.file(FILING) == ""


@pytest.mark.parametrize(
    ("answer", "retry_after_seconds"),
    [
        (always(503), None),
        (always(500, b"x" * 300_000), None),
        (always(429, Retry_After="17"), 17.0),
        (always(429, Retry_After="soon"), None),
        (always(503, Retry_After="99999999999999"), 3600.0),
        (always(409), None),
        (always(503, Date="Sat, 01 Mar 2025 00:00:00 GMT", Retry_After="Sat, 01 Mar 2025 00:01:30 GMT"), 90.0),
    ],
)
async def test_later_is_unavailable(answer: Answer, retry_after_seconds: float | None) -> None:
    async with desk(answer) as tracker:
        with pytest.raises(TrackerUnavailable) as caught:
            await tracker.file(FILING)
    assert caught.value.retry_after_seconds == retry_after_seconds


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 422])
async def test_any_other_answer_is_a_refusal_and_is_never_followed(status: int) -> None:
    visits = []

    async def answer(request: web.Request) -> web.Response:
        visits.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with desk(answer) as tracker:
        with pytest.raises(NotAllowed) as caught:
            await tracker.file(FILING)
    assert caught.value.reason == "TrackerRefused"
    assert str(status) in caught.value.message
    assert visits == ["/in"]


async def test_silence_is_unavailable() -> None:
    async def answer(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async with desk(answer, timeoutSeconds=1) as tracker:
        with pytest.raises(TrackerUnavailable, match="desk"):
            await tracker.file(FILING)


async def test_an_endless_answer_is_cut() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(b"x" * 65_536)
        return response

    async with desk(answer) as tracker:
        assert await tracker.file(FILING) == ""


async def test_nobody_listening_is_unavailable_and_the_message_has_no_address() -> None:
    async with serving(always()) as url:
        pass
    async with trackers(url) as configured:
        with pytest.raises(TrackerUnavailable) as caught:
            await configured.named("desk", "market").file(FILING)
    assert "127.0.0.1" not in caught.value.message


async def test_a_location_that_is_no_url_is_filed_without_url() -> None:
    async with desk(always(201, Location="https://[bad")) as tracker:
        assert await tracker.file(FILING) == ""


@pytest.mark.parametrize("content", [None, b"one\r\nX-Evil: 1", b"\xff"])
async def test_an_unusable_token_file_is_unavailable_by_name(tmp_path: Path, content: bytes | None) -> None:
    token = tmp_path / "token"
    if content is not None:
        token.write_bytes(content)
    async with desk(always(), bearerTokenFile=str(token)) as tracker:
        with pytest.raises(TrackerUnavailable, match="bearerTokenFile"):
            await tracker.file(FILING)


@pytest.mark.parametrize(
    ("name", "namespace"), [("desk", "market-other"), ("nobody", "market"), ("log", "kube-system")]
)
async def test_a_tracker_of_others_is_refused_like_none(name: str, namespace: str) -> None:
    async with trackers("http://tickets.example") as configured:
        with pytest.raises(NotAllowed) as caught:
            configured.named(name, namespace)
    assert caught.value.reason == "TrackerNotAllowed"
    assert "`spec.filing.tracker`" in caught.value.message


async def test_the_log_tracker_writes_one_line_per_marker(caplog: pytest.LogCaptureFixture) -> None:
    async with trackers(None) as configured:
        with caplog.at_level(logging.INFO):
            for _ in range(3):
                assert await configured.named("log", "market").file(FILING) == ""
    (record,) = (record for record in caplog.records if record.message == "incident filed")
    assert vars(record)["marker"] == FILING.marker
    assert vars(record)["incident"] == FILING.document
