"""What a decoded profile is made of.

Exists so that profiles of other formats end in the same values. Must not decode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from memdrift.evidence.limits import ProfileInvalid, ProfileProblem


class SampleType(NamedTuple):
    """What one value of every sample means, for example `inuse_space` in `bytes`."""

    name: str
    unit: str


class Frame(NamedTuple):
    """One function on a stack; `file` and `line` as the compiler recorded them, "" and 0 where it did not."""

    function: str
    file: str
    line: int


LONGEST_NAME = 2048
"""Of functions and files, in characters."""

Stack = tuple[str, ...]
"""Function names, leaf (the allocation) first, inlined frames expanded."""


class Sample(NamedTuple):
    """One stack and one value per sample type; several samples may have the same stack, by other lines or sizes."""

    stack: Stack
    values: tuple[int, ...]


class Profile(NamedTuple):
    """One decoded profile.

    Attributes:
        locations: location id to its frames, innermost inlined function first; never empty.
        main_file: file name of the first mapping, which is the program's binary; "" where unknown.
        default_type: the sample type that the writer wants to be shown first; "" where it says none.
        taken_at: epoch seconds; 0 where the writer does not say.
        period: bytes between two samples; 0 where the writer does not say, or samples by something else than bytes.
    """

    sample_types: tuple[SampleType, ...]
    samples: Sequence[Sample]
    locations: dict[int, tuple[Frame, ...]]
    main_file: str
    default_type: str = ""
    taken_at: float = 0.0
    period: int = 0

    def index_of(self, name: str) -> int:
        """Position of a sample type by name, for example `inuse_space`; `ProfileInvalid` where there is none."""
        for index, sample_type in enumerate(self.sample_types):
            if sample_type.name == name:
                return index
        raise ProfileInvalid(ProfileProblem.WRONG_KIND, f"the profile holds {self.held()}, not {name}")

    def held(self) -> str:
        """The sample types for people, for example `inuse_objects/count, inuse_space/bytes`."""
        return ", ".join(f"{name}/{unit}" if unit else name for name, unit in self.sample_types)


def name_of(content: bytes) -> str:
    """A name as a file holds it, harmless, and without its middle where it is longer than any compiler's."""
    text = content.decode("utf-8", "replace")
    if len(text) > LONGEST_NAME:
        text = f"{text[: LONGEST_NAME // 2]}…{text[-LONGEST_NAME // 2 :]}"
    return printable(text)


def printable(text: str) -> str:
    """A name for people: what no terminal or page should see (control characters, bidirectional marks) is replaced."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def counter_name(binary: str, address: int) -> str:
    """How a program counter without symbols is called: its place in its binary, which is the same in every process."""
    name = binary.rsplit("/", 1)[-1]
    return f"{name}+{address:#x}" if name else f"{address:#x}"
