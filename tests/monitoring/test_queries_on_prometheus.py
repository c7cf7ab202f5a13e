"""A real Prometheus scrapes memdrift's own metrics, and every shipped query runs on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from memdrift.drift.verdict import VerdictKind
from memdrift.report.tick import CaptureTold, FilingTold, RestartTold, TickReport
from tests.adapters.prometheus_server import PrometheusServer
from tests.monitoring.queries import Shipped, of_dashboards, of_rules
from tests.web.fakes import START, Room, running_room
from tests.web.programs import until

pytestmark = pytest.mark.servers

SHIPPED = [*of_dashboards(), *of_rules()]
QUIET = {
    # Alerts that must stay silent on a healthy installation.
    *(f"rules.yaml: Memdrift{name}" for name in ("StoreDrifting", "StoreUnknownLong", "OperatorDown", "SourceStale")),
    *(f"rules.yaml: Memdrift{name}" for name in ("AdministrationInvalid", "ClockSkewed", "ArchiveUnreachable")),
    # They need an hour of the stores' own series, which memdrift does not expose.
    "rules.yaml: FeatureStoreMemoryRising",
    "store.json: Memory of the pods",
}


def report() -> TickReport:
    return TickReport(
        "market",
        "market-store",
        START,
        0.2,
        verdict=VerdictKind.DRIFTING_WITH_IMPACT,
        growth_bytes_per_hour=2e8,
        seconds_to_limit=12000,
        latency_milliseconds=812,
        objective_milliseconds=200,
        evaluation_period_seconds=60,
        incident="market-store-1",
        stage="RestartingFirst",
        hold_reason="Soaking",
        consecutive_stopgaps=3,
        captures=(CaptureTold("Stored", seconds=0.2, bytes=30_000),),
        restarts=(RestartTold("WorstFirst", evidenced=False),),
        filings=(FilingTold("desk", "Filed"),),
        archive_puts=("Stored",),
    )


def happen(room: Room, number: int) -> None:
    """Something of everything, so that no counter stands still."""
    room.telemetry.observe_tick(replace(report(), hold_reason="Soaking" if number % 2 else "Cooldown"))
    room.telemetry.observe_tick(replace(report(), store="twin", outcome="Relieved", verdict=VerdictKind.STEADY))
    room.telemetry.count_alerts("Recorded")
    room.telemetry.administration_read(valid=True)
    now = room.clock.monotonic()
    for resource in ("featurestores", "driftincidents"):
        room.health.watch_heard(resource, now)
    room.health.scheduler_turned(0.0, now)
    room.health.source_answered("main")
    room.health.clock_compared("api-server", 0.5)
    room.health.archive_answered(True)


@asynccontextmanager
async def scraped(room: Room) -> AsyncIterator[str]:
    config = f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: memdrift
    honor_labels: true
    static_configs:
      - targets: ["127.0.0.1:{room.server.port}"]
        labels: {{namespace: memdrift}}
"""
    server = PrometheusServer(config)
    await asyncio.to_thread(server.start)
    try:
        yield server.url
    finally:
        await asyncio.to_thread(server.stop)


async def ask(session: aiohttp.ClientSession, url: str, expression: str) -> dict[str, Any]:
    async with session.post(f"{url}/api/v1/query", data={"query": expression}) as answer:
        return dict(await answer.json())


async def test_every_query_runs_and_shows_something(tmp_path: Path) -> None:
    async with running_room(tmp_path / "token") as room, scraped(room) as url, aiohttp.ClientSession() as session:
        numbers = iter(range(1_000_000))

        async def enough() -> bool:
            happen(room, next(numbers))
            answer = await ask(session, url, "count_over_time(memdrift_build_info[5m]) >= 4")
            return bool(answer["data"]["result"])

        await until(enough, "four scrapes")
        empty = [shipped.origin for shipped in SHIPPED if await runs_empty(session, url, shipped)]
    assert set(empty) == QUIET


async def runs_empty(session: aiohttp.ClientSession, url: str, shipped: Shipped) -> bool:
    answer = await ask(session, url, shipped.expression)
    assert answer["status"] == "success", (shipped, answer)
    assert not answer.get("warnings"), (shipped, answer)
    return not answer["data"]["result"]
