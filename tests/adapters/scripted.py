"""An API server that answers what a test wrote down, at the line of the ports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from memdrift.errors import MemdriftError
from memdrift.ports import Frames


@dataclass(frozen=True)
class Call:
    """One request as the adapter made it."""

    method: str
    path: tuple[str, ...]
    body: object


@dataclass
class ScriptedCalls:
    """Answers in order; an error is raised. Implements `KubernetesCalls`."""

    answers: list[bytes | MemdriftError]
    made: list[Call] = field(default_factory=list)

    async def call(
        self,
        method: str,
        path: Sequence[str],
        *,
        query: Mapping[str, str] | None = None,
        body: object | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        self.made.append(Call(method, tuple(path), body))
        answer = self.answers.pop(0)
        if isinstance(answer, MemdriftError):
            raise answer
        return answer


@dataclass
class ScriptedFrames:
    """Frames in order, then the end. Implements `Frames`."""

    frames: list[bytes]
    sent: list[bytes] = field(default_factory=list)

    async def send(self, frame: bytes) -> None:
        self.sent.append(frame)

    async def receive(self) -> bytes:
        return self.frames.pop(0) if self.frames else b""


@dataclass
class ScriptedStreams:
    """One stream of these frames. Implements `KubernetesStreams`."""

    frames: ScriptedFrames

    @asynccontextmanager
    async def stream(self, path: Sequence[str], query: Mapping[str, str], subprotocol: str) -> AsyncIterator[Frames]:
        yield self.frames


@dataclass
class HandClock:
    """A clock that is moved by hand. Implements `Clock`."""

    time: datetime = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
