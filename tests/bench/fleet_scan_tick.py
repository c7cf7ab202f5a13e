"""What a fleet costs while nothing special happens: every store looked at every minute, only new blocks fetched."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.fleet_history import FleetSize
from tests.bench.fleet_scan import FleetScan
from tests.bench.fleet_scan_cold import Cost, size_wanted
from tests.bench.fleet_server import FleetServer

TICK_SECONDS = 60
WANTED_RATIO, WANTED_CORE_PERCENT = 20, 5.0


@dataclass(frozen=True)
class Ticks:
    """Some minutes of a fleet's life."""

    count: int
    cold: Cost
    steady: Cost
    resident_bytes: int


def run() -> dict[str, object]:
    """Wanted: a tick of all stores twenty times cheaper than their first scan, and at most 5 % of a core."""
    size = size_wanted()
    windows = [size.hours * 900, size.hours * 3600]
    minutes = 4 * size.hours // 3  # a block of the longer window takes three quarters of that
    with FleetServer(size) as server:
        ticks = asyncio.run(_live(server, size, windows, minutes))
    each = ticks.steady.times(1 / ticks.count)
    return {
        "ours": asdict(each),
        "peer": asdict(ticks.cold),
        "ratio": ticks.cold.processor_seconds / each.processor_seconds,
        "operator_core_percent": 100 * each.processor_seconds / TICK_SECONDS,
        "server_core_percent": 100 * each.server_processor_seconds / TICK_SECONDS,
        "wanted": {"ratio": WANTED_RATIO, "operator_core_percent": WANTED_CORE_PERCENT},
        "what": "a minute's tick of every store, the mean over more minutes than a block of the longest window takes, "
        "beside the first scan of the same fleet; the ratio is of the operator's processor seconds",
        "sizes": {**asdict(size), "windows_seconds": windows, "minutes": ticks.count},
        "resident_bytes_per_pod": ticks.resident_bytes / (size.stores * size.pods_per_store),
    }


async def _live(server: FleetServer, size: FleetSize, windows: Sequence[int], minutes: int) -> Ticks:
    scan = FleetScan(server.url, size, windows)
    scan.move(-TICK_SECONDS * minutes)
    before = _resident_bytes()
    cold = await _cost(server, scan, 0)
    resident = _resident_bytes() - before
    steady = await _cost(server, scan, minutes)
    scan.close()
    return Ticks(minutes, cold, steady, resident)


async def _cost(server: FleetServer, scan: FleetScan, ticks: int) -> Cost:
    sent, spent, began, own = server.sent_bytes, server.processor_seconds, time.monotonic(), time.process_time()
    if not ticks:
        await scan.scan()
    for _ in range(ticks):
        scan.move(TICK_SECONDS)
        await scan.tick()
    seconds, own = time.monotonic() - began, time.process_time() - own
    return Cost(seconds, own, server.processor_seconds - spent, server.sent_bytes - sent)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
