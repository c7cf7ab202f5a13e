"""How C, C++ and Rust name functions, as far as a suspect and a fingerprint need it.

Exists because in those profiles the allocator and the language's own library are on top of every stack, as the standard
library is in Go's. Must not guess more than a name tells.
"""

from __future__ import annotations

import re

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
    "__gnu_cxx::",
    "__libc_",
    "_start",
    "start_thread",
    "__clone",
    "clone3",
    "_dl_",
)
_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
_RUST_CLOSURE = re.compile(r"(::\{\{?closure(#[0-9]+)?\}?\}|::\{\{?vtable\.shim\}?\}|::_\{\{closure\}\})+$")
_OPENING, _CLOSING = "<(", ">)"


def is_library(function: str) -> bool:
    """Whether a function belongs to an allocator, the C library, or the standard library of C++ or Rust."""
    name = function.lstrip("<&")
    return name.startswith(_LIBRARY) or _ALLOCATOR.match(function) is not None


def plain_name(function: str) -> str:
    """A name with `::` without what a rebuild changes: hash, closure marks, template arguments, parameters.

    `<shop::Cache as shop::Store>::put` keeps the type that implements: `shop::Cache::put`.
    """
    name = _RUST_CLOSURE.sub("", _RUST_HASH.sub("", function))
    if name.startswith("<"):
        inside, _, rest = name[1:].partition(">::")
        name = f"{inside.partition(' as ')[0]}::{rest}" if rest else name
    kept = []
    depth = 0
    for character in name:
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(character)
    return _RUST_CLOSURE.sub("", "".join(kept).replace("::::", "::").strip().removesuffix("::").rpartition(" ")[2])


def namespace_of(function: str) -> str:
    """The crate or outermost namespace; "" where the name has none."""
    name = plain_name(function)
    return name.partition("::")[0] if "::" in name else ""
