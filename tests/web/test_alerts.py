"""Alerts over a real connection: who may send them, and what becomes of them."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from memdrift.web import Limits
from tests.web.fakes import RecordedRequests, Room, running_room
from tests.web.notifications import alert, labelled, notification

TOKEN = "correct horse battery"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
STARTED = "1a30ba71cca2921f@2025-03-01T01:02:03.123456Z"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


@pytest.fixture
async def room(token_file: Path) -> AsyncIterator[Room]:
    async with running_room(token_file) as running:
        yield running


async def post(
    room: Room, payload: Any, headers: dict[str, str] | None = None, *, raw: bytes | None = None
) -> tuple[int, dict[str, Any]]:
    body = raw if raw is not None else json.dumps(payload).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{room.url}/alerts", data=body, headers=AUTHORIZED if headers is None else headers) as answer,
    ):
        return answer.status, await answer.json()


def results(document: dict[str, Any]) -> list[str]:
    return [entry["result"] for entry in document["alerts"]]


async def counted(room: Room, result: str) -> float:
    for line in (await room.telemetry.exposition()).decode().splitlines():
        if line.startswith(f'memdrift_alerts_total{{result="{result}"}}'):
            return float(line.split()[-1])
    return 0.0


async def test_a_firing_alert_is_recorded_on_its_store(room: Room) -> None:
    status, document = await post(room, notification(alert()))
    assert status == 200
    assert room.requests.stores["market", "market-store"] == STARTED
    assert document["alerts"] == [
        {"token": STARTED, "result": "Recorded", "namespace": "market", "featurestore": "market-store"}
    ]
    assert await counted(room, "Recorded") == 1


async def test_a_hundred_repeats_are_one_request(room: Room) -> None:
    for _ in range(100):
        status, _ = await post(room, notification(alert()))
        assert status == 200
    assert room.requests.calls == [("market", "market-store", STARTED)]
    assert await counted(room, "Repeated") == 99


async def test_a_hundred_repeats_at_once_are_one_request(room: Room) -> None:
    answers = await asyncio.gather(*(post(room, notification(alert())) for _ in range(100)))
    assert {status for status, _ in answers} == {200}
    assert len(room.requests.calls) == 1


async def test_repeats_after_a_restart_of_memdrift_write_nothing(token_file: Path) -> None:
    requests = RecordedRequests()
    for _ in range(3):
        async with running_room(token_file, requests) as room:
            await post(room, notification(alert()))
    assert len(requests.calls) == 3
    assert len(requests.writes) == 1


async def test_a_storm_for_one_store_is_one_request(room: Room) -> None:
    storm = [alert(fingerprint=f"{number:016x}", startsAt=f"2025-03-01T01:{number:02}:00Z") for number in range(60)]
    status, document = await post(room, notification(*storm))
    assert status == 200
    assert room.requests.writes == [("market", "market-store", f"{59:016x}@2025-03-01T01:59:00Z")]
    assert results(document).count("Merged") == 59
    _, again = await post(room, notification(*storm))
    assert set(results(again)) == {"Repeated"}
    assert len(room.requests.calls) == 1


async def test_a_resolved_alert_is_information(room: Room) -> None:
    status, document = await post(room, notification(alert(status="resolved")))
    assert (status, results(document)) == (200, ["Resolved"])
    assert room.requests.calls == []


async def test_an_unknown_store_is_accepted_and_counted(room: Room) -> None:
    status, document = await post(room, notification(labelled("market", "nobody"), alert()))
    assert (status, results(document)) == (202, ["UnknownStore", "Recorded"])
    assert await counted(room, "UnknownStore") == 1


async def test_an_alert_without_a_reference_is_accepted_and_says_why(room: Room) -> None:
    status, document = await post(room, notification(alert(labels={"alertname": "A"})))
    assert (status, results(document)) == (202, ["NoReference"])
    assert "featurestore" in document["alerts"][0]["detail"]


async def test_truncated_alerts_are_counted(room: Room) -> None:
    _, document = await post(room, notification(alert(), truncatedAlerts=7))
    assert document["truncatedAlerts"] == 7
    assert await counted(room, "Truncated") == 7


async def test_not_recorded_is_never_a_success(room: Room) -> None:
    room.requests.unavailable = True
    status, document = await post(room, notification(alert(), labelled("market", "other")))
    assert (status, results(document)) == (503, ["Unavailable", "Unavailable"])
    assert len(room.requests.calls) == 1, "the second would only have waited for the same API server"
    room.requests.unavailable = False
    status, document = await post(room, notification(alert()))
    assert (status, results(document)) == (200, ["Recorded"])


async def test_an_api_server_that_hangs_is_unavailable_in_time(token_file: Path) -> None:
    async with running_room(token_file, RecordedRequests(hangs=True), Limits(record_seconds=0.2)) as room:
        status, document = await post(room, notification(alert(), alert(status="resolved")))
    assert (status, results(document)) == (503, ["Unavailable", "Resolved"])


async def test_another_version_is_refused_by_name(room: Room) -> None:
    status, document = await post(room, notification(alert(), version="5"))
    assert status == 400
    assert document["reason"] == "AlertPayloadInvalid"
    assert "`version`" in document["message"]
    assert '"4"' in document["message"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (401, "TokenMissing")),
        ({"Authorization": "Basic Y29ycmVjdA=="}, (401, "TokenMissing")),
        ({"Authorization": "Bearer wrong"}, (403, "TokenWrong")),
        ({"Authorization": "Bearer "}, (401, "TokenMissing")),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, (403, "TokenWrong")),
    ],
)
async def test_strangers_stay_outside(room: Room, headers: dict[str, str], expected: tuple[int, str]) -> None:
    status, document = await post(room, notification(alert()), headers)
    assert (status, document["reason"]) == expected
    assert room.requests.calls == []


async def test_the_token_is_read_again_and_may_rotate(room: Room) -> None:
    room.token_file.write_text(f"the new one\n{TOKEN}\n")
    assert (await post(room, notification(alert())))[0] == 200
    assert (await post(room, notification(alert()), {"Authorization": "bearer the new one"}))[0] == 200
    room.token_file.write_text("the new one\n")
    assert (await post(room, notification(alert())))[0] == 403


@pytest.mark.parametrize("content", [None, "", " \n\n"])
async def test_without_a_token_nobody_comes_in(room: Room, content: str | None) -> None:
    room.token_file.unlink() if content is None else room.token_file.write_text(content)
    status, document = await post(room, notification(alert()), {"Authorization": "Bearer x"})
    assert (status, document["reason"]) == (503, "TokenNotConfigured")


async def test_a_huge_body_is_refused(room: Room) -> None:
    status, _ = await post(room, None, raw=b" " * (1024 * 1024 + 1))
    assert status == 413


async def test_a_huge_body_of_unknown_length_is_refused(room: Room) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65536

    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{room.url}/alerts", data=endless(), headers=AUTHORIZED) as answer,
    ):
        assert answer.status == 413


async def test_a_compressed_body_is_refused_unopened(room: Room) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    status, document = await post(room, None, AUTHORIZED | {"Content-Encoding": "gzip"}, raw=bomb)
    assert (status, document["reason"]) == (415, "BodyEncoded")


async def test_a_body_that_never_arrives_times_out(token_file: Path) -> None:
    async with running_room(token_file, limits=Limits(read_seconds=0.2)) as room:
        reader, writer = await asyncio.open_connection("127.0.0.1", room.server.port)
        head = f"POST /alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n{{"
        writer.write(head.encode())
        async with asyncio.timeout(10):
            status_line = await reader.readline()
        writer.close()
    assert b" 408 " in status_line
