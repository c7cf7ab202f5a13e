"""HTTP over the frames of a port-forward, whichever way they are cut."""

from __future__ import annotations

import pytest

from memdrift.adapters.portforward import PortForwardHttp
from memdrift.errors import CaptureFailed
from tests.adapters.scripted import ScriptedFrames, ScriptedStreams

PORT = (6060).to_bytes(2, "little")
DATA, ERROR = b"\x00", b"\x01"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
UNBOUNDED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"


async def fetched(frames: ScriptedFrames, maximum_bytes: int = 100) -> bytes:
    http = PortForwardHttp(ScriptedStreams(frames))
    return await http.fetch(
        "shops", "pod-a", 6060, "/debug/pprof/heap", maximum_bytes=maximum_bytes, timeout_seconds=5.0
    )


def cut(content: bytes, size: int) -> list[bytes]:
    """Data frames of that size, the port in front."""
    whole = PORT + content
    return [DATA + whole[start : start + size] for start in range(0, len(whole), size)]


@pytest.mark.parametrize("answer", [ANSWER, CHUNKED, UNBOUNDED])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_the_body_arrives_however_the_frames_are_cut(answer: bytes, size: int) -> None:
    frames = ScriptedFrames([ERROR + PORT, *cut(answer, size)])
    assert await fetched(frames) == b"hello"
    (request,) = frames.sent
    assert request.startswith(DATA + b"GET /debug/pprof/heap HTTP/1.1\r\nHost: localhost:6060\r\n")


async def test_the_error_channel_explains_and_is_cleaned() -> None:
    frames = ScriptedFrames([DATA + PORT, ERROR + PORT, ERROR + b"connection refused\x1b[31m\n" + b"x" * 1000])
    with pytest.raises(CaptureFailed) as failure:
        await fetched(frames)
    assert failure.value.reason == "PortClosed"
    assert "connection refused" in failure.value.message
    assert "\x1b" not in failure.value.message
    assert len(failure.value.message) < 600


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "NotPprof"),
        (ANSWER[:-1], "NotPprof"),
        (CHUNKED[:-5], "NotPprof"),
        (b"220 mail ready\r\n", "NotPprof"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 40_000, "NotPprof"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, "TooLarge"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "TooLarge"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101, "TooLarge"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 8000, "TooLarge"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", "NotPprof"),
        (b"HTTP/1.1 500 No\x07\r\nContent-Length: 0\r\n\r\n", "Refused"),
        (b"HTTP/1.1 206 Partial\r\nContent-Length: 0\r\n\r\n", "Refused"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "NotPprof"),
    ],
)
async def test_hostile_answers_are_refused(answer: bytes, reason: str) -> None:
    with pytest.raises(CaptureFailed) as failure:
        await fetched(ScriptedFrames(cut(answer, 20_000)))
    assert failure.value.reason == reason
    assert failure.value.message.isprintable()
