"""All behaviours at one load level at once: programs, their load and the Prometheus that watches them.

Exists so that a round of recordings starts together and ends completely, by process id. Everything listens on loopback
only and is bounded in time by the load generator. Must not read a figure.
"""

import json
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.adapters.prometheus_server import PrometheusServer, free_port
from tests.cluster import commands, waiting
from tests.recordings.behaviours import SWING, UPSTREAM, Behaviour, Level
from tests.recordings.build import build_program

MEMORY_LIMIT_BYTES = 1 << 30
"""The runtime's soft limit of every program: far enough away for the collector to stay calm."""
SCRAPE_INTERVAL_SECONDS = 1
START_WITHIN_SECONDS = 30
START_AFTER_SECONDS = 15
"""Until then every program stands and was scraped."""
RUNTIME = {"GOMEMLIMIT": f"{MEMORY_LIMIT_BYTES}B", "GOMAXPROCS": "1"}


@contextmanager
def running(behaviours: Sequence[Behaviour], level: Level, seconds: int) -> Iterator[tuple[PrometheusServer, int]]:
    """The Prometheus, and the Unix second at which load and recording have just started."""
    service, load = build_program("service"), build_program("load")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recordings-")))
        ports = {name: free_port() for name in [UPSTREAM, *(behaviour.name for behaviour in behaviours)]}
        start = int(time.time()) + START_AFTER_SECONDS
        for name, port in ports.items():
            wanted = next((behaviour for behaviour in behaviours if behaviour.name == name), None)
            onset = (wanted.onset_seconds(level, seconds) if wanted else None) or 0
            arguments = [f"-behaviour={name}", f"-listen=127.0.0.1:{port}", f"-folder={folder}"]
            arguments += [f"-upstream=http://127.0.0.1:{ports[UPSTREAM]}", f"-leaks-from={int(start + onset)}"]
            stack.enter_context(_process(folder / f"{name}.log", service, *arguments))
        server = stack.enter_context(PrometheusServer(_configuration(ports)))
        for behaviour in behaviours:
            _wait_for_metrics(ports[behaviour.name], behaviour.name)
        waiting.until(lambda: time.time() >= start, "the agreed start", seconds=60, pause_seconds=0.02)
        for behaviour in behaviours:
            arguments = load_arguments(behaviour, level, seconds, ports[behaviour.name])
            stack.enter_context(_process(folder / f"{behaviour.name}.load.log", load, *arguments))
        yield server, start


def load_arguments(behaviour: Behaviour, level: Level, seconds: int, port: int) -> list[str]:
    """The load generator's command line; it ends by itself a little after the recording."""
    trend = behaviour.trend
    return [
        f"-target=http://127.0.0.1:{port}/features",
        f"-rate={level.requests_per_second:g}",
        f"-from={trend.start:g}",
        f"-to={trend.end:g}",
        f"-reaches={trend.reached_at_share * seconds:g}s",
        f"-swing={SWING:g}",
        f"-period={behaviour.period_seconds}s",
        f"-for={seconds + 5}s",
    ]


def _configuration(ports: Mapping[str, int]) -> str:
    targets = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {"behaviour": name}}
        for name, port in ports.items()
        if name != UPSTREAM
    ]
    interval = f"{SCRAPE_INTERVAL_SECONDS}s"
    return json.dumps(
        {
            "global": {"scrape_interval": interval, "scrape_timeout": interval},
            "scrape_configs": [{"job_name": "recordings", "static_configs": targets}],
        }
    )


@contextmanager
def _process(log: Path, program: Path, *arguments: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(program), *arguments], stdout=output, stderr=output, env=commands.environment(RUNTIME)
        )
    try:
        yield
    finally:
        if process.poll() not in (None, 0):
            print(f"{log.stem} ended with {process.returncode}: {log.read_text(errors='replace')[-500:]}", flush=True)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        if process.poll() is None:
            process.kill()
            process.wait(10)


def _wait_for_metrics(port: int, name: str) -> None:
    def answers() -> bool:
        with (
            suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer,
        ):
            return bool(answer.status == 200)
        return False

    waiting.until(answers, f"start of {name}", seconds=START_WITHIN_SECONDS)
