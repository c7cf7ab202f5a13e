"""What Pyroscope and Parca are sent, and that their failures cost nothing but a line in the log."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from memdrift.adapters.mirror import QueuedMirror
from memdrift.adapters.mirror.queue import WAITING_AT_MOST
from memdrift.api.administration import ProfileServer
from memdrift.evidence.findings import ProfileKind, Taken
from memdrift.ports import Mirrored


class Receiver:
    """A small server that takes what the published interfaces describe."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.status = 200
        self.hang = asyncio.Event()
        self.hang.set()
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        await self.hang.wait()
        self.requests.append((request.path, dict(request.headers), await request.json()))
        return web.json_response({}, status=self.status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    application = web.Application(client_max_size=2**24)
    application.router.add_route("*", "/{path:.*}", receiver.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield receiver
    receiver.hang.set()
    await runner.cleanup()


def server(url: str, kind: str = "Pyroscope", **fields: object) -> ProfileServer:
    return ProfileServer.model_validate(
        {"name": "one", "kind": kind, "url": url, "allowedNamespaces": ["market"], **fields}
    )


def profile(kind: ProfileKind = ProfileKind.HEAP, namespace: str = "market") -> Mirrored:
    taken = Taken("features-1", "uid-1", 1000.0, "r2", kind, 2000.0, b"\x1f\x8bprofile")
    return Mirrored(namespace, "features", "app", taken)


async def sent(receiver: Receiver, *configured: ProfileServer, **of: Any) -> list[tuple[str, dict[str, str], Any]]:
    mirror = QueuedMirror(lambda: list(configured))
    mirror.offer(profile(**of))
    await mirror.drained()
    return receiver.requests


async def test_pyroscope_is_sent_what_its_push_service_takes(receiver: Receiver) -> None:
    configured = server(receiver.url, headers={"X-Scope-OrgID": "team-a"})
    ((path, headers, body),) = await sent(receiver, configured)
    assert path == "/push.v1.PusherService/Push"
    assert (headers["X-Scope-OrgID"], headers["Content-Type"]) == ("team-a", "application/json")
    (series,) = body["series"]
    assert {pair["name"]: pair["value"] for pair in series["labels"]} == {
        "__name__": "memory",
        "service_name": "features",
        "namespace": "market",
        "pod": "features-1",
        "container": "app",
        "revision": "r2",
        "source": "memdrift",
    }
    assert base64.b64decode(series["samples"][0]["rawProfile"]) == b"\x1f\x8bprofile"


async def test_parca_is_sent_what_write_raw_takes(receiver: Receiver) -> None:
    ((path, _, body),) = await sent(receiver, server(f"{receiver.url}/api/", "Parca"), kind=ProfileKind.GOROUTINE)
    assert path == "/api/profiles/writeraw"
    assert body["normalized"] is True
    (series,) = body["series"]
    assert {"name": "__name__", "value": "goroutine"} in series["labels"]["labels"]
    assert base64.b64decode(series["samples"][0]["rawProfile"]) == b"\x1f\x8bprofile"


async def test_profiles_of_other_namespaces_are_not_sent(receiver: Receiver) -> None:
    assert await sent(receiver, server(receiver.url), namespace="elsewhere") == []


async def test_a_token_is_read_for_every_request_and_never_logged(
    receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = tmp_path / "token"
    token.write_text("secret-one\n")
    configured = server(receiver.url, bearerTokenFile=str(token))
    receiver.status = 401
    mirror = QueuedMirror(lambda: [configured])
    mirror.offer(profile())
    await mirror.drained()
    token.write_text("secret-two")
    mirror.offer(profile())
    await mirror.drained()
    assert [headers["Authorization"] for _, headers, _ in receiver.requests] == [
        "Bearer secret-one",
        "Bearer secret-two",
    ]
    assert "it answered 401" in " ".join(record.__dict__["problem"] for record in caplog.records)
    assert "secret" not in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:9/x"])
async def test_a_server_that_is_away_costs_one_line_and_the_next_is_sent(
    receiver: Receiver, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    away = server(url).model_copy(update={"name": "away"})
    assert len(await sent(receiver, away, server(receiver.url))) == 1
    assert [record.__dict__["server"] for record in caplog.records] == ["away"]


async def test_a_server_that_hangs_delays_nobody_and_holds_only_a_few(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.hang.clear()
    mirror = QueuedMirror(lambda: [server(receiver.url, timeoutSeconds=30)])
    for _ in range(WAITING_AT_MOST + 10):
        mirror.offer(profile())
    assert len([record for record in caplog.records if record.__dict__["problem"] == "too many are waiting"]) == 10
    await mirror.close()
    assert len(receiver.requests) <= 1


async def test_a_file_that_is_missing_costs_one_line(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    assert await sent(receiver, server(receiver.url, bearerTokenFile="/nowhere/token")) == []
    assert [record.__dict__["problem"] for record in caplog.records] == ["FileNotFoundError"]
