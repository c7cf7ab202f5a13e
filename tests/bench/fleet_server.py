"""A real Prometheus over the fleet's day, which tells what it did: bytes sent, processor seconds spent."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType

from tests.adapters.prometheus_server import NO_SCRAPES, free_port
from tests.bench.fleet_history import FleetSize, database
from tests.cluster import binaries, waiting

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_BYTES = re.compile(
    r'^prometheus_http_response_size_bytes_sum\{handler="/api/v1/query(?:_range)?"\} (\S+)$', re.MULTILINE
)


class FleetServer:
    """The server on a copy of the kept blocks; blocks are never compacted, so that every run reads the same ones."""

    def __init__(self, size: FleetSize) -> None:
        self._size = size
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def processor_seconds(self) -> float:
        """What the server has spent since its start, in all threads."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    @property
    def sent_bytes(self) -> int:
        """All answers to queries since the start, as they went over the wire (compressed where that was asked for)."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as answer:
            return int(sum(float(found) for found in _BYTES.findall(answer.read().decode())))

    def __enter__(self) -> FleetServer:
        self._folder = Path(tempfile.mkdtemp(prefix="fleet-server-"))
        shutil.copytree(database(self._size), self._folder / "data")
        (self._folder / "prometheus.yml").write_text(NO_SCRAPES)
        server = binaries.find_programs(binaries.prometheus_build())["prometheus"]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(self._command(server), stdout=log, stderr=log)
        waiting.until(self._ready, "start of prometheus", seconds=120)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self, server: Path) -> list[str]:
        return [
            str(server),
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            "--storage.tsdb.min-block-duration=2h",
            "--storage.tsdb.max-block-duration=2h",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
