"""How much a profile may be, and the error that says why one was refused.

Exists because a profile comes from a pod and is hostile until proven otherwise: everything is counted before it is
decoded. Must not read a profile itself.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

_MEBIBYTE = 1024 * 1024


class ProfileProblem(StrEnum):
    """Why a profile was refused; the word goes unchanged into the condition, the event and the metric label."""

    EMPTY = "Empty"
    """No byte at all, or nothing inside the gzip wrapping."""
    NOT_GZIP = "NotGzip"
    """Something else than a gzip file: HTML, a zip archive, the text of `debug=1`."""
    TRUNCATED = "Truncated"
    """The gzip file ends early."""
    DAMAGED = "Damaged"
    """The gzip file does not decompress, its checksum does not match, or something follows its end."""
    TOO_LARGE = "TooLarge"
    """More bytes, samples, locations, strings or frames than the limits allow."""
    NOT_PPROF = "NotPprof"
    """Gzip, but not a profile, or one that contradicts itself."""
    NO_SAMPLES = "NoSamples"
    """A profile in which every value is zero: the profiler is off, or nothing was allocated yet."""
    WRONG_KIND = "WrongKind"
    """A profile, but not of the kind that was asked for."""


class ProfileInvalid(ValueError):
    """A profile was refused.

    Attributes:
        reason: one word for machines.
        message: for people: what is wrong and, where something can be done, the remedy.
    """

    def __init__(self, reason: ProfileProblem, message: str) -> None:
        # Both go to the base class so that the error survives the way back from a process pool.
        super().__init__(reason, message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


class Limits(NamedTuple):
    """Upper bounds of one profile.

    The defaults let a real Go heap profile pass that counts every allocation (60,000 samples, 2.1 million frames), and
    keep what the worst accepted file costs, compared and told, below 300 MB and two seconds of a slow processor.

    Attributes:
        compressed_bytes: of the file as served.
        raw_bytes: after decompression, which stops there.
        samples: number of stacks.
        locations: number of program counters, and as many functions.
        strings: entries of the string table.
        string_bytes: of one name.
        names_bytes: of all names together.
        entry_bytes: of one sample, location or function as encoded.
        stack_frames: of one stack, inlined frames counted.
        frames: of all stacks together.
        fields: of all messages together, as encoded; packed numbers count as one.
    """

    compressed_bytes: int = 16 * _MEBIBYTE
    raw_bytes: int = 64 * _MEBIBYTE
    samples: int = 75_000
    locations: int = 20_000
    strings: int = 100_000
    string_bytes: int = 64 * 1024
    names_bytes: int = 4 * _MEBIBYTE
    entry_bytes: int = 64 * 1024
    stack_frames: int = 1024
    frames: int = 2_250_000
    fields: int = 1_000_000


DEFAULT_LIMITS = Limits()
