"""Two hundred hostile files from one seed: cut, damaged, bombs, contradictions, and hostile names in every field."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Iterator

from memdrift.evidence.wire import packed_number
from tests.evidence.building import HEAP_TYPES, Builder, heap
from tests.evidence.recorded import recorded

COUNT = 200
NAMES = {
    "a script": "<script>alert(1)</script>",
    "an image": '"><img src=x onerror=alert(1)>',
    "an SVG": "</title></svg><svg onload=alert(1)>",
    "a colour and a cursor": "\x1b[2J\x1b[1;1H\x1b[31mowned\x1b]0;title\x07",
    "carriage returns": "main.safe\r\n\rError: nothing\b\b\b\x00",
    "a reversed line": "main.\u202etxt.exe\u2066\u2028",
    "Markdown": "[click](javascript:alert(1)) **bold** ![x](http://evil.example/x.png) | a | `b`\n# Heading",
    "a template": "{{ 7 * 7 }}${7*7}<%= 7 %>{% raw %}",
    "a formula": "=cmd|' /C calc'!A1",
    "no UTF-8": b"\xff\xfe\xc3\x28\xed\xa0\x80",
    "a long name": "x" * 60_000,
    "a long bracket": "main.F[" * 8000,
}
FIELDS = ("function", "system name", "file", "mapping", "sample type", "unit", "comment")


def files(seed: int = 20_261_124) -> Iterator[tuple[str, bytes]]:
    """Name and content; always the same ones."""
    chance = random.Random(seed)
    real = recorded("leak_late.heap")
    raw = gzip.decompress(real)
    number = 0
    for name, content in _fixed(real, raw):
        number += 1
        yield name, content
    while number < COUNT:
        number += 1
        yield f"{number} at random", _random(chance, real, raw)


def _fixed(real: bytes, raw: bytes) -> Iterator[tuple[str, bytes]]:
    for field in FIELDS:
        for name, text in NAMES.items():
            yield f"{name} as {field}", named(field, text)
    yield from _bombs(raw)
    yield from _contradictions()
    yield from _native_texts()


def named(field: str, text: str | bytes) -> bytes:
    """A profile with this text in one of its fields."""
    types = list(HEAP_TYPES)
    builder = Builder([*types, ("x", "count")] if field not in ("sample type", "unit") else types)
    width = len(builder.message.sample_type)
    location = builder.location("main.leak", "main.go")
    if field == "function":
        builder.message.function[0].name = builder.string(text)
    elif field == "system name":
        builder.message.function[0].name = 0
        builder.message.function[0].system_name = builder.string(text)
    elif field == "file":
        builder.message.function[0].filename = builder.string(text)
    elif field == "mapping":
        builder.message.mapping.add(id=1, filename=builder.string(text))
        builder.message.location.add(id=9, mapping_id=1, address=16)
        builder.message.sample.add(location_id=[9, location], value=[1 << 20] * width)
    elif field == "sample type":
        builder.message.sample_type[0].type = builder.string(text)
    elif field == "unit":
        builder.message.sample_type[0].unit = builder.string(text)
    else:
        builder.message.comment.append(builder.string(text))
    builder.message.sample.add(location_id=[location], value=[64 << 20] * width)
    return builder.content()


def _bombs(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Small files that want to be large."""
    zeros = _deflated(b"\0" * (1 << 20), 1024)
    yield "a gigabyte of zeros", zeros
    yield "a bomb in a bomb", gzip.compress(zeros)
    for name, piece in {
        "empty samples": b"\x12\x00",
        "empty locations": b"\x22\x00",
        "empty functions": b"\x2a\x00",
        "empty strings": b"\x32\x00",
        "empty mappings": b"\x1a\x00",
        "empty sample types": b"\x0a\x00",
        "empty lines": b"\x22\x7e" + b"\x22\x00" * 63,
        "unknown fields": b"\xfa\x07\x00",
        "numbers one by one": b"\x12\x7e" + b"\x08\x01" * 63,
        "numbers of a stack": b"\x12\x7e\x0a\x7c" + b"\x01" * 124,
    }.items():
        count = (60 << 20) // len(piece)
        yield f"sixty megabytes of {name}", _deflated(piece * 1000, count // 1000)
        yield f"{name} behind a real profile", gzip.compress(raw + piece * 300_000)
    yield "a string of 60 MB", _deflated_after(b"\x32" + packed_number(60 << 20), b"x" * (1 << 20), 60)
    yield "ever more bytes in a number", gzip.compress(raw + b"\x12" + packed_number(60_000) + b"\xff" * 60_000)
    yield "many long numbers in a stack", gzip.compress(raw + _entry(b"\x0a", b"\xff" * 9 + b"\x01", 6000))
    yield "a stack of a million frames", gzip.compress(raw + _entry(b"\x0a", b"\x01", 1_000_000))
    yield "at the limit of samples", gzip.compress(raw + _sample(b"\x01" * 24) * 240_000)
    yield "at the limit of frames", gzip.compress(raw + _sample(b"\x01" * 1000) * 3_900)
    yield (
        "all stacks different",
        gzip.compress(
            raw + b"".join(_sample(bytes(1 + (n >> shift) % 50 for shift in range(24))) for n in range(60_000))
        ),
    )
    yield "a million functions", gzip.compress(b"".join(_identified(0x2A, n) for n in range(1, 1_000_000)))
    yield "as many locations as allowed", gzip.compress(raw + b"".join(_identified(0x22, n) for n in range(1, 99_000)))


def _contradictions() -> Iterator[tuple[str, bytes]]:
    """Tables that point at nothing, at each other, or twice at the same."""
    changes = {
        "a location that names itself as function": lambda it: setattr(it.location[0].line[0], "function_id", 2**63),
        "two functions of one id": lambda it: it.function.add(id=1, name=1),
        "two locations of one id": lambda it: it.location.add(id=1),
        "a location in a mapping that is missing": lambda it: it.location.add(id=8, mapping_id=99),
        "a mapping that ends before it begins": lambda it: it.mapping.add(id=1, memory_start=2**64 - 1, file_offset=9),
        "a negative string": lambda it: setattr(it.function[0], "name", -(2**63)),
        "a string beyond all": lambda it: setattr(it.function[0], "filename", 2**63 - 1),
        "no sample type": lambda it: it.ClearField("sample_type"),
        "a default type beyond all": lambda it: setattr(it, "default_sample_type", 10**9),
        "a time before all": lambda it: setattr(it, "time_nanos", -(2**63)),
        "a time after all": lambda it: setattr(it, "time_nanos", 2**63 - 1),
        "the largest values": lambda it: it.sample.add(location_id=[1], value=[2**63 - 1] * 4),
        "the smallest values": lambda it: it.sample.add(location_id=[1], value=[-(2**63)] * 4),
        "a line that inlines ten thousand": lambda it: [it.location[0].line.add(function_id=1) for _ in range(10_000)],
        "a stack of one frame over and over": lambda it: it.sample.add(location_id=[1] * 1024, value=[1] * 4),
        "no string table": lambda it: it.ClearField("string_table"),
    }
    for name, change in changes.items():
        builder = Builder(HEAP_TYPES)
        builder.sample(("main.leak", "main.main"), (1, 1 << 20, 1, 1 << 20), {})
        change(builder.message)
        yield name, builder.content()


def _native_texts() -> Iterator[tuple[str, bytes]]:
    """The text formats, which have no table to bound them."""
    head = b"heap_v2/524288\n  t*: 1: 1 [0: 0]\n"
    counts = b"  t*: 7: 99999 [0: 0]\n"
    yield "a text of empty lines", _deflated(b"\n" * 1024, 60 << 10)
    yield "a heap text of empty lines", gzip.compress(head + b"\n" * (50 << 20))
    yield "a heap text of one line", gzip.compress(head + b"@" + b" 0x1" * 4_000_000)
    yield "a heap text of huge numbers", head + b"@ 0x1\n  t*: " + b"9" * 5000 + b": 1 [0: 0]\n"
    yield "a heap text of huge addresses", head + b"@ 0x" + b"f" * 5000 + b"\n" + counts
    yield "a heap text without addresses", head + b"@ one two\n" + counts
    yield (
        "a heap text of many stacks",
        gzip.compress(head + b"".join(b"@ 0x%x 0x%x\n" % (n, n + 1) + counts for n in range(150_000))),
    )
    yield (
        "a heap text with hostile names",
        head
        + b"@ 0x10 0x20\n"
        + counts
        + (b"MAPPED_LIBRARIES:\n0-100 r-xp 0 08:01 1 /tmp/<script>alert(1)</script>\x1b[31m\n"),
    )
    yield "a heap text with hostile symbols", b"--- symbol\n0x10 <b>\x1b[2J\xff--\n---\n" + head
    yield "a heap text with symbols", head + b"--- symbol\n0x10 <b>\x1b[2J\xff--\n--- heap\n@ 0x10\n" + counts


def _random(chance: random.Random, real: bytes, raw: bytes) -> bytes:
    kind = chance.randrange(5)
    if kind == 0:
        return real[: chance.randrange(len(real))]
    if kind == 1:
        return gzip.compress(raw[: chance.randrange(len(raw))])
    if kind == 2:
        damaged = bytearray(raw)
        for _ in range(chance.randrange(1, 200)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        return gzip.compress(bytes(damaged))
    if kind == 3:
        return gzip.compress(chance.randbytes(chance.randrange(1, 5000)))
    stacks = {tuple(f"f{chance.randrange(40)}" for _ in range(chance.randrange(1, 90))): 2**40 for _ in range(50)}
    return heap(stacks)[: chance.choice((None, -1, 40))]


def _entry(tag: bytes, piece: bytes, count: int) -> bytes:
    """A sample of one field."""
    content = tag + packed_number(len(piece) * count) + piece * count
    return b"\x12" + packed_number(len(content)) + content


def _sample(stack: bytes) -> bytes:
    """A sample of the recorded heap profile's four values."""
    content = b"\x0a" + packed_number(len(stack)) + stack + b"\x12\x04\x01\x02\x03\x04"
    return b"\x12" + packed_number(len(content)) + content


def _identified(tag: int, identity: int) -> bytes:
    content = b"\x08" + packed_number(identity)
    return bytes((tag, len(content))) + content


def _deflated(piece: bytes, count: int) -> bytes:
    return _deflated_after(b"", piece, count)


def _deflated_after(head: bytes, piece: bytes, count: int) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    packed = [packer.compress(head)]
    packed += [packer.compress(piece) for _ in range(count)]
    return b"".join([*packed, packer.flush()])
