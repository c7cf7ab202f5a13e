"""One short name for one leak, the same on every pod, after every restart and after a rebuild.

Exists so that there is one ticket per leak. Sampling makes the set of growing stacks, and the order of the near equal
ones, differ from pod to pod; so the name is taken from what is stable: the owner of the largest part of the growth.
For a dependency that is the type whose methods hold the memory (a library's leak often shows in two of its methods by
turns), for own code the function. Must not depend on line numbers, versions, addresses or the standard library.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from memdrift.evidence.findings import Suspect
from memdrift.evidence.modules import OriginKind, Origins
from memdrift.evidence.names import package_of
from memdrift.evidence.stacks import Stack

_CLOSURE = re.compile(r"(\.(func|gowrap|deferwrap)[0-9]+|-(range|fm)[0-9]*|\.[0-9]+)+$")
_INIT = re.compile(r"\.init\.[0-9]+")
_DIGEST_BYTES = 16


def _without_type_arguments(function: str) -> str:
    if "[" not in function and "]" not in function:
        return function
    kept = []
    depth = 0
    for character in function:
        if character == "[":
            depth += 1
        elif character == "]":
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(character)
    return "".join(kept)


def normalised(function: str) -> str:
    """The function's name without what a rebuild may change: type arguments, numbers of closures and of `init`s.

    A closure becomes the function it is written in.
    """
    name = _without_type_arguments(function)
    return _INIT.sub(".init", _CLOSURE.sub("", name))


def normalised_stack(stack: Stack, origins: Origins) -> Stack:
    """The frames that are not the standard library's, normalised, repetitions of recursion and closures folded."""
    frames: list[str] = []
    for function in stack:
        if origins.is_standard(function):
            continue
        name = normalised(function)
        if not frames or frames[-1] != name:
            frames.append(name)
    return tuple(frames)


def owner_of(function: str, origins: Origins) -> str:
    """What a leak in this function is named after: the receiver's type in a dependency, else the function."""
    name = normalised(function)
    if origins.origin(function).kind is not OriginKind.DEPENDENCY:
        return name
    package = package_of(name)
    rest = name[len(package) :]
    receiver = re.match(r"\.(\(\*?[^)]*\)|[^.]+(?=\.))", rest)
    return f"{package}{receiver[0]}" if receiver else name


def fingerprint(suspects: Iterable[Suspect], origins: Origins) -> str:
    """Hexadecimal digest of the owner of the largest growth; "" where nothing grows."""
    growth_by_owner: dict[str, int] = {}
    for suspect in suspects:
        owner = owner_of(suspect.function, origins)
        growth_by_owner[owner] = growth_by_owner.get(owner, 0) + suspect.growth_bytes
    if not growth_by_owner:
        return ""
    largest = max(sorted(growth_by_owner), key=lambda owner: growth_by_owner[owner])
    return hashlib.blake2b(largest.encode(), digest_size=_DIGEST_BYTES).hexdigest()
