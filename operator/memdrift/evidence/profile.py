"""From the bytes a pod served to a profile that can be trusted to be one.

Exists as the one door for every format: pprof as Go, Rust and C++ write it, and the heap text of jemalloc and tcmalloc.
Must not judge what the profile says.
"""

from __future__ import annotations

from memdrift.evidence.kinds import ProfileKind
from memdrift.evidence.limits import DEFAULT_LIMITS, Limits, ProfileInvalid, ProfileProblem
from memdrift.evidence.measures import goroutine_index, objects_index, space_index
from memdrift.evidence.parts import Frame, Profile, Sample, SampleType
from memdrift.evidence.resolving import profile_of
from memdrift.evidence.tables import read_tables
from memdrift.evidence.unwrapping import is_native_text, unwrapped

__all__ = ["Frame", "Profile", "ProfileInvalid", "Sample", "SampleType", "decode", "validate"]


def decode(content: bytes, limits: Limits = DEFAULT_LIMITS) -> Profile:
    """Decode a pprof file, compressed or not, or a native heap text.

    Raises:
        ProfileInvalid: whatever the bytes are, this is the only error; its `reason` says which rule they break.
    """
    raw = unwrapped(content, limits)
    if is_native_text(raw[:512]):
        from memdrift.evidence.nativetext import read_native_text

        return read_native_text(raw, limits)
    return profile_of(read_tables(raw, limits))


def validate(content: bytes, kind: ProfileKind, limits: Limits = DEFAULT_LIMITS) -> Profile:
    """Decode a profile and refuse one that proves nothing of the kind asked for.

    Raises:
        ProfileInvalid: as `decode`; `WrongKind` where the kind's sample types are missing; `NoSamples` where each of
            them is zero in every sample, except of leaked goroutines: none is what a healthy process answers.
    """
    profile = decode(content, limits)
    if kind is ProfileKind.HEAP:
        space, objects = space_index(profile), objects_index(profile)
        indices = [space] if objects is None else [space, objects]
    else:
        indices = [goroutine_index(profile, (kind,))]
    if kind is not ProfileKind.GOROUTINE_LEAK and not any(
        sample.values[index] for sample in profile.samples for index in indices
    ):
        raise ProfileInvalid(
            ProfileProblem.NO_SAMPLES,
            f"all {len(profile.samples)} samples of the {kind} profile are zero: is runtime.MemProfileRate 0?",
        )
    return profile
