"""A real Alertmanager on loopback, started for one test and ended by its own process handle."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

PROGRAM = "prometheus-alertmanager"


def program(name: str, package: str) -> str:
    """Where a program is; a test that needs a real server fails without it and says how to get it."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"`{name}` is not installed: apt-get install --no-install-recommends {package}")
    return found


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Alertmanager:
    """A running Alertmanager."""

    url: str
    log: Path

    async def fire(self, *labels: dict[str, str], started_at: datetime) -> None:
        """Posts alerts as Prometheus does."""
        alerts = [{"labels": one, "annotations": {}, "startsAt": started_at.isoformat()} for one in labels]
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/api/v2/alerts", json=alerts) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def alerts(self) -> list[dict[str, Any]]:
        """The alerts as Alertmanager sees them, inhibited ones too."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/api/v2/alerts") as answer:
            return list(await answer.json())


async def until(condition: Callable[[], Awaitable[bool]], what: str, seconds: float = 60) -> None:
    """Returns as soon as the condition holds; fails the test when it did not in time."""
    pause_seconds = 0.1
    for _ in range(int(seconds / pause_seconds)):
        if await condition():
            return
        await asyncio.sleep(pause_seconds)
    pytest.fail(f"{what} did not happen within {seconds:g} s")


def _prepared(folder: Path, configuration: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "alertmanager.yaml"
    file.write_text(configuration)
    return file


@asynccontextmanager
async def running_alertmanager(folder: Path, configuration: str) -> AsyncIterator[Alertmanager]:
    file, log, port = _prepared(folder, configuration), folder / "alertmanager.log", free_port()
    arguments = (
        f"--config.file={file}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program(PROGRAM, PROGRAM), *arguments, stdout=output, stderr=output, cwd=folder
        )
    running = Alertmanager(f"http://127.0.0.1:{port}", log)
    try:
        await _until_ready(running, process)
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _until_ready(running: Alertmanager, process: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as session:

        async def answers() -> bool:
            if process.returncode is not None:
                pytest.fail(f"Alertmanager ended by itself:\n{running.log.read_text()[-2000:]}")
            try:
                async with session.get(f"{running.url}/-/ready") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await until(answers, "the readiness of Alertmanager")
