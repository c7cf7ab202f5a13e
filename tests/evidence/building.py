"""Profiles written by hand, for the cases that no real program produces on demand."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence

from memdrift.evidence.findings import ProfileKind, Taken
from tests.evidence.messages import message_class

HEAP_TYPES = (
    ("alloc_objects", "count"),
    ("alloc_space", "bytes"),
    ("inuse_objects", "count"),
    ("inuse_space", "bytes"),
)
GOROUTINE_TYPES = (("goroutine", "count"),)
BYTES_PER_OBJECT = 16

Stack = tuple[str, ...]


class Builder:
    """Collects strings, functions and locations; one location per function."""

    def __init__(self, types: Sequence[tuple[str, str]]) -> None:
        self.message = message_class("Profile")()
        self.message.string_table.append(b"")
        self.indices: dict[bytes, int] = {b"": 0}
        self.locations: dict[tuple[str, str], int] = {}
        for name, unit in types:
            self.message.sample_type.add(type=self.string(name), unit=self.string(unit))

    def string(self, text: str | bytes) -> int:
        content = text.encode() if isinstance(text, str) else text
        if content not in self.indices:
            self.indices[content] = len(self.message.string_table)
            self.message.string_table.append(content)
        return self.indices[content]

    def location(self, function: str, file: str) -> int:
        if (function, file) not in self.locations:
            identity = len(self.locations) + 1
            self.message.function.add(id=identity, name=self.string(function), filename=self.string(file))
            self.message.location.add(id=identity).line.add(function_id=identity, line=1)
            self.locations[function, file] = identity
        return self.locations[function, file]

    def sample(self, stack: Stack, values: Sequence[int], files: Mapping[str, str]) -> None:
        locations = [self.location(function, files.get(function, "")) for function in stack]
        self.message.sample.add(location_id=locations, value=values)

    def content(self) -> bytes:
        return gzip.compress(self.message.SerializeToString(), mtime=0)


def heap(stacks: Mapping[Stack, int], files: Mapping[str, str] | None = None) -> bytes:
    """A heap profile with so many bytes in use by stack, leaf first."""
    builder = Builder(HEAP_TYPES)
    for stack, size in stacks.items():
        objects = size // BYTES_PER_OBJECT
        builder.sample(stack, (objects, size, objects, size), files or {})
    return builder.content()


def goroutines(stacks: Mapping[Stack, int], files: Mapping[str, str] | None = None) -> bytes:
    """A goroutine profile with so many goroutines by stack, leaf first."""
    builder = Builder(GOROUTINE_TYPES)
    for stack, number in stacks.items():
        builder.sample(stack, (number,), files or {})
    return builder.content()


def taken(
    content: bytes,
    kind: ProfileKind = ProfileKind.HEAP,
    *,
    pod: str = "store-a",
    uid: str = "uid-a",
    started_at: float = 0.0,
    revision: str = "12",
    taken_at: float = 1000.0,
) -> Taken:
    return Taken(
        pod=pod, uid=uid, started_at=started_at, revision=revision, kind=kind, taken_at=taken_at, content=content
    )
