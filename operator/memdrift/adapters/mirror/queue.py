"""Profiles waiting to be sent, and the one task that sends them.

Exists so that a tick only takes note: a server that hangs costs memory for a few profiles and nothing else. A failure
is one line in the log. Must not send anything twice, nor keep it for later.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aiohttp

from memdrift.adapters.mirror.requests import request_for
from memdrift.api.archives import ProfileServer
from memdrift.api.backends import Tls
from memdrift.ports import Mirrored

WAITING_AT_MOST = 16
_TOKEN_BYTES_AT_MOST = 16 * 1024
_log = logging.getLogger(__name__)


class QueuedMirror:
    """Implements the port `Mirror`; create and close it in the event loop.

    Args:
        configured: the servers, as they are now.
    """

    def __init__(self, configured: Callable[[], list[ProfileServer]]) -> None:
        self._configured = configured
        self._waiting: deque[tuple[ProfileServer, Mirrored]] = deque()
        self._sending: asyncio.Task[None] | None = None

    def offer(self, profile: Mirrored) -> None:
        """Take note for every server that the namespace's profiles are sent to."""
        for server in self._configured():
            if not server.allows(profile.namespace):
                continue
            if len(self._waiting) >= WAITING_AT_MOST:
                _tell(server, profile, "too many are waiting")
                continue
            self._waiting.append((server, profile))
        if self._waiting and (self._sending is None or self._sending.done()):
            self._sending = asyncio.get_running_loop().create_task(self._send_all())

    async def drained(self) -> None:
        """Returns once nothing is waiting."""
        while self._sending is not None and not self._sending.done():
            await asyncio.wait({self._sending})

    async def close(self) -> None:
        """Drop what is waiting."""
        self._waiting.clear()
        if self._sending is not None:
            self._sending.cancel()
            with suppress(asyncio.CancelledError):
                await self._sending

    async def _send_all(self) -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            while self._waiting:
                server, profile = self._waiting.popleft()
                try:
                    status = await _send(session, server, profile)
                    if not 200 <= status < 300:
                        _tell(server, profile, f"it answered {status}")
                except Exception as error:  # noqa: BLE001 - whatever it is, the next one is sent
                    # The text of these errors may hold the URL; the class is enough for the administrator.
                    _tell(server, profile, type(error).__name__)


async def _send(session: aiohttp.ClientSession, server: ProfileServer, profile: Mirrored) -> int:
    path, body = request_for(server.kind, profile)
    headers = {**server.headers, "Content-Type": "application/json", "User-Agent": "memdrift"}
    if server.bearer_token_file:
        headers["Authorization"] = f"Bearer {_token(server.bearer_token_file)}"
    async with session.post(
        server.url.rstrip("/") + path,
        data=body,
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=server.timeout_seconds),
        allow_redirects=False,  # a redirect would carry the token elsewhere
        ssl=_trust(server.tls),
    ) as response:
        return response.status


def _token(path: str) -> str:
    with Path(path).open("rb") as file:
        return file.read(_TOKEN_BYTES_AT_MOST).decode("ascii").strip()


def _trust(tls: Tls) -> ssl.SSLContext | bool:
    if tls.insecure_skip_verify:
        return False
    if tls.ca_file is None and tls.cert_file is None:
        return True
    context = ssl.create_default_context(cafile=tls.ca_file)
    if tls.cert_file is not None:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    return context


def _tell(server: ProfileServer, profile: Mirrored, why: str) -> None:
    _log.warning(
        "profile not mirrored",
        extra={
            "server": server.name,
            "namespace": profile.namespace,
            "store": profile.store,
            "pod": profile.taken.pod,
            "kind": str(profile.taken.kind),
            "problem": why,
        },
    )
