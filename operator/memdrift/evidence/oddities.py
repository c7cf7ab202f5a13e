"""What is odd about a pair of profiles: reasons to read their difference with care.

Exists because a difference can be computed of any two files, also where it means nothing. Must not refuse anything.
"""

from __future__ import annotations

from collections.abc import Iterable

from memdrift.evidence.leaks import ModuleChange, Suspect
from memdrift.evidence.modules import OriginKind, Origins
from memdrift.evidence.parts import Profile

_NAMED = 3
_MOSTLY_PERCENT = 50.0


def oddities(
    now: Profile, then: Profile, origins: Origins, changes: tuple[ModuleChange, ...], suspects: tuple[Suspect, ...]
) -> tuple[str, ...]:
    """Sentences; empty where the pair is as it should be."""
    return tuple(_all(now, then, origins, changes, suspects))


def _all(
    now: Profile, then: Profile, origins: Origins, changes: tuple[ModuleChange, ...], suspects: tuple[Suspect, ...]
) -> Iterable[str]:
    if now.taken_at and then.taken_at and now.taken_at < then.taken_at:
        yield "the later profile was taken before the earlier one: are the two files given the wrong way round?"
    if now.taken_at and now.taken_at == then.taken_at and len(now.samples) == len(then.samples):
        yield "both were taken at the same moment: is it the same file twice?"
    if _binary(now) != _binary(then) and now.main_file and then.main_file:
        yield f"they are of two programs, {_binary(then)} and {_binary(now)}: their difference is not growth"
    if changes:
        named = ", ".join(f"{each.module} {each.before or 'unknown'} → {each.after}" for each in changes[:_NAMED])
        more = f" and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
        yield f"they are of two builds: {named}{more}"
    if now.period != then.period and now.period and then.period:
        yield f"they were sampled differently, every {then.period} and every {now.period} bytes"
    if _unnamed(now):
        yield "the program is stripped of function names: frames are places in the binary, for its build's own symbols"
    first = suspects[0] if suspects else None
    if first and first.ownership == OriginKind.DEPENDENCY and not first.version:
        yield (
            f"the version of {first.module} is unknown: the build was vendored or replaced it; with -trimpath the "
            "version stays in file names"
        )
    if first and first.module == "std" and first.share_percent > _MOSTLY_PERCENT:
        yield "the growth has no caller outside the runtime: compare two goroutine profiles, they name who started them"
    if not origins.versions and any(name.startswith(("main.", "runtime.")) for name in origins.files):
        yield "no file name carries a module version"


def _binary(profile: Profile) -> str:
    return profile.main_file.rsplit("/", 1)[-1]


def _unnamed(profile: Profile) -> bool:
    frames = [frame.function for frames in profile.locations.values() for frame in frames]
    return bool(frames) and all("+0x" in name or name.startswith("0x") for name in frames)
