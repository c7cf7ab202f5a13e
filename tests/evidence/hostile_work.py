"""Hostile files that are within every limit by themselves and want as much work as the limits let them ask for.

Each was slow once, or would be where a loop looks at everything for each thing, or a pattern tries everything again.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator

from memdrift.evidence.limits import DEFAULT_LIMITS
from memdrift.evidence.wire import packed_number

TYPES = (b"alloc_objects", b"count", b"alloc_space", b"bytes", b"inuse_objects", b"count", b"inuse_space", b"bytes")
SAMPLES, LOCATIONS, FRAMES = DEFAULT_LIMITS.samples - 10, DEFAULT_LIMITS.locations - 10, DEFAULT_LIMITS.frames - 9000
NAMES_BYTES = DEFAULT_LIMITS.names_bytes - 9000
VALUES = b"\x12\x08" + b"".join(packed_number(value) for value in (1, 1 << 20, 1, 1 << 20))


def files() -> Iterator[tuple[str, bytes]]:
    """Name and content."""
    yield from _stacks()
    yield from _names()
    yield from _owners()
    yield from _tables()
    yield from _texts()


def profile(names: list[tuple[bytes, bytes]], stacks: list[list[int]], binary: bytes = b"/app/store") -> bytes:
    """A heap profile of one location per function (name and file), numbered from 1."""
    strings = [b"", *TYPES, binary]
    parts = [_entry(0x0A, _field(0x08, 2 * n + 1) + _field(0x10, 2 * n + 2)) for n in range(4)]
    parts.append(_entry(0x1A, _field(0x08, 1) + _field(0x28, len(strings) - 1)))
    for number, (name, file) in enumerate(names, 1):
        strings += [name, file]
        at = len(strings) - 2
        parts.append(_entry(0x2A, _field(0x08, number) + _field(0x10, at) + _field(0x20, at + 1)))
        parts.append(_entry(0x22, _field(0x08, number) + _entry(0x22, _field(0x08, number))))
    parts += [_entry(0x12, _entry(0x0A, b"".join(map(packed_number, stack))) + VALUES) for stack in stacks]
    parts += [_entry(0x32, each) for each in strings]
    return gzip.compress(b"".join(parts), 1)


def _stacks() -> Iterator[tuple[str, bytes]]:
    """As many frames as allowed, and no two stacks alike."""
    few = [(b"main.f%d" % n, b"main.go") for n in range(100)]

    def different(count: int, depth: int) -> list[list[int]]:
        return [[1 + (n >> shift) % 50 for shift in range(18)] + [60] * (depth - 18) for n in range(count)]

    yield "as many stacks as allowed, all different", profile(few, different(SAMPLES, FRAMES // SAMPLES))
    yield "the deepest stacks, all different", profile(few, different(FRAMES // 1000, 1000))
    outer = [
        [1 + n % 50, 1 + n // 50 % 50, 1 + n // 2500] + [51 + m % 49 for m in range(70)] for n in range(FRAMES // 73)
    ]
    yield "stacks with the same callers", profile(few, outer)
    leaving = [[1 + n % 9] + [51 + m % 40 for m in range(n % 160)] for n in range(FRAMES // 82)]
    yield "stacks that part at every depth", profile(few, leaving)
    standard = [(b"runtime.f%d" % n, b"/usr/local/go/src/runtime/a.go") for n in range(100)]
    yield "stacks of the runtime alone", profile(standard, different(FRAMES // 60, 60))


def _names() -> Iterator[tuple[str, bytes]]:
    """Names that are built so that looking for an end starts over and over."""
    shapes = {
        "brackets": b"main.F" + b"[" * 2000,
        "type arguments": b"main.F" + b"[a.b]" * 400,
        "closures that are none": b"main.f" + b"-fm" * 660 + b"x",
        "numbered closures that are none": b"main.f" + b".func1" * 330 + b".1" * 10 + b"x",
        "receivers without end": b"main.f.func1" + b".(" * 950 + b".func1",
        "packages": b"a.b/" + b"a/" * 950 + b"c.F",
        "closures of Rust": b"a::b" + b"::{{closure}}" * 150 + b"x",
        "brackets of Rust": b"a::" + b"<(" * 950,
        "percent signs": b"example.com/" + b"%41" * 600 + b".F",
        "nothing printable": b"\x01" * 1990,
        "allocators": b"__rust_" * 280,
        "no name in UTF-8": b"\xff" * 1990,
    }
    for name, shape in shapes.items():
        count = min(LOCATIONS, NAMES_BYTES // (len(shape) + 12))
        yield (
            f"names of {name}",
            profile([(shape + b"%d" % n, b"") for n in range(count)], [[1 + n] for n in range(count)]),
        )
    long = b"main." + b"x.1-" * 15_000
    count = NAMES_BYTES // (len(long) + 12)
    yield "the longest names", profile([(long + b"%d" % n, b"") for n in range(count)], [[1 + n] for n in range(count)])
    for name, shape in {
        "crates": b"/registry/src/" + b"a-1.1.1-" * 240,
        "crate folders": b"/registry/src/a/" * 120 + b"b-1.1",
        "versions": b"a@v1.1" * 300 + b"/f.go",
        "upper case": b"/pkg/mod/example.com/" + b"!a" * 900 + b"@v1.0.0/f.go",
        "folders": b"/" * 1990,
    }.items():
        count = NAMES_BYTES // (len(shape) + 30)
        yield (
            f"files of {name}",
            profile(
                [(b"example.com/a/b%d.F" % n, shape + b"%d" % n) for n in range(count)], [[1 + n] for n in range(count)]
            ),
        )
    for name, binary in {
        "versions": b"/app/a" + b".1" * 900 + b"!",
        "hashes": b"/app/a" + b"-1234567" * 240 + b"!",
        "deleted": b"/app/a" + b" (deleted)" * 190 + b"!",
    }.items():
        yield f"a program called after {name}", profile([(b"main.leak", b"main.go")], [[1]], binary)


def _owners() -> Iterator[tuple[str, bytes]]:
    """As many owners, modules and callers as there can be functions."""
    half = LOCATIONS // 2

    def each_by_itself(name: Callable[[int], bytes], file: Callable[[int], bytes]) -> bytes:
        return profile([(name(n), file(n)) for n in range(LOCATIONS)], [[1 + n] for n in range(LOCATIONS)])

    yield "an owner per function", each_by_itself(lambda n: b"main.f%dx" % n, lambda _: b"main.go")
    yield (
        "a module per function",
        each_by_itself(lambda n: b"e.org/m%d.F" % n, lambda n: b"e.org/m%d@v1.0.%d/f.go" % (n, n)),
    )
    yield "one module of them all", each_by_itself(lambda n: b"e.org/m.F%dx" % n, lambda _: b"e.org/m@v1.0.0/f.go")
    yield "a crate per function", each_by_itself(lambda n: b"<m%d::A as b::B>::put" % n, lambda _: b"")
    yield "closures of one function", each_by_itself(lambda n: b"main.f.func%d" % n, lambda _: b"main.go")
    makers = [(b"main.make%dx" % n, b"") for n in range(half)] + [(b"main.keep.func%d" % n, b"") for n in range(half)]
    pairs = [[1 + n, 1 + half + n] for n in range(half)] + [[1 + half + n] for n in range(half)]
    yield "makers for one keeper", profile(makers, pairs)
    clients = [(b"net/http.(*Client).Get", b""), (b"net/http.(*Transport).dialConn", b"")]
    clients += [(b"main.fetch%dx" % n, b"") for n in range(half)]
    yield "senders of requests", profile(clients, [[1, 3 + n] for n in range(half)] + [[2]])


def _tables() -> Iterator[tuple[str, bytes]]:
    """Fields that are read and dropped, and places that are many."""
    small = gzip.decompress(profile([(b"main.leak", b"main.go")], [[1]]))
    many = DEFAULT_LIMITS.fields - 1000
    yield "the same number over and over", gzip.compress(small + b"\x48\x01" * many, 1)
    yield "comments", gzip.compress(small + b"\x68\x01" * many, 1)
    yield "fields of fixed width", gzip.compress(small + b"\x7d\0\0\0\0" * many, 1)
    yield "empty unknown messages", gzip.compress(small + b"\x7a\x00" * many, 1)
    labelled = _entry(0x12, b"\x1a\x00" * 3 + b"\x0a\x01\x01" + VALUES)
    yield "labels before values", gzip.compress(small + labelled * min(many // 6, SAMPLES), 1)
    bombs = _entry(0x12, b"\x0a\x01\x01" + VALUES + b"\x1a\x00" * 180)
    yield "labels behind values", gzip.compress(small + bombs * SAMPLES, 1)
    singly = _entry(0x12, b"\x08\x01" * 3 + b"\x10\x01" * 4)
    yield "numbers that are not packed", gzip.compress(small + singly * min(many // 8, SAMPLES), 1)
    deep = _entry(0x22, _field(0x08, 2) + _entry(0x22, b"\x08\x01") * 1000)
    inlined = small + deep + _entry(0x12, b"\x0a\x01\x02" + VALUES) * (FRAMES // 1000)
    yield "a thousand functions inlined everywhere", gzip.compress(inlined, 1)
    places = b"".join(_entry(0x22, _field(0x08, n) + _entry(0x22, b"\x08\x01") * 4) for n in range(2, LOCATIONS))
    yield "places with four functions each", gzip.compress(small + places, 1)
    bare = b"".join(_entry(0x22, _field(0x08, n) + _field(0x10, n % 99) + _field(0x18, n)) for n in range(1, LOCATIONS))
    mapped = b"".join(_entry(0x1A, _field(0x08, n) + _field(0x10, n << 20)) for n in range(1, 99))
    types = b"".join(_entry(0x0A, _field(0x08, 2 * n + 1) + _field(0x10, 2 * n + 2)) for n in range(4))
    names = b"".join(_entry(0x32, each) for each in (b"", *TYPES))
    stacks = b"".join(_entry(0x12, _entry(0x0A, packed_number(n)) + VALUES) for n in range(1, LOCATIONS))
    yield "places without names", gzip.compress(types + mapped + bare + stacks + names, 1)
    members = b"".join(gzip.compress(b"") for _ in range(50_000))
    yield "many gzip members", gzip.compress(small) + members
    nested = small
    for _ in range(200):
        nested = gzip.compress(nested)
    yield "gzip in gzip in gzip", nested
    yield "a header of megabytes", b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"n" * (15 << 20)
    yield "empty blocks", b"\x1f\x8b\x08\x00" + b"\0" * 6 + b"\x00\x00\x00\xff\xff" * 3_000_000


def _texts() -> Iterator[tuple[str, bytes]]:
    """Heap texts of as many lines as allowed."""
    head = b"heap_v2/524288\n  t*: 1: 1 [0: 0]\n"
    count = 4 * DEFAULT_LIMITS.samples - 10
    lines = {
        "threads": b"  t1: 1: 1 [0: 0]\n",
        "rates": b"heap_v2/1\n",
        "one stack": b"@ 0x1\n  t*: 7: 99999 [0: 0]\n",
        "counts without a stack": b"  t*: 7: 99999 [0: 0]\n",
        "spaces": b" " * 100 + b"\n",
        "deep stacks": b"@" + b" 0x10" * 1000 + b"\n  t*: 1: 1 [0: 0]\n",
    }
    for name, line in lines.items():
        lasting = min(count // line.count(b"\n"), (60 << 20) // len(line))
        yield f"a heap text of {name}", gzip.compress(head + line * lasting, 1)
    maps = b"MAPPED_LIBRARIES:\n" + b"".join(
        b"%x-%x r-xp 0 08:01 1 /l%d\n" % (n, n + 4096, n) for n in range(LOCATIONS)
    )
    stacks = b"".join(b"@ 0x%x\n  t*: 7: 99999 [0: 0]\n" % n for n in range(LOCATIONS))
    yield "a heap text of overlapping maps", gzip.compress(head + stacks + maps, 1)
    symbols = b"--- symbol\n" + b"".join(b"0x%x f%d--g\n" % (n, n) for n in range(LOCATIONS)) + b"--- heap\n"
    yield "a heap text of symbols", gzip.compress(head + symbols + stacks, 1)
    inlined = b"--- symbol\n" + b"".join(b"0x%x " % n + b"f--" * 20_000 + b"\n" for n in range(900)) + b"--- heap\n"
    yield "a heap text of inlined symbols", gzip.compress(head + inlined + stacks, 1)
    yield "a heap text of a line of 60 MB", gzip.compress(head + b"x" * (60 << 20), 1)


def _field(tag: int, value: int) -> bytes:
    return bytes((tag,)) + packed_number(value)


def _entry(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + packed_number(len(content)) + content
