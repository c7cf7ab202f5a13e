"""A real Prometheus on loopback: started with a configuration and, if wanted, with history; stopped by its process id.

Exists so that adapters, rules and dashboards are tested against the engine they will meet. Must not be used for load.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.cluster import waiting

NO_SCRAPES = "global: {scrape_interval: 1h}\n"


class PrometheusServer:
    """One server with its own data folder and port.

    Args:
        config: the text of prometheus.yml.
        history: OpenMetrics text with timestamps, loaded as blocks before the start; "" for none.
        files: more files beside prometheus.yml, such as rules, by their name in it.
        server: another program than the packaged one, which knows no service discovery.
    """

    def __init__(
        self,
        config: str = NO_SCRAPES,
        history: str = "",
        files: Mapping[str, str] | None = None,
        server: Path | None = None,
    ) -> None:
        self._config = config
        self._server = server
        self._files = files or {}
        self._history = history
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Base address of its HTTP API."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> PrometheusServer:
        """Returns once it answers queries. A stopped server comes back on its port, with its data."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="prometheus-"))
            for name, text in {"prometheus.yml": self._config, **self._files}.items():
                (self._folder / name).write_text(text)
            self._load_history(self._folder)
            self.port = free_port()
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command(self._folder), stdout=log, stderr=log)
        try:
            waiting.until(self._ready, "start of prometheus", seconds=60)
        except waiting.NotInTime as error:
            tail = (self._folder / "log").read_text(errors="replace")[-3000:]
            self.stop()
            raise RuntimeError(f"prometheus did not start:\n{tail}") from error
        return self

    def stop(self, *, forget: bool = True) -> None:
        """Ends the process; its data goes too unless it shall be started again."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(20)
            self._process = None
        if forget and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> PrometheusServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _command(self, folder: Path) -> list[str]:
        return [
            str(self._server or program("prometheus")),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]

    def _load_history(self, folder: Path) -> None:
        if not self._history:
            return
        (folder / "history.txt").write_text(self._history)
        command = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics"]
        subprocess.run(
            [*command, str(folder / "history.txt"), str(folder / "data")], check=True, capture_output=True, timeout=300
        )
        (folder / "history.txt").unlink()

    def _ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise waiting.NotInTime("prometheus ended by itself")
        with (
            suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer,
        ):
            return bool(answer.status == 200)
        return False


def program(name: str) -> str:
    """Path of a program; a clear error where it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not on PATH; install the package `prometheus` (it brings promtool)")
    return found


def free_port() -> int:
    """A port on loopback which nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
