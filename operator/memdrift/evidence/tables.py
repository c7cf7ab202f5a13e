"""The parts of a profile as the file holds them, every one bounded before it is decoded.

Exists to keep reading apart from understanding: indices stay numbers here and nothing is resolved. Field numbers and
types are those of `proto/profile.proto` in the public repository google/pprof; fields that memdrift never reads
(labels, comments, times, build ids) are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from memdrift.evidence.limits import Limits, ProfileInvalid, ProfileProblem
from memdrift.evidence.wire import fields_of, signed

_MAX_SAMPLE_TYPES = 64
_MAX_LINES_PER_LOCATION = 4
"""On average: hundreds of functions may be inlined into one place, but not everywhere."""


class ValueTypeEntry(NamedTuple):
    """Indices into the string table."""

    type: int
    unit: int


class MappingEntry(NamedTuple):
    """One binary or library mapped into the process."""

    id: int
    start: int
    offset: int
    filename: int


class LocationEntry(NamedTuple):
    """One program counter; `lines` are pairs of function id and line, innermost inlined function first."""

    id: int
    mapping_id: int
    address: int
    lines: tuple[tuple[int, int], ...]


class FunctionEntry(NamedTuple):
    """Names as indices into the string table."""

    id: int
    name: int
    system_name: int
    filename: int


class Tables:
    """The outermost fields as read, before their indices are resolved; the counters serve the limits.

    Attributes:
        samples: still encoded: stacks are many times what everything else is, and are decoded once the locations that
            they must name are known.
        scalars: the few number fields of the message itself, by field number.
    """

    __slots__ = (
        "fields", "functions", "limits", "lines", "locations", "mappings", "names_bytes", "period_types",
        "sample_types", "samples", "scalars", "strings",
    )  # fmt: skip

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.strings: list[bytes] = []
        self.sample_types: list[ValueTypeEntry] = []
        self.period_types: list[ValueTypeEntry] = []
        self.samples: list[bytes] = []
        self.mappings: list[MappingEntry] = []
        self.locations: list[LocationEntry] = []
        self.functions: list[FunctionEntry] = []
        self.scalars: dict[int, int] = {}
        self.lines = 0
        self.fields = 0
        self.names_bytes = 0

    def fields_in(self, entry: bytes) -> list[tuple[int, int | bytes]]:
        """As `wire.fields_of`, of one entry, counted: a few megabytes hold millions of fields, and each takes its time.

        Raises:
            ProfileInvalid: also `TooLarge`.
        """
        found = list(fields_of(entry))
        self.fields += len(found)
        if self.fields > self.limits.fields:
            bound("fields", self.fields, self.limits.fields)
        return found


def bound(what: str, count: int, limit: int) -> None:
    """Refuse more than the limit allows.

    Raises:
        ProfileInvalid: `TooLarge`.
    """
    if count > limit:
        raise ProfileInvalid(ProfileProblem.TOO_LARGE, f"the profile has more than {limit} {what}")


def _scalars(tables: Tables, content: bytes, count: int) -> list[int]:
    """The number fields 1 to `count` of a small message, 0 where they are absent, the last one where repeated."""
    values = [0] * (count + 1)
    for number, value in tables.fields_in(content):
        if number <= count and isinstance(value, int):
            values[number] = value
    return values


def _take_string(tables: Tables, content: bytes) -> None:
    bound("bytes in one name", len(content), tables.limits.string_bytes)
    tables.names_bytes += len(content)
    bound("bytes in all names", tables.names_bytes, tables.limits.names_bytes)
    tables.strings.append(content)
    bound("strings", len(tables.strings), tables.limits.strings)


def _take_sample_type(tables: Tables, content: bytes) -> None:
    _, kind, unit = _scalars(tables, content, 2)
    tables.sample_types.append(ValueTypeEntry(signed(kind), signed(unit)))
    bound("sample types", len(tables.sample_types), _MAX_SAMPLE_TYPES)


def _take_period_type(tables: Tables, content: bytes) -> None:
    _, kind, unit = _scalars(tables, content, 2)
    tables.period_types = [ValueTypeEntry(signed(kind), signed(unit))]


def _take_sample(tables: Tables, content: bytes) -> None:
    tables.samples.append(content)
    bound("samples", len(tables.samples), tables.limits.samples)


def _take_mapping(tables: Tables, content: bytes) -> None:
    _, identity, start, _, offset, filename = _scalars(tables, content, 5)
    tables.mappings.append(MappingEntry(identity, start, offset, signed(filename)))
    bound("mappings", len(tables.mappings), tables.limits.locations)


def _take_location(tables: Tables, content: bytes) -> None:
    identity = mapping_id = address = 0
    lines = []
    for number, value in tables.fields_in(content):
        if isinstance(value, bytes):
            if number == 4:
                _, function_id, line = _scalars(tables, value, 2)
                lines.append((function_id, signed(line)))
        elif number == 1:
            identity = value
        elif number == 2:
            mapping_id = value
        elif number == 3:
            address = value
    tables.lines += len(lines)
    bound("inlined frames", tables.lines, _MAX_LINES_PER_LOCATION * tables.limits.locations)
    tables.locations.append(LocationEntry(identity, mapping_id, address, tuple(lines)))
    bound("locations", len(tables.locations), tables.limits.locations)


def _take_function(tables: Tables, content: bytes) -> None:
    _, identity, name, system_name, filename = _scalars(tables, content, 4)
    tables.functions.append(FunctionEntry(identity, signed(name), signed(system_name), signed(filename)))
    bound("functions", len(tables.functions), tables.limits.locations)


_READERS: dict[int, Callable[[Tables, bytes], None]] = {
    1: _take_sample_type,
    2: _take_sample,
    3: _take_mapping,
    4: _take_location,
    5: _take_function,
    6: _take_string,
    11: _take_period_type,
}
TIME_NANOS, PERIOD, DEFAULT_SAMPLE_TYPE = 9, 12, 14
"""Numbers of the fields in `Tables.scalars`."""
_SCALARS = (TIME_NANOS, PERIOD, DEFAULT_SAMPLE_TYPE)


def read_tables(raw: bytes, limits: Limits) -> Tables:
    """Read the message of a profile into its tables.

    Raises:
        ProfileInvalid: it exceeds a limit, or is no protobuf message of a profile.
    """
    tables = Tables(limits)
    for outermost, (number, value) in enumerate(fields_of(raw), 1):
        if outermost + tables.fields > limits.fields:
            bound("fields", outermost + tables.fields, limits.fields)
        reader = _READERS.get(number)
        if isinstance(value, int):
            if number in _SCALARS:
                tables.scalars[number] = signed(value)
        elif reader is not None:  # else a field that is not needed, or that a later version of the format added
            if len(value) > limits.entry_bytes:
                bound("bytes in one entry", len(value), limits.entry_bytes)
            reader(tables, value)
    return tables
