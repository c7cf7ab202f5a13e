"""The heap text of jemalloc (`heap_v2/524288`) and of tcmalloc (`heap profile: … @ heap_v2/524288`).

Exists because services in Rust and C++ write these and no pprof. A file holds sampled stacks of addresses, the memory
map, and, where it went through `jeprof --raw`, the names of the addresses. Samples are scaled up to what they stand
for, as the readers of these formats do. Must not open the binaries that the map names.
"""

from __future__ import annotations

import io
import math
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from sys import intern

from memdrift.evidence.limits import Limits, ProfileInvalid, ProfileProblem
from memdrift.evidence.parts import Frame, Profile, Sample, SampleType, counter_name, name_of, printable
from memdrift.evidence.tables import bound
from memdrift.evidence.wire import not_pprof

_RATE = re.compile(rb"heap_v2/(\d{1,18})\s*$")
_COUNTS = re.compile(rb"\s*(?:t\*:)?\s*(\d{1,18}):\s*(\d{1,18})\s*\[\s*\d*:\s*\d*\s*\]\s*(@.*)?$")
_ADDRESS = re.compile(rb"0x[0-9a-f]{1,16}$")
_MAPPED = re.compile(rb"([0-9a-f]{1,16})-([0-9a-f]{1,16})\s+\S*x\S*\s+([0-9a-f]{1,16})\s+\S+\s+\d+\s+(/.*)$")
_SYMBOL = re.compile(rb"(0x[0-9a-f]{1,16})\s+(\S.*)$")
_OF_THREAD = re.compile(rb"t\d+:")
_LINES_PER_SAMPLE = 4
_INLINED = b"--"
_MOST_INLINED = 4
"""Frames behind one address, on average."""
_LARGEST_FIGURE = 2**62
"""No process has more; what a file claims beyond it is no figure."""
_TYPES = (SampleType("inuse_objects", "count"), SampleType("inuse_space", "bytes"))


@dataclass(slots=True)
class _Text:
    limits: Limits
    rate_bytes: int = 0
    stacks: dict[tuple[int, ...], tuple[int, int]] = field(default_factory=dict)
    mapped: list[tuple[int, int, int, str]] = field(default_factory=list)
    symbols: dict[int, bytes] = field(default_factory=dict)
    frames: int = 0
    inlined: int = 0
    lines: int = 0

    def add(self, stack: tuple[int, ...], objects: int, size: int) -> None:
        bound("frames in one stack", len(stack), self.limits.stack_frames)
        self.frames += len(stack)
        bound("frames in all stacks", self.frames, self.limits.frames)
        held_objects, held_size = self.stacks.get(stack, (0, 0))
        self.stacks[stack] = held_objects + objects, held_size + size
        bound("samples", len(self.stacks), self.limits.samples)


def read_native_text(raw: bytes, limits: Limits) -> Profile:
    """The profile in the text.

    Raises:
        ProfileInvalid: `NotPprof` where a line is none of the format's, `NoSamples`, or `TooLarge`.
    """
    text = _Text(limits)
    _read(io.BytesIO(raw), text)
    if not text.stacks:
        raise ProfileInvalid(
            ProfileProblem.NO_SAMPLES, "the heap text has no sampled stack: is jemalloc's prof_active on?"
        )
    text.mapped.sort()
    locations = {address: _frames(address, text) for address in {place for stack in text.stacks for place in stack}}
    bound("locations", len(locations), limits.locations)
    names = {address: tuple(frame.function for frame in frames) for address, frames in locations.items()}
    _refuse_too_many_frames(text, names)
    return Profile(
        sample_types=_TYPES,
        samples=[
            Sample(tuple(chain.from_iterable(map(names.__getitem__, stack))), _unsampled(*counts, text.rate_bytes))
            for stack, counts in text.stacks.items()
        ],
        locations=locations,
        main_file=text.mapped[0][3] if text.mapped else "",
        period=text.rate_bytes,
    )


def _refuse_too_many_frames(text: _Text, names: Mapping[int, tuple[str, ...]]) -> None:
    """One symbol may name many inlined functions, so what was counted as addresses is counted again as frames."""
    every = 0
    for stack in text.stacks:
        frames = sum(len(names[address]) for address in stack)
        bound("frames in one stack", frames, text.limits.stack_frames)
        every += frames
        bound("frames in all stacks", every, text.limits.frames)


def _read(stream: io.BytesIO, text: _Text) -> None:
    section = b"heap"
    stack: tuple[int, ...] | None = None
    for line in stream:
        text.lines += 1
        bound("lines", text.lines, _LINES_PER_SAMPLE * text.limits.samples)
        bound("bytes in one line", len(line), text.limits.entry_bytes)
        content = line.strip()
        if content == b"MAPPED_LIBRARIES:":
            section = b"maps"
        elif content.startswith(b"--- "):
            section = content[4:]
        elif section == b"maps":
            _take_mapped(content, text)
        elif section == b"symbol":
            _take_symbol(content, text)
        elif section == b"heap" and content:
            stack = _take_heap_line(content, stack, text)


def _take_heap_line(content: bytes, stack: tuple[int, ...] | None, text: _Text) -> tuple[int, ...] | None:
    """One line of the heap section; the stack that the next line counts, where this line is one."""
    rate = _RATE.search(content) if b"heap_v2/" in content else None
    if rate:
        text.rate_bytes = int(rate[1])
        return None
    if content[:1] == b"t" and _OF_THREAD.match(content):
        return stack  # one thread's part of the same stack
    if content.startswith(b"@"):
        return _stack(content)
    counts = _COUNTS.match(content)
    if counts is None:
        raise not_pprof(f"no line of a heap text: {printable(content[:60].decode('utf-8', 'replace'))}")
    if counts[3]:
        text.add(_stack(counts[3]), int(counts[1]), int(counts[2]))
    elif stack is not None and content.startswith(b"t*:"):
        text.add(stack, int(counts[1]), int(counts[2]))
    return None


def _stack(content: bytes) -> tuple[int, ...]:
    words = content[1:].split()
    if not all(_ADDRESS.match(word) for word in words):
        raise not_pprof("a stack of a heap text holds something else than addresses")
    return tuple(int(word, 16) for word in words)


def _take_mapped(content: bytes, text: _Text) -> None:
    found = _MAPPED.match(content)
    if found:
        path = intern(name_of(found[4]))
        text.mapped.append((int(found[1], 16), int(found[2], 16), int(found[3], 16), path))
        bound("mappings", len(text.mapped), text.limits.locations)


def _take_symbol(content: bytes, text: _Text) -> None:
    found = _SYMBOL.match(content)
    if found:
        text.symbols[int(found[1], 16)] = found[2]
        text.inlined += found[2].count(_INLINED)
        bound("inlined frames", text.inlined, _MOST_INLINED * text.limits.locations)
        bound("symbols", len(text.symbols), text.limits.locations)


def _frames(address: int, text: _Text) -> tuple[Frame, ...]:
    position = bisect_right(text.mapped, (address, 1 << 64, 0, "")) - 1
    start, end, offset, path = text.mapped[position] if position >= 0 else (0, 0, 0, "")
    if address >= end:
        start = offset = 0
        path = ""
    # A caller's address is the one it returns to; its name is kept for the call before.
    names = text.symbols.get(address) or text.symbols.get(address - 1, b"")
    if names:
        inlined = [Frame(intern(name_of(name)), path, 0) for name in names.split(_INLINED) if name]
        return tuple(inlined) or (Frame(intern(name_of(names)), path, 0),)
    return (Frame(intern(counter_name(path, address - start + offset)), path, 0),)


def _unsampled(objects: int, size: int, rate_bytes: int) -> tuple[int, int]:
    """What sampled objects stand for: an object of x bytes is sampled with probability 1 - exp(-x / rate)."""
    if objects == 0 or size == 0 or rate_bytes <= 1:
        return objects, size
    sampled = -math.expm1(-size / objects / rate_bytes)
    if sampled <= 0 or max(objects, size) / sampled > _LARGEST_FIGURE:
        return min(objects, _LARGEST_FIGURE), min(size, _LARGEST_FIGURE)
    return round(objects / sampled), round(size / sampled)
