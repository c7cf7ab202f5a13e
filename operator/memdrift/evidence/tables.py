"""The parts of a profile as the file holds them, every one bounded before it is decoded.

Exists to keep reading apart from understanding: indices stay numbers here and nothing is resolved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from google.protobuf.message import DecodeError

from memdrift.evidence import wire
from memdrift.evidence.fields import decompressed, outermost_fields
from memdrift.evidence.limits import Limits, ProfileInvalid, ProfileProblem

_MAX_SAMPLE_TYPES = 64
_MAX_LINES_PER_LOCATION = 4
"""On average: hundreds of functions may be inlined into one place, but not everywhere."""


class Sample(NamedTuple):
    """One stack: location ids leaf first, and one value per sample type."""

    locations: tuple[int, ...]
    values: tuple[int, ...]


@dataclass(slots=True)
class Tables:
    """The outermost fields as read, before their indices are resolved; the counters serve the limits."""

    limits: Limits
    strings: list[bytes] = field(default_factory=list)
    sample_types: list[wire.ValueTypeMessage] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    mappings: list[wire.MappingMessage] = field(default_factory=list)
    locations: list[wire.LocationMessage] = field(default_factory=list)
    functions: list[wire.FunctionMessage] = field(default_factory=list)
    references: int = 0
    lines: int = 0


def _bound(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise ProfileInvalid(ProfileProblem.TOO_LARGE, f"the profile has more than {limit} {what}")


def _take_string(tables: Tables, content: bytes) -> None:
    _bound("bytes in one name", len(content), tables.limits.string_bytes)
    tables.strings.append(content)
    _bound("strings", len(tables.strings), tables.limits.strings)


def _take_sample_type(tables: Tables, content: bytes) -> None:
    tables.sample_types.append(wire.value_type(content))
    _bound("sample types", len(tables.sample_types), _MAX_SAMPLE_TYPES)


def _take_sample(tables: Tables, content: bytes) -> None:
    message = wire.sample(content)
    stack = tuple(message.location_id[:])  # a slice is one call into the runtime, iteration is one per element
    _bound("frames in one stack", len(stack), tables.limits.stack_frames)
    tables.references += len(stack)
    _bound("frames in all stacks", tables.references, tables.limits.frames)
    tables.samples.append(Sample(stack, tuple(message.value[:])))
    _bound("samples", len(tables.samples), tables.limits.samples)


def _take_mapping(tables: Tables, content: bytes) -> None:
    tables.mappings.append(wire.mapping(content))
    _bound("mappings", len(tables.mappings), tables.limits.locations)


def _take_location(tables: Tables, content: bytes) -> None:
    message = wire.location(content)
    tables.lines += len(message.line)
    _bound("inlined frames", tables.lines, _MAX_LINES_PER_LOCATION * tables.limits.locations)
    tables.locations.append(message)
    _bound("locations", len(tables.locations), tables.limits.locations)


def _take_function(tables: Tables, content: bytes) -> None:
    tables.functions.append(wire.function(content))
    _bound("functions", len(tables.functions), tables.limits.locations)


_READERS = {
    wire.PROFILE_FIELDS["string_table"]: _take_string,
    wire.PROFILE_FIELDS["sample_type"]: _take_sample_type,
    wire.PROFILE_FIELDS["sample"]: _take_sample,
    wire.PROFILE_FIELDS["mapping"]: _take_mapping,
    wire.PROFILE_FIELDS["location"]: _take_location,
    wire.PROFILE_FIELDS["function"]: _take_function,
}


def read_tables(content: bytes, limits: Limits) -> Tables:
    """Read a gzip-compressed pprof file into its tables.

    Raises:
        ProfileInvalid: the file does not decompress, exceeds a limit, or is no protobuf message of a profile.
    """
    tables = Tables(limits)
    try:
        for number, value in outermost_fields(decompressed(content, limits)):
            reader = _READERS.get(number)
            if reader is None or isinstance(value, int):
                continue  # a field that is not needed, or that a later version of the format added
            _bound("bytes in one entry", len(value), limits.entry_bytes)
            reader(tables, value)
    except DecodeError as error:
        raise ProfileInvalid(ProfileProblem.NOT_PPROF, f"an entry is not a protobuf message: {error}") from error
    return tables
