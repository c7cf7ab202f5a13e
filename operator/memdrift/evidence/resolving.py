"""From tables of indices to names: every index resolves, every stack is bounded, every name is printable.

Exists so that nothing behind it has to doubt. Must not judge what the profile says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from sys import intern

from memdrift.evidence.limits import ProfileInvalid, ProfileProblem
from memdrift.evidence.measures import SPACE_UNITS, may_be_empty
from memdrift.evidence.parts import Frame, Profile, Sample, SampleType, Stack, counter_name, name_of
from memdrift.evidence.samples import stack_and_values
from memdrift.evidence.tables import DEFAULT_SAMPLE_TYPE, PERIOD, TIME_NANOS, Tables, bound
from memdrift.evidence.wire import count_of_numbers, not_pprof, numbers_in, packed_number, signed

_UNKNOWN = "<unknown>"
_PIECE_BYTES = 16
_NUMBER = re.compile(rb"[\x80-\xff]*+[\x00-\x7f]")
_SIGNED = 1 << 63
"""From here on a number on the wire stands for a negative one, or is none of 64 bits."""


def profile_of(tables: Tables) -> Profile:
    """The profile that the tables describe.

    Raises:
        ProfileInvalid: `NotPprof` where they contradict themselves or are no profile's, `NoSamples`, or `TooLarge`
            where the inlined frames of the stacks are too many.
    """
    if not tables.sample_types:
        raise not_pprof("the file holds no pprof message: no sample type is declared")
    # Equal names of two profiles become one object, so that comparing stacks is comparing addresses.
    strings = [intern(name_of(content)) for content in tables.strings]
    sample_types = tuple(
        SampleType(_string(strings, held.type, "sample_type.type"), _string(strings, held.unit, "sample_type.unit"))
        for held in tables.sample_types
    )
    if not tables.samples and not may_be_empty(sample_types):
        raise ProfileInvalid(ProfileProblem.NO_SAMPLES, "the profile has no samples: is the profiler switched on?")
    locations = _locations(tables, strings)
    return Profile(
        sample_types=sample_types,
        samples=list(_samples(tables, locations)),
        locations=locations,
        main_file=_string(strings, tables.mappings[0].filename, "mapping.filename") if tables.mappings else "",
        default_type=_string(strings, tables.scalars.get(DEFAULT_SAMPLE_TYPE, 0), "default_sample_type"),
        taken_at=max(0.0, tables.scalars.get(TIME_NANOS, 0) / 1e9),
        period=_period_bytes(tables, strings),
    )


def _period_bytes(tables: Tables, strings: list[str]) -> int:
    units = [_string(strings, each.unit, "period_type.unit") for each in tables.period_types]
    of_bytes = all(unit in ("", *SPACE_UNITS) for unit in units)
    return max(0, tables.scalars.get(PERIOD, 0)) if of_bytes else 0


def _string(strings: list[str], index: int, where: str) -> str:
    if not 0 <= index < len(strings):
        raise not_pprof(f"{where} names string {index}, but the string table has {len(strings)} entries")
    return strings[index]


def _locations(tables: Tables, strings: list[str]) -> dict[int, tuple[Frame, ...]]:
    names = {
        function.id: (
            _string(strings, function.name, "function.name") or _string(strings, function.system_name, "system_name"),
            _string(strings, function.filename, "function.filename"),
        )
        for function in tables.functions
    }
    counters = _Counters(tables, strings)
    locations: dict[int, tuple[Frame, ...]] = {}
    for location in tables.locations:
        frames = []
        for function_id, line in location.lines:
            if function_id not in names:
                raise not_pprof(f"location {location.id} names function {function_id}, which is missing")
            function, file = names[function_id]
            frames.append(Frame(function or _UNKNOWN, file, line))
        locations[location.id] = tuple(frames) or (counters.frame(location.mapping_id, location.address),)
    return locations


class _Counters:
    """Names program counters without symbols, as other pprof readers show them: by their binary.

    Where the whole profile is without symbols that would make all stacks one, so there it is by place in the binary.
    """

    def __init__(self, tables: Tables, strings: list[str]) -> None:
        self._no_symbols = not tables.functions
        self._mappings = {
            mapping.id: (_string(strings, mapping.filename, "mapping.filename"), mapping.start - mapping.offset)
            for mapping in tables.mappings
        }

    def frame(self, mapping_id: int, address: int) -> Frame:
        binary, base = self._mappings.get(mapping_id, ("", 0))
        if self._no_symbols and address:
            return Frame(intern(counter_name(binary, address - base if address >= base else address)), binary, 0)
        name = binary.rsplit("/", 1)[-1]
        return Frame(intern(f"[{name}]") if name else _UNKNOWN, "", 0)


def _samples(tables: Tables, locations: dict[int, tuple[Frame, ...]]) -> Iterator[Sample]:
    limits = tables.limits
    values_per_sample = len(tables.sample_types)
    named = StackNaming(locations)
    frames_of_all = 0
    for content in tables.samples:
        packed, values = stack_and_values(tables, content)
        if len(values) != values_per_sample:
            raise not_pprof(f"a sample has {len(values)} values, but there are {values_per_sample} sample types")
        if len(packed) > limits.stack_frames:  # else it has at most as many frames, unless they are inlined ones
            bound("frames in one stack", count_of_numbers(packed), limits.stack_frames)
        stack = named(packed)
        frames_of_all += len(stack)
        if len(stack) > limits.stack_frames or frames_of_all > limits.frames:
            bound("frames in one stack", len(stack), limits.stack_frames)
            bound("frames in all stacks", frames_of_all, limits.frames)
        yield Sample(stack, tuple(map(signed, values)) if max(values) >= _SIGNED else values)


class StackNaming:
    """Names the functions on packed stacks of location ids.

    Large profiles are many stacks which share their outer frames. So stacks are cut into pieces, from the outermost
    frame on, and a piece that was seen before is not decoded again.
    """

    def __init__(self, locations: Mapping[int, tuple[Frame, ...]]) -> None:
        self._names = {
            packed_number(place): tuple(frame.function for frame in frames) for place, frames in locations.items()
        }
        self._known: dict[bytes, Stack] = {}

    def __call__(self, packed: bytes) -> Stack:
        """The names, leaf first.

        Raises:
            ProfileInvalid: `NotPprof` where a location is missing or the bytes are no numbers.
        """
        end = len(packed)
        stack: Stack = ()
        while end > 0:
            begin = max(0, end - _PIECE_BYTES)
            while begin > 0 and packed[begin - 1] >= 0x80:
                begin -= 1  # a number belongs to one piece
            piece = packed[begin:end]
            names = self._known.get(piece)
            if names is None:
                names = self._known[piece] = self._decoded(piece)
            stack = names + stack
            end = begin
        return stack

    def _decoded(self, piece: bytes) -> Stack:
        try:
            return tuple(chain.from_iterable(map(self._names.__getitem__, _NUMBER.findall(piece))))
        except KeyError:
            return tuple(chain.from_iterable(map(self._named, numbers_in(piece))))

    def _named(self, place: int) -> Stack:
        """As numbers may be written: also longer than they need be."""
        names = self._names.get(packed_number(place))
        if names is None:
            raise not_pprof(f"a sample names location {place}, which is missing")
        return names
