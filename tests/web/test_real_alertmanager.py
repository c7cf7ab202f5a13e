"""Two real Alertmanagers repeat one alert a hundred times; memdrift records one request."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.web.fakes import Room, running_room
from tests.web.programs import running_alertmanager, until

pytestmark = pytest.mark.servers

LABELS = {"alertname": "FeatureStoreMemoryRising", "namespace": "market", "featurestore": "market-store"}
STARTED = datetime(2025, 3, 1, 1, 2, 3, tzinfo=UTC)


def configuration(room: Room, credentials: Path) -> str:
    # The shortest intervals that Alertmanager takes: every flush of the group repeats the notification.
    return f"""
route:
  receiver: memdrift
  group_by: [namespace, featurestore]
  group_wait: 10ms
  group_interval: 50ms
  repeat_interval: 50ms
receivers:
  - name: memdrift
    webhook_configs:
      - url: {room.url}/alerts
        send_resolved: false
        http_config:
          authorization:
            credentials_file: {credentials}
"""


async def until_counted(room: Room, wanted: float) -> None:
    async def enough() -> bool:
        return await counted(room) >= wanted

    await until(enough, f"{wanted:g} alerts")


async def counted(room: Room) -> float:
    lines = (await room.telemetry.exposition()).decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("memdrift_alerts_total{"))


async def test_a_hundred_repeats_by_two_alertmanagers_are_one_request(tmp_path: Path) -> None:
    credentials = tmp_path / "token"
    credentials.write_text("a token")
    async with running_room(credentials) as room, AsyncExitStack() as stack:
        for name in ("first", "second"):
            running = await stack.enter_async_context(
                running_alertmanager(tmp_path / name, configuration(room, credentials))
            )
            await running.fire(LABELS, started_at=STARTED)
        await until_counted(room, 100)
        assert len(room.requests.writes) == 1
        (_, _, token) = room.requests.writes[0]
        assert token.endswith("@2025-03-01T01:02:03Z")
        assert len(room.requests.calls) == 1


async def test_an_alert_that_could_not_be_recorded_comes_again(tmp_path: Path) -> None:
    credentials = tmp_path / "token"
    credentials.write_text("a token")
    async with running_room(credentials) as room:
        room.requests.unavailable = True
        async with running_alertmanager(tmp_path / "one", configuration(room, credentials)) as running:
            await running.fire(LABELS, started_at=STARTED)
            await until_counted(room, 2)
            assert room.requests.writes == []
            room.requests.unavailable = False
            await until(room.requests.written, "the request")
        assert len(room.requests.writes) == 1
