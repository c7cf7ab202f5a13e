"""How C, C++ and Rust name functions, as far as a suspect and a fingerprint need it.

Exists because in those profiles the allocator and the language's own library are on top of every stack, as the standard
library is in Go's. Must not guess more than a name tells.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ALLOCATOR = re.compile(
    r"_?_?(rust_|rdl_|rg_)?"
    r"(malloc|calloc|realloc|reallocarray|posix_memalign|aligned_alloc|memalign|valloc|alloc|alloc_zeroed)"
    r"(_default|_usable_size|x)?$"
    r"|(je_|_rjem_|prof_|arena_|imalloc|tc_|tcmalloc|mi_|_mi_|do_malloc|MallocExtension|exchange_malloc)"
    r"|(operator new|_Znw|_Zna)"
)
_LIBRARY = (
    "std::",
    "core::",
    "alloc::",
    "hashbrown::",
    "__rustc",
    "tikv_jemallocator::",
    "jemallocator::",
    "mimalloc::",
    "__gnu_cxx::",
    "__libc_",
    "_start",
    "start_thread",
    "__clone",
    "clone3",
    "_dl_",
)
_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
_RUST_CLOSURE = re.compile(r"\{\{?closure(#[0-9]+)?\}?\}|\{\{?vtable\.shim\}?\}|_\{\{closure\}\}")
_BRACKET = re.compile(r"([<>()])")
_CACHED_NAMES = 65_536
_OPENING, _CLOSING = "<(", ">)"


def is_library(function: str) -> bool:
    """Whether a function belongs to an allocator, the C library, or the standard library of C++ or Rust.

    `<T as alloc::slice::hack::ConvertVec>::to_vec` implements a trait for whatever `T` is: it belongs to the trait.
    """
    name = function.lstrip("<&")
    implementing, implements, trait = name.partition(" as ")
    if implements and function.startswith("<") and "::" not in implementing:
        name = trait
    return name.startswith(_LIBRARY) or _ALLOCATOR.match(function) is not None


@lru_cache(maxsize=_CACHED_NAMES)
def plain_name(function: str) -> str:
    """A name with `::` without what a rebuild changes: hash, closure marks, template arguments, parameters.

    `<shop::Cache as shop::Store>::put` keeps the type that implements: `shop::Cache::put`.
    """
    name = _without_closures(_RUST_HASH.sub("", function))
    if name.startswith("<"):
        inside, _, rest = name[1:].partition(">::")
        name = f"{inside.partition(' as ')[0]}::{rest}" if rest else name
    kept = []
    depth = 0
    for piece in _BRACKET.split(name):
        if piece and piece in _OPENING:
            depth += 1
        elif piece and piece in _CLOSING:
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(piece)
    return _without_closures("".join(kept).replace("::::", "::").strip().removesuffix("::").rpartition(" ")[2])


def _without_closures(name: str) -> str:
    pieces = name.split("::")
    while len(pieces) > 1 and _RUST_CLOSURE.fullmatch(pieces[-1]):
        pieces.pop()
    return "::".join(pieces)


def namespace_of(function: str) -> str:
    """The crate or outermost namespace; "" where the name has none."""
    name = plain_name(function)
    return name.partition("::")[0] if "::" in name else ""
