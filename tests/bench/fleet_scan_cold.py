"""How long a first scan of a whole fleet takes, and how many bytes: memdrift beside the obvious script."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeVar

from tests.bench import fleet_peer
from tests.bench.fleet_history import END, INTERVAL_SECONDS, FleetSize
from tests.bench.fleet_scan import FleetScan, found
from tests.bench.fleet_server import FleetServer

WANTED_TIME_RATIO, WANTED_BYTES_RATIO = 50, 10
PEERS_SHARE = 10
"""The script sees the first of so many stores; its figures are multiplied."""

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """What a scan cost on this machine, where the server runs beside it."""

    seconds: float
    processor_seconds: float
    server_processor_seconds: float
    bytes_received: float

    def times(self, factor: float) -> Cost:
        """The same for so many times as many stores."""
        return Cost(*(factor * figure for figure in asdict(self).values()))


def measured(server: FleetServer, work: Callable[[], T]) -> tuple[Cost, T]:
    """The work's result and cost."""
    sent, spent, began, own = server.sent_bytes, server.processor_seconds, time.monotonic(), time.process_time()
    result = work()
    seconds, own = time.monotonic() - began, time.process_time() - own
    return Cost(seconds, own, server.processor_seconds - spent, server.sent_bytes - sent), result


def size_wanted() -> FleetSize:
    """1,000 stores of ten pods; `FLEET=100x10x4` asks for a smaller fleet (stores, pods, hours)."""
    return FleetSize(*(int(figure) for figure in os.environ.get("FLEET", "1000x10x24").split("x")))


def run() -> dict[str, object]:
    """Wanted: fifty times less time and ten times fewer bytes than the script."""
    size = size_wanted()
    some = max(1, size.stores // PEERS_SHARE)
    with FleetServer(size) as server:
        scan = FleetScan(server.url, size, [size.hours * 3600])
        ours, verdicts = measured(server, lambda: asyncio.run(scan.scan()))
        scan.close()
        part, looked = measured(server, lambda: fleet_peer.scan(server.url, size, some, size.hours))
    peer = part.times(size.stores / some)
    return {
        "ours": asdict(ours),
        "peer": asdict(peer),
        "ratio": peer.seconds / ours.seconds,
        "bytes_ratio": peer.bytes_received / ours.bytes_received,
        "wanted": {"ratio": WANTED_TIME_RATIO, "bytes_ratio": WANTED_BYTES_RATIO},
        "what": "one scan of every store over one window: memdrift's sampler and judge, beside a script of "
        "prometheus-api-client, pandas and pymannkendall (original_test and sens_slope of every pod's memory)",
        "sizes": {
            **asdict(size),
            "samples": size.samples,
            "interval_seconds": INTERVAL_SECONDS,
            "ended_at": END,
            "stores_the_peer_saw": some,
            "peer_was_multiplied_by": size.stores / some,
        },
        "verdicts": {"ours": found(verdicts), "peer": asdict(looked)},
    }
