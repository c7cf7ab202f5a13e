"""A proxy on loopback that loses answers, delays and refuses, in front of any tracker.

Exists so that what can be lost on the way is lost at a known request. Must not change what it passes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

Lose = Callable[[web.Request], bool]
_OWN = {"host", "content-length", "transfer-encoding", "content-encoding", "connection", "date", "server"}


@dataclass
class Faults:
    """What goes wrong, once each, in order; every request for which `at` holds takes the next.

    Attributes:
        coming: `500 after`, `cut after`, `hang after` (the request took effect), `429 before`, `503 before`.
        at: which requests.
        creations: how many requests came for which `at` holds.
        taken: set once a request took effect whose answer was lost.
    """

    coming: list[str] = field(default_factory=list)
    at: Lose = lambda request: False
    creations: int = 0
    taken: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def faulty(upstream: str, faults: Faults) -> AsyncIterator[str]:
    """The proxy's address."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def passed(request: web.Request) -> web.StreamResponse:
            concerned = faults.at(request)
            faults.creations += concerned
            fault = faults.coming.pop(0) if concerned and faults.coming else ""
            if fault.endswith("before"):
                return web.Response(status=int(fault[:3]), headers={"Retry-After": "7"})
            headers = {key: value for key, value in request.headers.items() if key.lower() not in _OWN}
            target = URL(upstream + request.raw_path, encoded=True)
            async with session.request(
                request.method, target, headers=headers, data=await request.read(), allow_redirects=False
            ) as answer:
                content = await answer.read()
            if fault:
                faults.taken.set()
            if fault == "500 after":
                return web.Response(status=500)
            if fault == "hang after":
                await asyncio.sleep(30)
            if fault and request.transport is not None:
                request.transport.close()
            kept = {key: value for key, value in answer.headers.items() if key.lower() not in _OWN}
            if "Location" in kept:
                kept["Location"] = kept["Location"].replace(upstream, f"http://{request.host}")
            return web.Response(status=answer.status, headers=kept, body=content)

        async with serving(passed) as url:
            yield url


@asynccontextmanager
async def serving(answer: Callable[[web.Request], object]) -> AsyncIterator[str]:
    """One handler for every path, on loopback."""
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", answer)  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
