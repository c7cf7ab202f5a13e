"""A day of a fleet inside a real Prometheus: its pods' figures, written as blocks by promtool and kept for later runs.

Exists because tens of millions of samples take minutes to write. The text goes through promtool two hours at a time,
which is the length of a block, so that no text is read twice and nothing needs compaction.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.adapters.prometheus_server import program
from tests.cluster.places import cache_directory

END = 1_760_004_000 - 1_760_004_000 % 7200
INTERVAL_SECONDS, BLOCK_SECONDS = 60, 7200
MIB = 2.0**20
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
STORES_PER_NAMESPACE = 5
MEMORY = "process_resident_memory_bytes"
LOAD = "http_request_duration_seconds_count"
LATENCY = "http_request_duration_seconds_bucket"
BOUNDS = ("0.2", "+Inf")
VERSION = 1


@dataclass(frozen=True)
class FleetSize:
    """How large the fleet is."""

    stores: int = 1000
    pods_per_store: int = 10
    hours: int = 24

    @property
    def samples(self) -> int:
        """In all series."""
        return self.stores * self.pods_per_store * self.hours * 3600 // INTERVAL_SECONDS * (2 + len(BOUNDS))

    @property
    def folder(self) -> Path:
        """Where its blocks are kept."""
        return cache_directory() / "bench" / f"fleet-{VERSION}-{self.stores}x{self.pods_per_store}x{self.hours}h"


def namespace(store: int) -> str:
    """The namespace of a store."""
    return f"team-{store // STORES_PER_NAMESPACE}"


def workload(store: int) -> str:
    """The Deployment of a store."""
    return f"serving-{store}"


def pods(store: int, size: FleetSize) -> list[str]:
    """The names of a store's pods."""
    return [f"{workload(store)}-{_letters(store, 'template', 9)}-{_letters(store, each, 5)}" for each in _each(size)]


def leaks(store: int) -> bool:
    """Every twentieth does: all its pods, by 40 % in a day, and their latency follows."""
    return store % 20 == 7


def database(size: FleetSize) -> Path:
    """The folder with the blocks; written where it is not there yet."""
    if size.folder.exists():
        return size.folder
    size.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fleet-", dir=size.folder.parent) as temporary:
        blocks = Path(temporary) / "blocks"
        began = time.monotonic()
        for end in range(END - size.hours * 3600 + BLOCK_SECONDS, END + 1, BLOCK_SECONDS):
            _write_block(size, end, Path(temporary) / "text", blocks)
            print(f"fleet history: up to {END - end} s before its end, {time.monotonic() - began:.0f} s", flush=True)
        shutil.move(blocks, size.folder)
    return size.folder


def _write_block(size: FleetSize, end: int, text: Path, blocks: Path) -> None:
    with text.open("w", encoding="ascii") as file:
        for piece in _pieces(size, end):
            file.write(piece)
        file.write("# EOF\n")
    command = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), str(blocks)]
    subprocess.run(command, check=True, capture_output=True, timeout=1800)
    text.unlink()


def _pieces(size: FleetSize, end: int) -> Iterator[str]:
    """The two hours before the end, metric by metric as the format asks."""
    for metric in (MEMORY, LOAD, LATENCY):
        yield f"# TYPE {metric} unknown\n"
        for store in range(size.stores):
            for number, pod in enumerate(pods(store, size)):
                yield from _series(metric, store, pod, np.arange(end - BLOCK_SECONDS, end, INTERVAL_SECONDS), number)


def _series(metric: str, store: int, pod: str, minutes: np.ndarray, number: int) -> Iterator[str]:
    own = f'namespace="{namespace(store)}",pod="{pod}",container="app"'
    times = (minutes + (store * 7 + number * 13) % INTERVAL_SECONDS).tolist()
    age = minutes - (END - 86_400)
    noise = np.random.default_rng([store, number, int(minutes[0])])
    if metric == MEMORY:
        grown = 1 + (0.4 * age / 86_400 if leaks(store) else 0)
        values = np.rint(200 * MIB * grown * (1 + noise.normal(0, 0.01, age.size)))
        yield _lines(f"{metric}{{{own}}}", values, times)
        return
    requests = 600 * age / 60 + 8000 * np.sin(2 * np.pi * age / 86_400) + 10_000
    if metric == LOAD:
        yield _lines(f"{metric}{{{own}}}", np.rint(requests), times)
        return
    slow = 0.004 + (0.02 * np.clip(age / 86_400, 0, 1) if leaks(store) else 0)
    for bound, share in zip(BOUNDS, (1 - slow, 1.0), strict=True):
        yield _lines(f'{metric}{{{own},le="{bound}"}}', np.rint(requests * share), times)


def _lines(series: str, values: np.ndarray, times: list[int]) -> str:
    return "".join([f"{series} {value} {at}\n" for value, at in zip(values.astype(int).tolist(), times, strict=True)])


def _each(size: FleetSize) -> range:
    return range(size.pods_per_store)


def _letters(store: int, what: object, count: int) -> str:
    digest = hashlib.blake2b(f"{store}/{what}".encode(), digest_size=count).digest()
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest)
