"""What may come in: real profiles; everything else is refused by a word, and nothing else is ever raised."""

from __future__ import annotations

import contextlib
import gzip
import io
import pickle
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memdrift.evidence.findings import ProfileKind
from memdrift.evidence.limits import DEFAULT_LIMITS, Limits, ProfileInvalid, ProfileProblem
from memdrift.evidence.profile import Frame, decode, validate
from memdrift.evidence.resolving import StackNaming
from memdrift.evidence.samples import stack_and_values
from memdrift.evidence.stacks import difference, stack_totals
from memdrift.evidence.tables import Tables, read_tables
from memdrift.evidence.wire import count_of_numbers, numbers_in, packed_number, signed
from tests.evidence.building import HEAP_TYPES, Builder, goroutines, heap
from tests.evidence.messages import message_class
from tests.evidence.recorded import recorded

ONE = {("main.make", "main.main"): 4096}
SMALL = Limits(
    compressed_bytes=4000, raw_bytes=8000, samples=10, locations=20, strings=60, string_bytes=100, entry_bytes=200,
    stack_frames=8, frames=30,
)  # fmt: skip


def zip_archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("heap.pb", b"0" * 100)
    return stream.getvalue()


def many(stacks: int, depth: int = 1) -> bytes:
    return heap({tuple(f"f{stack}_{frame}" for frame in range(depth)): 16 for stack in range(stacks)})


def rotated(stacks: int, depth: int) -> bytes:
    """Many stacks of few functions."""
    return heap({tuple(f"f{(stack + frame) % depth}" for frame in range(depth)): 16 for stack in range(stacks)})


def broken(**changes: object) -> bytes:
    """A profile with one contradiction in it."""
    builder = Builder(HEAP_TYPES)
    builder.sample(("main.make",), (1, 1, 1, 1), {})
    for name, value in changes.items():
        if name == "values":
            del builder.message.sample[0].value[:]
            builder.message.sample[0].value.extend(value)
        elif name == "location":
            builder.message.sample[0].location_id[0] = value
        elif name == "function":
            builder.message.location[0].line[0].function_id = value
        elif name == "name":
            builder.message.function[0].name = value
        elif name == "type":
            builder.message.sample_type[0].type = value
    return builder.content()


def one_function_inlined(times: int, frames: int) -> bytes:
    """A stack of `frames` locations, each with one function inlined into itself so many times."""
    builder = Builder(HEAP_TYPES)
    location = builder.location("main.make", "")
    for _ in range(times - 1):
        builder.message.location[0].line.add(function_id=location)
    builder.message.sample.add(location_id=[location] * frames, value=(1, 1, 1, 1))
    return builder.content()


REFUSED = [
    ("an empty answer", b"", "Empty"),
    ("gzip around nothing", gzip.compress(b""), "Empty"),
    ("an HTML page", b"<!DOCTYPE html><html>login</html>", "NotGzip"),
    ("HTML after blank lines", b"\n\n  <html>", "NotGzip"),
    ("the text of debug=1", b"heap profile: 1: 2 [3: 4] @ heap/1048576", "NotGzip"),
    ("a zip archive", zip_archive(), "NotGzip"),
    ("half of an uncompressed profile", gzip.decompress(heap(ONE))[:-40], "NotPprof"),
    ("one byte of the magic", b"\x1f", "NotGzip"),
    ("the magic alone", b"\x1f\x8b", "Truncated"),
    ("half a profile", heap(ONE)[:-40], "Truncated"),
    ("a profile without its last byte", heap(ONE)[:-1], "Truncated"),
    ("a wrong checksum", heap(ONE)[:-8] + b"\0\0\0\0" + heap(ONE)[-4:], "Damaged"),
    ("bytes after the end", heap(ONE) + b"more", "Damaged"),
    ("two gzip files in one", heap(ONE) * 2, "Damaged"),
    ("gzip around text", gzip.compress(b"hello, I am no protobuf"), "NotPprof"),
    ("gzip around HTML", gzip.compress(b"<html><body>sign in</body></html>"), "NotPprof"),
    ("gzip around JSON", gzip.compress(b'{"error": "not found"}'), "NotPprof"),
    ("a message of unknown fields", gzip.compress(b"\xf8\x07\x01" * 10), "NotPprof"),
    ("a message cut inside a field", gzip.compress(gzip.decompress(heap(ONE))[:-1]), "NotPprof"),
    ("an endless number", gzip.compress(b"\xff" * 30), "NotPprof"),
    ("a length beyond the end", gzip.compress(b"\x12\xff\xff\xff\xff\x0f"), "NotPprof"),
    ("a sample that is no message", gzip.compress(b"\x12\x02\xff\xff"), "NotPprof"),
    ("groups", gzip.compress(b"\x13\x14"), "NotPprof"),
    ("too few values in a sample", broken(values=(1, 2)), "NotPprof"),
    ("a location that is missing", broken(location=77), "NotPprof"),
    ("a function that is missing", broken(function=77), "NotPprof"),
    ("a name beyond the string table", broken(name=10**9), "NotPprof"),
    ("a negative name", broken(name=-1), "NotPprof"),
    ("a sample type beyond the string table", broken(type=10**9), "NotPprof"),
    ("a profile without samples", heap({}), "NoSamples"),
]


@pytest.mark.parametrize(("content", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_decode_refuses(content: bytes, reason: str):
    with pytest.raises(ProfileInvalid) as refused:
        decode(content)
    assert refused.value.reason == reason
    assert len(refused.value.message) > 20


TOO_LARGE = [
    ("the file", gzip.compress(bytes(range(256)) * 40, compresslevel=0), "bytes; at most"),
    ("what it expands to", gzip.compress(bytes(1_000_000)), "expand to more than"),
    ("samples", many(11), "samples"),
    ("one stack", many(1, depth=9), "frames in one stack"),
    ("all stacks", rotated(5, depth=7), "frames in all stacks"),
    ("one name", heap({("x" * 101,): 16}), "bytes in one name"),
    ("strings", heap({tuple(f"f{frame}" for frame in range(7)): 16}, {f"f{n}": f"{n}" for n in range(7)}), None),
    ("inlined frames of one stack", one_function_inlined(4, 3), "frames in one stack"),
    ("one entry", one_function_inlined(60, 1), "bytes in one entry"),
]


@pytest.mark.parametrize(("content", "words"), [row[1:] for row in TOO_LARGE], ids=[row[0] for row in TOO_LARGE])
def test_decode_bounds(content: bytes, words: str | None):
    limits = SMALL if words else Limits(strings=10)
    with pytest.raises(ProfileInvalid) as refused:
        decode(content, limits)
    assert refused.value.reason is ProfileProblem.TOO_LARGE
    assert (words or "10 strings") in str(refused.value)


def test_what_expands_beyond_the_limit_is_refused_at_the_limit():
    bomb = gzip.compress(bytes(1 << 27), compresslevel=1)
    assert len(bomb) < 2_000_000
    with pytest.raises(ProfileInvalid) as refused:
        decode(bomb)
    assert refused.value.reason is ProfileProblem.TOO_LARGE


def test_many_tiny_messages_are_counted_before_they_are_decoded():
    with pytest.raises(ProfileInvalid) as refused:
        decode(gzip.compress(b"\x12\x00" * 600_000))
    assert refused.value.reason is ProfileProblem.TOO_LARGE
    assert "samples" in refused.value.message


VALIDATED = [
    ("a heap profile as goroutine profile", heap(ONE), ProfileKind.GOROUTINE, "WrongKind"),
    ("a goroutine profile as heap profile", goroutines(ONE), ProfileKind.HEAP, "WrongKind"),
    ("a heap profile in which nothing is in use", heap({("main.make",): 0}), ProfileKind.HEAP, "NoSamples"),
    ("an HTML page", b"<html>", ProfileKind.HEAP, "NotGzip"),
]


@pytest.mark.parametrize(
    ("content", "kind", "reason"), [row[1:] for row in VALIDATED], ids=[row[0] for row in VALIDATED]
)
def test_validate_refuses(content: bytes, kind: ProfileKind, reason: str):
    with pytest.raises(ProfileInvalid) as refused:
        validate(content, kind)
    assert refused.value.reason == reason


def test_real_profiles_are_valid():
    assert len(validate(recorded("leak_late.heap"), ProfileKind.HEAP).samples) > 20
    assert len(validate(gzip.decompress(recorded("leak_late.heap")), ProfileKind.HEAP).samples) > 20
    assert validate(recorded("leak_late.goroutine"), ProfileKind.GOROUTINE).sample_types == (("goroutine", "count"),)


def test_inlined_frames_come_innermost_first():
    builder = Builder(HEAP_TYPES)
    builder.location("inner", "a.go")
    outer = builder.location("outer", "b.go")
    builder.message.location[0].line.add(function_id=outer, line=7)
    builder.message.sample.add(location_id=[1], value=(1, 1, 1, 1))
    profile = decode(builder.content())
    assert profile.locations[1] == (Frame("inner", "a.go", 1), Frame("outer", "b.go", 7))
    assert stack_totals(profile, "inuse_space") == {("inner", "outer"): 1}


def without_symbols(builder: Builder) -> Builder:
    builder.message.mapping.add(
        id=3, filename=builder.string("/usr/lib/libc.so.6"), memory_start=0x7000, memory_limit=0x9000, file_offset=0x200
    )
    builder.message.location.add(id=11, mapping_id=3, address=0x7100)
    builder.message.location.add(id=12, address=0x1000)
    builder.message.sample.add(location_id=[11, 12], value=(1, 1, 1, 1))
    return builder


def test_a_program_counter_without_symbols_among_others_is_named_after_its_binary():
    builder = without_symbols(Builder(HEAP_TYPES))
    builder.location("main.main", "")
    assert stack_totals(decode(builder.content()), "inuse_space") == {("[libc.so.6]", "<unknown>"): 1}


def test_in_a_profile_without_any_symbol_it_is_named_after_its_place_in_the_binary():
    content = without_symbols(Builder(HEAP_TYPES)).content()
    assert stack_totals(decode(content), "inuse_space") == {("libc.so.6+0x300", "0x1000"): 1}


def test_names_that_no_terminal_should_see_are_made_harmless():
    builder = Builder(HEAP_TYPES)
    builder.message.function.add(id=1, name=builder.string(b"evil\x1b[31m\xff\n\xe2\x80\xaename"))
    builder.message.location.add(id=1).line.add(function_id=1)
    builder.message.sample.add(location_id=[1], value=(1, 1, 1, 1))
    frame = decode(builder.content()).locations[1][0]
    assert frame.function.isprintable()
    assert frame.function == "evil\ufffd[31m\ufffd\ufffd\ufffdname"


def test_a_refusal_survives_the_way_back_from_another_process():
    error = ProfileInvalid(ProfileProblem.TOO_LARGE, "too much of it")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.reason, copy.message, str(copy)) == (error.reason, error.message, "TooLarge: too much of it")


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_random_bytes_raise_nothing_else(content: bytes):
    for candidate in (content, gzip.compress(content)):
        with pytest.raises(ProfileInvalid):
            validate(candidate, ProfileKind.HEAP)


@given(st.integers(0, 10**6), st.integers(0, 255), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_damaged_real_profile_raises_nothing_else(position: int, byte: int, inside: bool):
    content = recorded("leak_young.heap")
    damaged = bytearray(gzip.decompress(content) if inside else content)
    damaged[position % len(damaged)] = byte
    with contextlib.suppress(ProfileInvalid):
        decode(gzip.compress(bytes(damaged)) if inside else bytes(damaged))


numbers = st.integers(-(2**63), 2**63 - 1)
entries = st.lists(
    st.one_of(
        st.builds(
            lambda a, b: ("sample", {"location_id": a, "value": b}),
            st.lists(st.integers(0, 4), max_size=4),
            st.lists(numbers, max_size=2),
        ),
        st.builds(lambda a, b: ("location", {"id": a, "mapping_id": b}), st.integers(0, 4), st.integers(0, 3)),
        st.builds(lambda a, b: ("function", {"id": a, "name": b, "filename": b}), st.integers(0, 4), numbers),
        st.builds(lambda a: ("mapping", {"id": a, "filename": a}), st.integers(0, 4)),
        st.builds(lambda a: ("sample_type", {"type": a, "unit": a}), st.integers(0, 4)),
    ),
    max_size=12,
)


@given(entries, st.lists(st.binary(max_size=8), max_size=6))
@settings(max_examples=300, deadline=None)
def test_well_formed_nonsense_raises_nothing_else(parts: list[tuple[str, dict[str, object]]], names: list[bytes]):
    message = message_class("Profile")()
    message.string_table.extend([b"", *names])
    for name, fields in parts:
        getattr(message, name).add(**fields)
    try:
        profile = decode(gzip.compress(message.SerializeToString()))
    except ProfileInvalid:
        return
    for sample_type in profile.sample_types:
        stack_totals(profile, sample_type.name)


@given(entries, st.lists(st.binary(max_size=8), max_size=6))
@settings(max_examples=300, deadline=None)
def test_our_reader_reads_what_the_protobuf_runtime_reads(
    parts: list[tuple[str, dict[str, object]]], names: list[bytes]
):
    message = message_class("Profile")()
    message.string_table.extend([b"", *names])
    for name, fields in parts:
        getattr(message, name).add(**fields)
    tables = read_tables(message.SerializeToString(), DEFAULT_LIMITS)
    assert tables.strings == list(message.string_table)
    assert tables.sample_types == [(each.type, each.unit) for each in message.sample_type]
    assert tables.functions == [(each.id, each.name, each.system_name, each.filename) for each in message.function]
    assert [each[:3] for each in tables.locations] == [(each.id, each.mapping_id, 0) for each in message.location]
    read = [stack_and_values(tables, sample) for sample in tables.samples]
    assert [(list(numbers_in(stack)), list(map(signed, values))) for stack, values in read] == [
        (list(each.location_id), list(each.value)) for each in message.sample
    ]


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=200))
@settings(deadline=None)
def test_packed_numbers(numbers: list[int]):
    packed = b"".join(map(packed_number, numbers))
    assert (list(numbers_in(packed)), count_of_numbers(packed)) == (numbers, len(numbers))
    sample = message_class("Sample")(location_id=numbers)
    assert numbers_in(stack_and_values(Tables(DEFAULT_LIMITS), sample.SerializeToString())[0]) == tuple(numbers)
    one_by_one = b"".join(b"\x08" + packed_number(number) for number in numbers)
    assert stack_and_values(Tables(DEFAULT_LIMITS), one_by_one)[0] == packed


@given(st.lists(st.lists(st.integers(1, 400), min_size=1, max_size=60), min_size=1, max_size=20))
@settings(deadline=None)
def test_stacks_that_share_frames_are_named_as_if_they_were_alone(stacks_of_ids: list[list[int]]):
    naming = StackNaming({number: (Frame(f"f{number}", "", 0),) for number in range(1, 401)})
    for ids in [*stacks_of_ids, *(own + stacks_of_ids[0] for own in stacks_of_ids)]:
        assert naming(b"".join(map(packed_number, ids))) == tuple(f"f{number}" for number in ids)


stacks = st.dictionaries(
    st.lists(st.sampled_from(["main.a", "main.b", "context.c"]), min_size=1, max_size=4).map(tuple),
    st.integers(1, 10**9),
    min_size=1,
    max_size=6,
)


@given(stacks)
@settings(deadline=None)
def test_the_difference_of_a_profile_with_itself_is_empty(held: dict[tuple[str, ...], int]):
    totals = stack_totals(decode(heap(held)), "inuse_space")
    assert totals == held
    assert difference(totals, totals) == {}


@given(stacks, stacks)
@settings(deadline=None)
def test_what_was_there_and_the_difference_make_what_is_there(now: dict, then: dict):
    changed = difference(now, then)
    assert 0 not in changed.values()
    for stack in now.keys() | then.keys():
        assert then.get(stack, 0) + changed.get(stack, 0) == now.get(stack, 0)
