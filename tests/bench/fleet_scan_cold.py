"""How long a first scan of a whole fleet takes, and how many bytes: memdrift beside the obvious script."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from tests.bench import fleet_peer
from tests.bench.fleet_history import END, INTERVAL_SECONDS, FleetSize
from tests.bench.fleet_scan import FleetScan, found
from tests.bench.fleet_server import FleetServer

WANTED_TIME_RATIO, WANTED_BYTES_RATIO = 50, 10
PEERS_SHARE = 10
"""The script sees the first of so many stores; its figures are multiplied."""
TURNS = 2
"""They take turns, so that a machine that is slower for a while is slower for both; the means count."""

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """What a scan cost on this machine, where the server runs beside it."""

    seconds: float
    processor_seconds: float
    server_processor_seconds: float
    bytes_received: float

    @property
    def both_processor_seconds(self) -> float:
        """Ours and the server's."""
        return self.processor_seconds + self.server_processor_seconds

    def times(self, factor: float) -> Cost:
        """The same for so many times as many stores."""
        return Cost(*(factor * figure for figure in asdict(self).values()))


class Meter:
    """What has been spent since it was made."""

    def __init__(self, server: FleetServer) -> None:
        self._server = server
        self._sent, self._spent = server.sent_bytes, server.processor_seconds
        self._began, self._own = time.monotonic(), time.process_time()

    def cost(self) -> Cost:
        """The cost so far."""
        seconds, own = time.monotonic() - self._began, time.process_time() - self._own
        spent, sent = self._server.processor_seconds - self._spent, self._server.sent_bytes - self._sent
        return Cost(seconds, own, spent, sent)


def measured(server: FleetServer, work: Callable[[], T]) -> tuple[Cost, T]:
    """The work's result and cost."""
    meter = Meter(server)
    result = work()
    return meter.cost(), result


def mean(costs: Sequence[Cost]) -> Cost:
    """The mean of each figure."""
    figures = [list(asdict(cost).values()) for cost in costs]
    return Cost(*(sum(column) / len(figures) for column in zip(*figures, strict=True)))


def size_wanted() -> FleetSize:
    """1,000 stores of ten pods; `FLEET=100x10x4` asks for a smaller fleet (stores, pods, hours)."""
    return FleetSize(*(int(figure) for figure in os.environ.get("FLEET", "1000x10x24").split("x")))


def run() -> dict[str, object]:
    """Wanted: fifty times less time and ten times fewer bytes than the script."""
    size = size_wanted()
    some = max(TURNS, size.stores // PEERS_SHARE)
    ours, peers, looked = [], [], []
    with FleetServer(size) as server:
        for turn in range(TURNS):
            cost, pods = measured(server, lambda own=range(turn, some, TURNS): _peer(server, own, size.hours))
            peers.append(cost)
            looked.append(pods)
            scan = FleetScan(server.url, size, [size.hours * 3600])
            cost, verdicts = measured(server, lambda each=scan: asyncio.run(each.scan()))
            scan.close()
            ours.append(cost)
    return _document(size, mean(ours), mean(peers).times(TURNS * size.stores / some), some) | {
        "turns": {"ours": [asdict(each) for each in ours], "peer_of_its_stores": [asdict(each) for each in peers]},
        "verdicts": {
            "ours": found(verdicts),
            "peer": {"drifting": sum(each.drifting for each in looked), "pods": sum(each.pods for each in looked)},
        },
    }


def _peer(server: FleetServer, stores: range, hours: int) -> fleet_peer.Found:
    return fleet_peer.scan(server.url, stores, hours)


def _document(size: FleetSize, ours: Cost, peer: Cost, some: int) -> dict[str, object]:
    return {
        "ours": asdict(ours),
        "peer": asdict(peer),
        "ratio": peer.seconds / ours.seconds,
        "bytes_ratio": peer.bytes_received / ours.bytes_received,
        "processors_ratio": peer.both_processor_seconds / ours.both_processor_seconds,
        "wanted": {"ratio": WANTED_TIME_RATIO, "bytes_ratio": WANTED_BYTES_RATIO},
        "what": "one scan of every store over one window: memdrift's sampler and judge, beside a script of "
        "prometheus-api-client, pandas and pymannkendall (original_test and sens_slope of every pod's memory), in "
        "turns; "
        "`processors_ratio` is of what both sides and the server spent together",
        "sizes": {
            **asdict(size),
            "samples": size.samples,
            "interval_seconds": INTERVAL_SECONDS,
            "ended_at": END,
            "stores_the_peer_saw": some,
            "peer_was_multiplied_by": size.stores / some,
        },
    }
