"""`memdrift operator`: assemble, run until told to stop, take apart within ten seconds.

Exists at the top because it joins what must not know each other: the watch, the scheduler and the web server. Must not
contain behaviour.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path

import click

from memdrift.adapters.logs import configure
from memdrift.bootstrap import Operator, assemble
from memdrift.errors import MemdriftError
from memdrift.handlers import Watch
from memdrift.settings import Settings
from memdrift.version import VERSION
from memdrift.web import Access, IncidentPages, Pages, WebServer

WATCH_STOP_SECONDS = 2.0
TICKS_STOP_SECONDS = 5.0
_log = logging.getLogger(__name__)


@click.command()
def operator() -> None:
    """Run the operator (in the cluster; settings come from the environment)."""
    raise SystemExit(run())


def run() -> int:
    """The process's exit code: 0 after SIGTERM or SIGINT, 1 where watching ended by itself, 2 for a wrong setting."""
    try:
        settings = Settings.parse(os.environ)
        configure(settings.log_level)
        return asyncio.run(_operate(settings))
    except MemdriftError as error:
        _log.error("cannot start", extra={"reason": error.reason, "problem": error.message})
        return 2


async def _operate(settings: Settings) -> int:
    assembled = await assemble(settings, VERSION)
    stop, failed, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    web = _web(settings, assembled)
    await web.start()

    def heard(resource: str) -> None:
        assembled.health.watch_heard(resource, assembled.clock.monotonic())

    watch = Watch(settings, assembled.scheduler, loop, heard, failed, assembled.board)
    watch.start()
    ticking = asyncio.create_task(assembled.scheduler.run(stop))
    _log.info("started", extra={"version": VERSION, "namespace": settings.namespace, "port": web.port})
    ended = [asyncio.create_task(event.wait()) for event in (stop, failed)]
    await asyncio.wait([*ended, ticking], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await watch.stop(WATCH_STOP_SECONDS)
    await asyncio.wait([ticking], timeout=TICKS_STOP_SECONDS)
    ticking.cancel()
    await web.stop()
    await assembled.close()
    _log.info("stopped", extra={"watch_failed": failed.is_set()})
    return 1 if failed.is_set() or (ticking.done() and not ticking.cancelled() and ticking.exception()) else 0


def _web(settings: Settings, operator: Operator) -> WebServer:
    def token_file() -> Path | None:
        configured = operator.administration.current().receiver_token_file
        return Path(configured) if configured else None

    return WebServer(
        settings.host,
        settings.port,
        requests=operator.requests,
        telemetry=operator.telemetry,
        health=operator.health,
        clock=operator.clock,
        token_file=token_file,
        pages=_pages(operator) if settings.pages else None,
    )


def _pages(operator: Operator) -> Pages:
    incidents = IncidentPages(operator.incidents, operator.world.stores, operator.world.archive, operator.clock)
    return Pages(operator.board, Access(operator.reviews, operator.clock), incidents, operator.clock)
