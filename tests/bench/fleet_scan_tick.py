"""What a fleet costs while nothing special happens: every store looked at every minute, only new blocks fetched."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from memdrift.adapters.prometheus.grid import block_seconds
from tests.bench.fleet_history import END, INTERVAL_SECONDS, FleetSize
from tests.bench.fleet_scan import FleetScan
from tests.bench.fleet_scan_cold import Cost, Meter, mean, size_wanted
from tests.bench.fleet_server import FleetServer

TICK_SECONDS = 60
WANTED_RATIO, WANTED_CORE_PERCENT = 20, 5.0


@dataclass(frozen=True)
class Ticks:
    """Some minutes of a fleet's life: those in which a block became complete, and the others."""

    cold: Cost
    with_block: list[Cost]
    without: list[Cost]
    resident_bytes: int

    @property
    def all(self) -> list[Cost]:
        return self.with_block + self.without


def run() -> dict[str, object]:
    """Wanted: a tick of all stores twenty times cheaper than their first scan, and at most 5 % of a core."""
    size = size_wanted()
    windows = [size.hours * 900, size.hours * 3600]
    lengths = [block_seconds(window, INTERVAL_SECONDS) for window in windows]
    minutes = lengths[-1] // TICK_SECONDS
    with FleetServer(size) as server:
        ticks = asyncio.run(_live(server, size, windows, minutes, lengths[0]))
    each = mean(ticks.all)
    cold = ticks.cold
    return {
        "ours": asdict(each),
        "peer": asdict(cold),
        "ratio": cold.processor_seconds / each.processor_seconds,
        "ratio_with_server": cold.both_processor_seconds / each.both_processor_seconds,
        "ratio_of_time": cold.seconds / each.seconds,
        "operator_core_percent": 100 * each.processor_seconds / TICK_SECONDS,
        "server_core_percent": 100 * each.server_processor_seconds / TICK_SECONDS,
        "tick_with_new_block": {"ticks": len(ticks.with_block), **asdict(mean(ticks.with_block))},
        "tick_without_new_block": {"ticks": len(ticks.without), **asdict(mean(ticks.without))},
        "wanted": {"ratio": WANTED_RATIO, "operator_core_percent": WANTED_CORE_PERCENT},
        "what": "a minute's tick of every store, the mean over a block of the longest window (so that each window's "
        "blocks come as often as they do), beside the first scan of the same fleet; `ratio` is of the operator's "
        "processor seconds, `ratio_with_server` of the operator's and the server's together",
        "sizes": {**asdict(size), "windows_seconds": windows, "blocks_seconds": lengths, "minutes": minutes},
        "resident_bytes_per_pod": ticks.resident_bytes / (size.stores * size.pods_per_store),
    }


async def _live(server: FleetServer, size: FleetSize, windows: Sequence[int], minutes: int, shortest: int) -> Ticks:
    scan = FleetScan(server.url, size, windows)
    scan.move(-TICK_SECONDS * minutes)
    before = _resident_bytes()
    cold = await _cost(server, scan.scan)
    resident = _resident_bytes() - before
    with_block, without = [], []
    for minute in range(1 - minutes, 1):
        scan.move(TICK_SECONDS)
        now = END + TICK_SECONDS * minute
        new = now // shortest > (now - TICK_SECONDS) // shortest
        (with_block if new else without).append(await _cost(server, scan.tick))
    scan.close()
    return Ticks(cold, with_block, without, resident)


async def _cost(server: FleetServer, work: Callable[[], Awaitable[object]]) -> Cost:
    meter = Meter(server)
    await work()
    return meter.cost()


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
