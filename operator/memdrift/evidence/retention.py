"""What kind of thing holds the memory, told by the standard library's frames below a suspect.

Exists because "held by contexts" tells an engineer what to look for, while the allocating function inside the standard
library does not. A hint only: must not decide who is the suspect.
"""

from __future__ import annotations

from functools import lru_cache

from memdrift.evidence.stacks import Stack

CONTEXTS = "contexts"
TIMERS = "timers"
GOROUTINES = "goroutines"
MAPS = "maps"
BODIES = "response bodies"

_CLIENT = ("net/http.(*Client).",)
_CONNECTION = (
    "net/http.(*Transport).", "net/http.(*persistConn).", "net/http.(*http2Transport).", "net/http.(*http2ClientConn).",
    "net/http/internal/http2.(*Transport).", "net/http/internal/http2.(*ClientConn).",
)  # fmt: skip

# Order matters: a timer inside a context is the context's; a map inside an HTTP transport is the connection's.
_PREFIXES = (
    (CONTEXTS, ("context.",)),
    (BODIES, _CONNECTION),
    (TIMERS, ("time.NewTimer", "time.newTimer", "time.AfterFunc", "time.After", "time.NewTicker", "time.Tick")),
    (GOROUTINES, ("runtime.malg", "runtime.newproc", "runtime.allgadd")),
    (MAPS, ("internal/runtime/maps.", "runtime.mapassign", "runtime.makemap", "runtime.hashGrow", "sync.(*Map).",
            "internal/sync.(*HashTrieMap[", "maps.", "hashbrown::", "std::collections::hash",
            "alloc::collections::btree", "std::_Hashtable", "std::_Rb_tree")),
)  # fmt: skip


_WORDS = (*(word for word, _ in _PREFIXES), "")
_CACHED_NAMES = 65_536


@lru_cache(maxsize=_CACHED_NAMES)
def _rank(frame: str) -> int:
    """Position of the first word whose functions this is one of; the last position where there is none."""
    for rank, (_, prefixes) in enumerate(_PREFIXES):
        if frame.lstrip("<").startswith(prefixes):
            return rank
    return len(_PREFIXES)


def retained_kind(frames_below: Stack) -> str:
    """What the frames between an allocation and its suspect say is retained; "" where they say nothing."""
    return _WORDS[min(map(_rank, frames_below), default=-1)]


def starts_goroutine(stack: Stack) -> bool:
    """Whether the stack is the runtime making a goroutine: it has no frame of whoever asked for it."""
    return any(frame.startswith(("runtime.malg", "runtime.newproc", "runtime.allgadd")) for frame in stack)


def serves_request(stack: Stack) -> bool:
    """Whether the stack is an outgoing connection's own: it has no frame of whoever sent the request."""
    return any(frame.startswith(_CONNECTION) for frame in stack)


def sends_request(frames_below: Stack) -> bool:
    """Whether a suspect asks another server over HTTP in the frames below it."""
    return any(frame.startswith(_CLIENT) for frame in frames_below)
