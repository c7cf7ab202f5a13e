"""From the bytes a pod served to a profile that can be trusted to be one.

Exists so that nothing behind it has to doubt: every index resolves, every stack is bounded, every name is printable.
Must not judge what the profile says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from memdrift.evidence.findings import ProfileKind
from memdrift.evidence.limits import DEFAULT_LIMITS, Limits, ProfileInvalid, ProfileProblem
from memdrift.evidence.tables import Sample, Tables, read_tables

__all__ = ["Frame", "Profile", "ProfileInvalid", "Sample", "SampleType", "decode", "validate"]

_REQUIRED_TYPES = {
    ProfileKind.HEAP: (("inuse_objects", "count"), ("inuse_space", "bytes")),
    ProfileKind.GOROUTINE: (("goroutine", "count"),),
}


class SampleType(NamedTuple):
    """What one value of every sample means, for example `inuse_space` in `bytes`."""

    name: str
    unit: str


class Frame(NamedTuple):
    """One function on a stack; `file` and `line` as the compiler recorded them, "" and 0 where it did not."""

    function: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One decoded profile.

    Attributes:
        locations: location id to its frames, innermost inlined function first; never empty.
        main_file: file name of the first mapping, which is the program's binary; "" where unknown.
    """

    sample_types: tuple[SampleType, ...]
    samples: tuple[Sample, ...]
    locations: dict[int, tuple[Frame, ...]]
    main_file: str

    def index_of(self, name: str) -> int:
        """Position of a sample type by name, for example `inuse_space`; `ProfileInvalid` where there is none."""
        for index, sample_type in enumerate(self.sample_types):
            if sample_type.name == name:
                return index
        held = ", ".join(sample_type.name for sample_type in self.sample_types)
        raise ProfileInvalid(ProfileProblem.WRONG_KIND, f"the profile holds {held}, not {name}")


def _name(content: bytes) -> str:
    """A name for people: what no terminal or page should see (control characters, bidirectional marks) is replaced."""
    text = content.decode("utf-8", "replace")
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _string(strings: list[str], index: int, where: str) -> str:
    if not 0 <= index < len(strings):
        raise ProfileInvalid(
            ProfileProblem.NOT_PPROF, f"{where} names string {index}, but the string table has {len(strings)} entries"
        )
    return strings[index]


def _frames(tables: Tables, strings: list[str]) -> dict[int, tuple[Frame, ...]]:
    names = {
        function.id: (
            _string(strings, function.name, "function.name") or _string(strings, function.system_name, "system_name"),
            _string(strings, function.filename, "function.filename"),
        )
        for function in tables.functions
    }
    mapping_files = {mapping.id: _string(strings, mapping.filename, "mapping.filename") for mapping in tables.mappings}
    locations: dict[int, tuple[Frame, ...]] = {}
    for location in tables.locations:
        frames = []
        for line in location.line:
            if line.function_id not in names:
                raise ProfileInvalid(
                    ProfileProblem.NOT_PPROF,
                    f"location {location.id} names function {line.function_id}, which is missing",
                )
            function, file = names[line.function_id]
            frames.append(Frame(function or "<unknown>", file, line.line))
        if not frames:
            # A program counter without symbols is known by its binary, as other pprof readers show it.
            binary = mapping_files.get(location.mapping_id, "").rsplit("/", 1)[-1]
            frames.append(Frame(f"[{binary}]" if binary else "<unknown>", "", 0))
        locations[location.id] = tuple(frames)
    return locations


def _refuse_contradictions(tables: Tables, locations: dict[int, tuple[Frame, ...]]) -> None:
    values_per_sample = len(tables.sample_types)
    lengths = {location: len(frames) for location, frames in locations.items()}
    frames_of_all = 0
    for sample in tables.samples:
        if len(sample.values) != values_per_sample:
            raise ProfileInvalid(
                ProfileProblem.NOT_PPROF,
                f"a sample has {len(sample.values)} values, but there are {values_per_sample} sample types",
            )
        try:
            frames_of_one = sum([lengths[location] for location in sample.locations])
        except KeyError as error:
            raise ProfileInvalid(
                ProfileProblem.NOT_PPROF, f"a sample names location {error.args[0]}, which is missing"
            ) from error
        frames_of_all += frames_of_one
        if frames_of_one > tables.limits.stack_frames or frames_of_all > tables.limits.frames:
            raise ProfileInvalid(
                ProfileProblem.TOO_LARGE,
                f"more than {tables.limits.stack_frames} frames in one stack or {tables.limits.frames} in all",
            )


def decode(content: bytes, limits: Limits = DEFAULT_LIMITS) -> Profile:
    """Decode a gzip-compressed pprof file.

    Raises:
        ProfileInvalid: whatever the bytes are, this is the only error; its `reason` says which rule they break.
    """
    tables = read_tables(content, limits)
    if not tables.sample_types:
        raise ProfileInvalid(
            ProfileProblem.NOT_PPROF, "the gzip file holds no pprof message: no sample type is declared"
        )
    if not tables.samples:
        raise ProfileInvalid(ProfileProblem.NO_SAMPLES, "the profile has no samples: is the profiler switched on?")
    strings = [_name(content) for content in tables.strings]
    locations = _frames(tables, strings)
    _refuse_contradictions(tables, locations)
    return Profile(
        sample_types=tuple(
            SampleType(_string(strings, held.type, "sample_type.type"), _string(strings, held.unit, "sample_type.unit"))
            for held in tables.sample_types
        ),
        samples=tuple(tables.samples),
        locations=locations,
        main_file=_string(strings, tables.mappings[0].filename, "mapping.filename") if tables.mappings else "",
    )


def _listed(sample_types: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}/{unit}" for name, unit in sample_types)


def validate(content: bytes, kind: ProfileKind, limits: Limits = DEFAULT_LIMITS) -> Profile:
    """Decode a profile and refuse one that proves nothing of the kind asked for.

    Raises:
        ProfileInvalid: as `decode`; `WrongKind` where the kind's sample types are missing; `NoSamples` where each of
            them is zero in every sample.
    """
    profile = decode(content, limits)
    required = _REQUIRED_TYPES[kind]
    if not set(required) <= set(profile.sample_types):
        raise ProfileInvalid(
            ProfileProblem.WRONG_KIND,
            f"a {kind} profile holds {_listed(required)}; this one holds {_listed(profile.sample_types)}",
        )
    indices = [profile.index_of(name) for name, _ in required]
    if not any(sample.values[index] for sample in profile.samples for index in indices):
        raise ProfileInvalid(
            ProfileProblem.NO_SAMPLES,
            f"all {len(profile.samples)} samples of the {kind} profile are zero: is runtime.MemProfileRate 0?",
        )
    return profile
