"""HTTP to a port of a pod through the API server's port-forward, which reaches a server bound to localhost.

Exists because the documented place of Go's profiles is `localhost:6060`, which neither the pod's address nor the API
server's proxy can reach. One request per stream, bounded in bytes and time: what answers is hostile. Must not know what
is asked for, and must never follow a redirect.
"""

from __future__ import annotations

import asyncio

import h11

from memdrift.errors import CaptureFailed, TargetNotFound
from memdrift.ports import Frames, KubernetesStreams

SUBPROTOCOL = "v4.channel.k8s.io"
_DATA, _ERROR = 0, 1
_PORT_BYTES = 2
_HEADER_BYTES_AT_MOST = 16 * 1024
_MESSAGE_CHARACTERS = 300


class PortForwardHttp:
    """Implements the port `PodHttp`."""

    def __init__(self, streams: KubernetesStreams) -> None:
        self._streams = streams

    async def fetch(
        self, namespace: str, pod: str, port: int, path: str, *, maximum_bytes: int, timeout_seconds: float
    ) -> bytes:
        """The body of a 200 to `GET path`; see the port."""
        forward = ("api", "v1", "namespaces", namespace, "pods", pod, "portforward")
        place = f"pod {namespace}/{pod}, port {port}, {path}"
        try:
            async with asyncio.timeout(timeout_seconds):
                async with self._streams.stream(forward, {"ports": str(port)}, SUBPROTOCOL) as frames:
                    return await _get(_Channels(frames, place), port, path, maximum_bytes, place)
        except TimeoutError as error:
            raise CaptureFailed(
                "TimedOut", f"{place}: no complete answer within {timeout_seconds:g} seconds"
            ) from error
        except TargetNotFound as error:
            raise CaptureFailed("PodReplaced", f"{place}: the pod is gone") from error
        except h11.RemoteProtocolError as error:
            raise CaptureFailed("NotPprof", f"{place}: the answer is not whole HTTP/1.1: {error}") from error


class _Channels:
    """One forwarded port on a stream.

    Every frame is a channel's number and bytes; on each channel the first two bytes repeat the port.
    """

    def __init__(self, frames: Frames, place: str) -> None:
        self._frames = frames
        self._place = place
        self._preamble = {_DATA: _PORT_BYTES, _ERROR: _PORT_BYTES}

    async def send(self, content: bytes) -> None:
        await self._frames.send(bytes((_DATA,)) + content)

    async def receive(self) -> bytes:
        """The next bytes from the pod; empty once there are no more.

        Raises:
            CaptureFailed: the node says that the port cannot be reached.
        """
        while frame := await self._frames.receive():
            channel, content = frame[0], frame[1:]
            skipped = min(self._preamble.get(channel, 0), len(content))
            if skipped:
                self._preamble[channel] -= skipped
                content = content[skipped:]
            if channel == _ERROR and content:
                raise CaptureFailed(
                    "PortClosed",
                    f"{self._place}: nothing listens there ({_printable(content)}): correct `spec.capture.port`, "
                    "or serve net/http/pprof on it",
                )
            if channel == _DATA and content:
                return content
        return b""


async def _get(channels: _Channels, port: int, path: str, maximum_bytes: int, place: str) -> bytes:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADER_BYTES_AT_MOST)
    request = h11.Request(
        method="GET",
        target=path,
        headers=[
            ("Host", f"localhost:{port}"),
            ("User-Agent", "memdrift"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ],
    )
    await channels.send((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
    body = bytearray()
    # Frames around the body cost bytes as well; a server that sends mostly those is cut off here.
    left_on_the_wire = maximum_bytes + maximum_bytes // 4 + 2 * _HEADER_BYTES_AT_MOST
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            content = await channels.receive()
            left_on_the_wire -= len(content)
            _refuse_excess(left_on_the_wire < 0, maximum_bytes, place)
            connection.receive_data(content)
        elif isinstance(event, h11.Response):
            _refuse_response(event, maximum_bytes, place)
        elif isinstance(event, h11.Data):
            body += event.data
            _refuse_excess(len(body) > maximum_bytes, maximum_bytes, place)
        elif isinstance(event, h11.EndOfMessage):
            return bytes(body)
        elif isinstance(event, h11.ConnectionClosed):
            raise CaptureFailed("NotPprof", f"{place}: the connection was closed without an answer")


def _refuse_response(response: h11.Response, maximum_bytes: int, place: str) -> None:
    headers = {name.lower(): value for name, value in response.headers}
    if response.status_code != 200:
        raise CaptureFailed(
            "Refused",
            f"{place}: status {response.status_code} {_printable(response.reason)}: "
            "`spec.capture.basePath` must lead to net/http/pprof without a login",
        )
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding != b"identity":
        raise CaptureFailed(
            "NotPprof", f"{place}: the answer is encoded as {_printable(encoding)}, which was not asked for"
        )
    # h11 has refused a length that is not a number.
    _refuse_excess(int(headers.get(b"content-length", b"0")) > maximum_bytes, maximum_bytes, place)


def _refuse_excess(excess: bool, maximum_bytes: int, place: str) -> None:  # noqa: FBT001 - a condition, not an option
    if excess:
        raise CaptureFailed("TooLarge", f"{place}: the answer is over {maximum_bytes} bytes (`spec.capture.maxBytes`)")


def _printable(content: bytes) -> str:
    text = content.decode("utf-8", "replace").strip()[:_MESSAGE_CHARACTERS]
    return "".join(character if character.isprintable() else " " for character in text)
