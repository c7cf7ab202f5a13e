"""Which value of a sample means memory in use, which the number of objects, which goroutines.

Exists because every writer of pprof names them differently: Go says `inuse_space`, tcmalloc and V8 `space`, writers for
Rust what their author liked. Must not look at values.
"""

from __future__ import annotations

from collections.abc import Sequence

from memdrift.evidence.limits import ProfileInvalid, ProfileProblem
from memdrift.evidence.parts import Profile, SampleType

_SPACE_NAMES = ("inuse_space", "space", "inuse_bytes", "live_bytes", "in_use")
_OBJECTS_NAMES = ("inuse_objects", "objects", "inuse_count", "live_objects")
_LEAKED_GOROUTINES = "goroutineleak"
_GOROUTINE_NAMES = ("goroutine", _LEAKED_GOROUTINES)
SPACE_UNITS = ("bytes", "byte", "B")
_NOT_IN_USE = ("alloc", "free", "peak", "total", "max", "garbage", "requested")
"""Beginnings of the names of values that are no memory in use: what was ever allocated can only grow."""


def space_index(profile: Profile) -> int:
    """Position of the memory in use, in bytes.

    Raises:
        ProfileInvalid: `WrongKind` where the profile has none.
    """
    candidates = {
        kind.name: index
        for index, kind in enumerate(profile.sample_types)
        if kind.unit in SPACE_UNITS and not kind.name.startswith(_NOT_IN_USE)
    }
    for name in (*_SPACE_NAMES, profile.default_type):
        if name in candidates:
            return candidates[name]
    if not candidates:
        raise ProfileInvalid(
            ProfileProblem.WRONG_KIND,
            f"a heap profile holds memory in use in bytes, such as inuse_space/bytes; this one holds {profile.held()}",
        )
    return max(candidates.values())


def objects_index(profile: Profile) -> int | None:
    """Position of the number of objects in use; None where the profile does not tell."""
    return next((index for name in _OBJECTS_NAMES for index in _named(profile, name)), None)


def goroutine_index(profile: Profile, names: Sequence[str] = _GOROUTINE_NAMES) -> int:
    """Position of the number of goroutines, all of them (`goroutine`) or the leaked ones (`goroutineleak`).

    Raises:
        ProfileInvalid: `WrongKind` where the profile has none.
    """
    for name in names:
        for index in _named(profile, name):
            return index
    raise ProfileInvalid(
        ProfileProblem.WRONG_KIND,
        f"a goroutine profile holds {names[0]}/count; this one holds {profile.held()}",
    )


def allocation_index(profile: Profile) -> int | None:
    """Position of the bytes ever allocated, which tell churn and no leak; None where the profile does not tell."""
    return next(iter(_named(profile, "alloc_space")), None)


def is_heap(profile: Profile) -> bool:
    """Whether the profile tells memory in use."""
    try:
        space_index(profile)
    except ProfileInvalid:
        return False
    return True


def is_goroutines(sample_types: tuple[SampleType, ...]) -> bool:
    """Whether the values are numbers of goroutines."""
    return any(kind.name in _GOROUTINE_NAMES for kind in sample_types)


def may_be_empty(sample_types: tuple[SampleType, ...]) -> bool:
    """Whether a profile without samples says something: that no goroutine is leaked. Other profilers are then off."""
    return any(kind.name == _LEAKED_GOROUTINES for kind in sample_types)


def _named(profile: Profile, name: str) -> list[int]:
    return [index for index, kind in enumerate(profile.sample_types) if kind.name == name]
