"""What the connection makes of a server's moods, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from memdrift.adapters.clock import SystemClock
from memdrift.adapters.connection import Connection, open_connection
from memdrift.adapters.connection.refusals import refusal
from memdrift.adapters.connection.skew import ClockSkew
from memdrift.errors import (
    ClusterUnavailable,
    ConfigurationInvalid,
    Conflict,
    MemdriftError,
    NotAllowed,
    SpecInvalid,
    TargetNotFound,
)

NOW = datetime(2030, 1, 2, 3, 4, 5, 250_000, tzinfo=UTC)


def status_object(reason: str = "", *causes: dict[str, str]) -> bytes:
    return json.dumps({"kind": "Status", "reason": reason, "message": "so", "details": {"causes": causes}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (404, status_object("NotFound"), TargetNotFound, "NotFound"),
        (404, b"404 page not found\n", TargetNotFound, "NotFound"),
        (403, status_object("Forbidden"), NotAllowed, "Forbidden"),
        (403, status_object("Forbidden", {"reason": "NamespaceTerminating"}), TargetNotFound, "NotFound"),
        (409, status_object("AlreadyExists"), Conflict, "AlreadyExists"),
        (409, b"", Conflict, "Conflict"),
        (422, status_object("Invalid", {"field": "metadata.uid"}), Conflict, "Conflict"),
        (422, status_object("Invalid", {"field": "status.message"}), SpecInvalid, "RefusedByApiServer"),
        (400, b"", SpecInvalid, "RefusedByApiServer"),
        (429, status_object("", {"reason": "DisruptionBudget"}), ClusterUnavailable, "DisruptionBudgetExhausted"),
        (429, status_object(), ClusterUnavailable, "ApiServerBusy"),
        (401, status_object(), ClusterUnavailable, "ApiServerUnauthorized"),
        (302, b"", ClusterUnavailable, "ApiServerFailed"),
        (500, b"\xff<html>", ClusterUnavailable, "ApiServerFailed"),
        (503, b"[1]", ClusterUnavailable, "ApiServerFailed"),
        (504, b"", ClusterUnavailable, "ApiServerFailed"),
    ],
)
def test_every_refusal_has_its_class_and_reason(
    status: int, body: bytes, error: type[MemdriftError], reason: str
) -> None:
    refused = refusal(status, body, None, "GET /x")
    assert type(refused) is error
    assert refused.reason == reason
    assert f"{status} to GET /x" in refused.message


def test_the_server_may_say_when_to_come_back() -> None:
    busy = refusal(429, status_object(), "7", "GET /x")
    assert isinstance(busy, ClusterUnavailable)
    assert busy.retry_after_seconds == 7.0
    later = refusal(503, b"", "Wed, 21 Oct 2030 07:28:00 GMT", "GET /x")
    assert isinstance(later, ClusterUnavailable)
    assert later.retry_after_seconds is None


def test_skew_is_narrowed_by_answers_and_forgotten_when_a_clock_is_set() -> None:
    skew = ClockSkew()
    skew.observe(None, NOW, NOW)
    skew.observe("yesterday or so", NOW, NOW)
    assert skew.seconds is None
    ahead = timedelta(seconds=30)
    for milliseconds in range(0, 2000, 100):
        asked_at = NOW + timedelta(milliseconds=milliseconds)
        skew.observe(format_datetime(asked_at + ahead, usegmt=True), asked_at, asked_at + timedelta(milliseconds=10))
    assert skew.seconds == pytest.approx(30, abs=0.1)
    skew.observe(format_datetime(NOW, usegmt=True), NOW, NOW)
    assert skew.seconds == pytest.approx(0, abs=1)


def kubeconfig(folder: Path, server: str) -> Path:
    """A kubeconfig with a token for that server."""
    path = folder / "kubeconfig"
    described = {
        "clusters": [{"name": "a", "cluster": {"server": server}}],
        "users": [{"name": "a", "user": {"token": "secret"}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "current-context": "a",
    }
    path.write_text(json.dumps(described))
    return path


@pytest.fixture
async def moody(tmp_path: Path) -> AsyncIterator[Path]:
    """A kubeconfig of a server with one path per mood."""
    released = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        match request.path.rpartition("/")[2]:
            case "silent":
                await released.wait()
            case "half":
                response = web.StreamResponse(headers={"Content-Length": "100"})
                await response.prepare(request)
                await response.write(b"{")
                await released.wait()
            case "cut":
                assert request.transport is not None
                request.transport.close()
            case "moved":
                raise web.HTTPFound("/elsewhere")
        return web.json_response({"path": request.raw_path, "authorization": request.headers["Authorization"]})

    application = web.Application()
    application.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield kubeconfig(tmp_path, f"http://{host}:{port}")
    released.set()
    await runner.cleanup()


@pytest.fixture
async def connection(moody: Path) -> AsyncIterator[Connection]:
    opened = await open_connection(moody, SystemClock(), timeout_seconds=0.5)
    yield opened
    await opened.close()


async def test_the_token_and_the_escaped_path_are_sent(connection: Connection) -> None:
    answer = json.loads(await connection.call("GET", ("api", "a b", "x/y", "ä?#"), query={"labelSelector": "a in (b)"}))
    assert answer["authorization"] == "Bearer secret"
    assert answer["path"].partition("?")[0] == "/api/a%20b/x%2Fy/%C3%A4%3F%23"


@pytest.mark.parametrize(
    ("mood", "reason"),
    [("silent", "ApiServerTimedOut"), ("half", "ApiServerTimedOut"), ("cut", "ApiServerUnreachable")],
)
async def test_a_server_that_does_not_answer_is_unavailable(connection: Connection, mood: str, reason: str) -> None:
    with pytest.raises(ClusterUnavailable) as failure:
        await connection.call("PATCH", ("api", mood))
    assert failure.value.reason == reason
    with pytest.raises(ClusterUnavailable) as failure:
        async with connection.stream(("api", mood), {}, "v4.channel.k8s.io"):
            pass
    assert failure.value.reason in {reason, "ApiServerFailed"}


async def test_a_redirect_is_not_followed(connection: Connection) -> None:
    with pytest.raises(ClusterUnavailable, match="302"):
        await connection.call("GET", ("api", "moved"))


async def test_no_server_at_all(tmp_path: Path) -> None:
    connection = await open_connection(kubeconfig(tmp_path, "http://127.0.0.1:9"), SystemClock())
    with pytest.raises(ClusterUnavailable, match="ApiServerUnreachable"):
        await connection.call("GET", ("api",))
    await connection.close()


async def test_a_relative_name_never_reaches_the_server(connection: Connection) -> None:
    for name in ("", ".", ".."):
        with pytest.raises(SpecInvalid, match="NameInvalid"):
            await connection.call("GET", ("api", "v1", "namespaces", name, "pods"))


async def test_no_credentials_are_a_mistake_of_the_administrator(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="name a valid kubeconfig"):
        await open_connection(tmp_path / "none", SystemClock())
