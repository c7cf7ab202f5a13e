"""An HTTP proxy on loopback in front of the API server that can lose a request or an answer on purpose.

Exists because "it was done, but the note about it was lost" must be made to happen at a known moment. Credentials pass
through untouched; watches and port-forwards stream. Must not decide what is lost: `Faults` does.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import threading
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp
from aiohttp import web
from yarl import URL

Result = TypeVar("Result")

HOP_BY_HOP = {"connection", "host", "keep-alive", "transfer-encoding", "content-length", "upgrade"}
BODY_BYTES_AT_MOST = 8 * 1024 * 1024
FRAME_BYTES_AT_MOST = 16 * 1024 * 1024
SWITCHING = 101
START_SECONDS = 20


@dataclass(frozen=True)
class Call:
    """One request as the client sent it."""

    method: str
    path: str
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body; empty where it is no JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Faults(Protocol):
    """What happens to a call; both are asked in the proxy's thread and must not block."""

    def lost(self, call: Call) -> bool:
        """Whether it is swallowed: the server never sees it, and the client gets no answer."""

    def withheld(self, call: Call, status: int) -> bool:
        """Whether the server's answer never reaches the client. For a port-forward this is asked when it has ended."""


class NoFaults:
    """A proxy without harm."""

    def lost(self, call: Call) -> bool:
        return False

    def withheld(self, call: Call, status: int) -> bool:
        return False


class FaultProxy:
    """The proxy, in a thread of its own; use it as a context manager.

    Args:
        kubeconfig: says where the API server is and whom to trust; its user is not used.
        faults: may be replaced at any time.
    """

    def __init__(self, kubeconfig: Path, faults: Faults | None = None) -> None:
        cluster = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.faults: Faults = faults or NoFaults()
        self._upstream = cluster["server"].rstrip("/")
        self._trust = ssl.create_default_context(cadata=authority)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._address = ""

    @property
    def address(self) -> str:
        """Where the client finds it."""
        return self._address

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=START_SECONDS)

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=START_SECONDS)

    async def _start(self) -> None:
        connector = aiohttp.TCPConnector(ssl=self._trust, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        application = web.Application(client_max_size=BODY_BYTES_AT_MOST)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        call = Call(request.method, request.path, await request.read())
        if self.faults.lost(call):
            await _silence()
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._tunnel(request, call)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        url = URL(self._upstream + request.raw_path, encoded=True)
        # The client decides how long it waits: a watch lasts for minutes.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        asked = self._session.request(
            request.method, url, headers=headers, data=call.body or None, timeout=timeout, allow_redirects=False
        )
        async with asked as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            if request.query.get("watch") != "true":
                content = await answer.read()
                if self.faults.withheld(call, answer.status):
                    await _silence()
                return web.Response(status=answer.status, headers=kept, body=content)
            streamed = web.StreamResponse(status=answer.status, headers=kept)
            await streamed.prepare(request)
            async for chunk in _chunks(answer):
                await streamed.write(chunk)
            return streamed

    async def _tunnel(self, request: web.Request, call: Call) -> web.StreamResponse:
        protocols = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        headers = {"Authorization": request.headers.get("Authorization", "")}
        url = URL(self._upstream + request.raw_path, encoded=True)
        try:
            upstream = await self._session.ws_connect(
                url, protocols=protocols, headers=headers, max_msg_size=FRAME_BYTES_AT_MOST
            )
        except aiohttp.WSServerHandshakeError as refused:
            return web.Response(status=refused.status, text=refused.message)
        client = web.WebSocketResponse(protocols=protocols, max_msg_size=FRAME_BYTES_AT_MOST)
        await client.prepare(request)
        pumps = [asyncio.create_task(_pump(client, upstream)), asyncio.create_task(_pump(upstream, client))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.faults.withheld(call, SWITCHING)
            for pump in pumps:
                pump.cancel()
            await upstream.close()
            await client.close()
        return client


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, sink: Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)


async def _chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """What comes, until the server ends it or breaks."""
    with contextlib.suppress(aiohttp.ClientError):
        async for chunk in answer.content.iter_any():
            yield chunk


async def _silence() -> None:
    """No answer; the handler is cancelled when the client gives up."""
    await asyncio.Event().wait()
