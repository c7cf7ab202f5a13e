"""One short name for one leak, the same on every pod, after every restart and after a rebuild.

Exists so that there is one ticket per leak. Sampling makes the set of growing stacks, and the order of the near equal
ones, differ from pod to pod; so the name is taken from what is stable: the owner of a cluster of growing stacks. For a
dependency that is the type whose methods hold the memory (a library's leak often shows in two of its methods by turns),
for own code the function. Must not depend on line numbers, versions, addresses or the standard library.
"""

from __future__ import annotations

import re
from functools import lru_cache

from memdrift.evidence.modules import OriginKind, Origins
from memdrift.evidence.names import package_of
from memdrift.evidence.nativenames import plain_name

try:
    from _blake2 import blake2b  # hashlib has the same one, but loads all of OpenSSL first, for which `diff` would wait
except ImportError:
    from hashlib import blake2b

# Names are hostile: each pattern takes what it has matched once and for all (`++`), so that none of them is slow.
_CLOSURE = re.compile(r"(?:\.(?:func|gowrap|deferwrap)[0-9]++|-(?:range|fm)[0-9]*+|\.[0-9]++)++")
_INIT = re.compile(r"\.init\.[0-9]+")
_PIECES = re.compile(r"\.(\([^().]*+\)|[^.]++)")
_BRACKET = re.compile(r"([\[\]])")
_MAJOR_VERSION = re.compile(r"(?<=[^/])/v[0-9]+(?=[/.]|$)|(?<=[a-z])\.v[0-9]+(?=[/.]|$)")
_BUILD_OF_PROGRAM = re.compile(r"(?:[-_.](?:v?[0-9][0-9A-Za-z.+]*+|[0-9a-f]{7,}+)|\s\(deleted\))++$")
_DIGEST_BYTES = 16
_CACHED_NAMES = 65_536


def _without_type_arguments(function: str) -> str:
    if "[" not in function and "]" not in function:
        return function
    kept = []
    depth = 0
    for piece in _BRACKET.split(function):
        if piece == "[":
            depth += 1
        elif piece == "]":
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(piece)
    return "".join(kept)


def _without_closures(name: str) -> str:
    """A run of closures is taken out where it ends an element of the name."""

    def kept(run: re.Match[str]) -> str:
        return "" if run.end() == len(name) or name[run.end()] == "." else run[0]

    return _CLOSURE.sub(kept, name)


@lru_cache(maxsize=_CACHED_NAMES)
def normalised(function: str) -> str:
    """The function's name without what a rebuild may change: type arguments, numbers of closures and of `init`s.

    A closure becomes the function it is written in. Where that one was inlined, the compiler names the closure after
    the functions it was inlined into as well, which another compiler may do otherwise: the innermost one counts.
    """
    if "::" in function:
        return plain_name(function)
    name = _INIT.sub(".init", _without_type_arguments(function))
    kept = _without_closures(name)
    if kept == name:
        return name
    package = package_of(kept)
    pieces = _PIECES.findall(kept[len(package) :])
    if not pieces:
        return kept
    receiver = f".{pieces[-2]}" if len(pieces) > 1 and pieces[-2].startswith("(") else ""
    return f"{package}{receiver}.{pieces[-1]}"


def owner_of(function: str, origins: Origins) -> str:
    """What a leak in this function is named after: the receiver's type in a dependency, else the function."""
    name = normalised(function)
    if origins.origin(function).kind is not OriginKind.DEPENDENCY:
        return name
    package = package_of(name)
    rest = name[len(package) :]
    receiver = re.match(r"\.(\(\*?[^)]*\)|[^.]+(?=\.))", rest)
    return f"{package}{receiver[0]}" if receiver else name


def program_of(main_file: str) -> str:
    """The program's name from its binary's path, without a version or hash that the next build changes."""
    return _BUILD_OF_PROGRAM.sub("", main_file.rsplit("/", 1)[-1])


def digest_of(owner: str, main_file: str) -> str:
    """The hexadecimal name of an owner's leak; for the package `main`, which every program has, of this program."""
    name = _MAJOR_VERSION.sub("", owner.rpartition("/vendor/")[2])
    if package_of(name) == "main":
        name = f"{program_of(main_file)}:{name}"
    return blake2b(name.encode(), digest_size=_DIGEST_BYTES).hexdigest()
