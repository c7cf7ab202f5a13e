"""Fakes at the ports that the web room uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from memdrift.adapters.telemetry import Telemetry
from memdrift.errors import ClusterUnavailable
from memdrift.report.health import Health
from memdrift.web import Limits, WebServer

START = datetime(2025, 3, 1, tzinfo=UTC)


class HandClock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed


@dataclass
class RecordedRequests:
    """Stores with their request annotation; `writes` holds every change of one, `calls` every attempt."""

    stores: dict[tuple[str, str], str] = field(default_factory=lambda: {("market", "market-store"): ""})
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    writes: list[tuple[str, str, str]] = field(default_factory=list)
    unavailable: bool = False
    hangs: bool = False

    async def record(self, namespace: str, store: str, token: str) -> bool:
        self.calls.append((namespace, store, token))
        await asyncio.sleep(0)
        if self.hangs:
            await asyncio.Event().wait()
        if self.unavailable:
            raise ClusterUnavailable("ClusterUnavailable", "the API server did not answer")
        if (namespace, store) not in self.stores:
            return False
        if self.stores[namespace, store] != token:
            self.stores[namespace, store] = token
            self.writes.append((namespace, store, token))
        return True

    async def written(self) -> bool:
        return bool(self.writes)


@dataclass
class Room:
    """A running web server with everything around it."""

    server: WebServer
    requests: RecordedRequests
    telemetry: Telemetry
    health: Health
    clock: HandClock
    token_file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"


@asynccontextmanager
async def running_room(
    token_file: Path, requests: RecordedRequests | None = None, limits: Limits | None = None
) -> AsyncIterator[Room]:
    clock = HandClock()
    telemetry = Telemetry("0.0.0")
    health = Health(started_at=clock.monotonic())
    requests = requests or RecordedRequests()
    server = WebServer(
        "127.0.0.1",
        0,
        requests=requests,
        telemetry=telemetry,
        health=health,
        clock=clock,
        token_file=lambda: token_file,
        limits=limits,
    )
    await server.start()
    try:
        yield Room(server, requests, telemetry, health, clock, token_file)
    finally:
        await server.stop()
