"""One aiohttp session to the API server for plain calls and websockets.

Exists because hot answers are read as raw bytes into small models (the client's generated models cost ten times as
much) and because a websocket needs the same credentials. Every call has a deadline. Must not know any resource.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import aiohttp
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject
from yarl import URL

from memdrift.adapters.connection.credentials import authorization, find_credentials
from memdrift.adapters.connection.refusals import refusal
from memdrift.adapters.connection.skew import ClockSkew
from memdrift.errors import ClusterUnavailable, MemdriftError, SpecInvalid
from memdrift.ports import Clock, Frames

CONNECTIONS_AT_MOST = 20
ANSWER_BYTES_AT_MOST = 256 * 1024 * 1024
FRAME_BYTES_AT_MOST = 4 * 1024 * 1024
USER_AGENT = "memdrift"


async def open_connection(kubeconfig: Path | None, clock: Clock, *, timeout_seconds: float = 15.0) -> Connection:
    """A connection by the pod's service account (None) or a kubeconfig; close it with `close`.

    The timeout is for one whole call, connecting included.

    Raises:
        ConfigurationInvalid: no credentials.
    """
    return Connection(await find_credentials(kubeconfig), clock, timeout_seconds=timeout_seconds)


class Connection:
    """Implements the ports `KubernetesCalls` and `KubernetesStreams`; needs a running event loop."""

    def __init__(self, configuration: Configuration, clock: Clock, *, timeout_seconds: float) -> None:
        self._configuration = configuration
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._skew = ClockSkew()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS_AT_MOST, ssl=RESTClientObject(configuration).ssl_context),
            timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(5.0, timeout_seconds)),
            headers={"User-Agent": USER_AGENT},
            trust_env=True,
        )

    @property
    def clock_skew_seconds(self) -> float | None:
        """The API server's clock minus ours; None before the first answer."""
        return self._skew.seconds

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def call(
        self,
        method: str,
        path: Sequence[str],
        *,
        query: Mapping[str, str] | None = None,
        body: object | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        """The body of a 2xx answer; see the port for what is raised."""
        url = self._url(path)
        asked = f"{method} {url.path}"
        headers = {"Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = content_type
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                headers |= await authorization(self._configuration)
                sent_at = self._clock.now()
                async with self._session.request(
                    method,
                    url,
                    params=query,
                    data=content,
                    headers=headers,
                    allow_redirects=False,
                    proxy=self._configuration.proxy,
                    server_hostname=self._configuration.tls_server_name,
                ) as response:
                    self._skew.observe(response.headers.get("Date"), sent_at, self._clock.now())
                    answer = await _bounded(response, asked)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _unreachable(error, asked, self._timeout_seconds) from error
        if 200 <= response.status < 300:
            return answer
        raise refusal(response.status, answer, response.headers.get("Retry-After"), asked)

    @asynccontextmanager
    async def stream(self, path: Sequence[str], query: Mapping[str, str], subprotocol: str) -> AsyncIterator[Frames]:
        """An open websocket; see the port for what is raised on entering."""
        url = self._url(path)
        asked = f"GET {url.path}"
        try:
            async with asyncio.timeout(self._timeout_seconds):
                socket = await self._session.ws_connect(
                    url,
                    params=query,
                    protocols=(subprotocol,),
                    headers=await authorization(self._configuration),
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                    max_msg_size=FRAME_BYTES_AT_MOST,
                    proxy=self._configuration.proxy,
                )
        except aiohttp.WSServerHandshakeError as error:
            raise _handshake_refusal(error, asked) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _unreachable(error, asked, self._timeout_seconds) from error
        try:
            yield _WebsocketFrames(socket)
        finally:
            await socket.close()

    def _url(self, path: Sequence[str]) -> URL:
        if any(segment in {"", ".", ".."} for segment in path):
            raise SpecInvalid("NameInvalid", f"{'/'.join(path)!r} has an empty or relative part: name the object fully")
        return URL(self._configuration.host + "/" + "/".join(quote(segment, safe="") for segment in path), encoded=True)


class _WebsocketFrames:
    """The port `Frames` on an aiohttp websocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, frame: bytes) -> None:
        """Send one message; into a stream that broke it is lost, and why it broke is read with `receive`."""
        with suppress(aiohttp.ClientError, OSError):
            await self._socket.send_bytes(frame)

    async def receive(self) -> bytes:
        """The next message; empty once the other side has closed, for whatever reason."""
        message = await self._socket.receive()
        return message.data if message.type is aiohttp.WSMsgType.BINARY else b""


async def _bounded(response: aiohttp.ClientResponse, asked: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > ANSWER_BYTES_AT_MOST:
            raise ClusterUnavailable("AnswerTooLarge", f"the answer to {asked} is over {ANSWER_BYTES_AT_MOST} bytes")
        parts.append(part)
    return b"".join(parts)


def _unreachable(error: BaseException, asked: str, timeout_seconds: float) -> ClusterUnavailable:
    if isinstance(error, TimeoutError):
        return ClusterUnavailable("ApiServerTimedOut", f"no answer to {asked} within {timeout_seconds:g} seconds")
    return ClusterUnavailable("ApiServerUnreachable", f"{asked} failed: {error or type(error).__name__}")


def _handshake_refusal(error: aiohttp.WSServerHandshakeError, asked: str) -> MemdriftError:
    retry_after = error.headers.get("Retry-After") if error.headers else None
    return refusal(error.status, error.message.encode(), retry_after, asked)
