"""What kind of thing holds the memory, told by the standard library's frames below a suspect.

Exists because "held by contexts" tells an engineer what to look for, while the allocating function inside the standard
library does not. A hint only: must not decide who is the suspect.
"""

from __future__ import annotations

from memdrift.evidence.stacks import Stack

CONTEXTS = "contexts"
TIMERS = "timers"
GOROUTINES = "goroutines"
MAPS = "maps"
BODIES = "response bodies"

# Order matters: a timer inside a context is the context's; a map inside an HTTP transport is the connection's.
_PREFIXES = (
    (CONTEXTS, ("context.",)),
    (BODIES, ("net/http.(*Transport).", "net/http.(*persistConn).", "net/http.(*http2Transport).",
              "net/http.(*http2ClientConn).", "net/http/internal/http2.(*Transport).",
              "net/http/internal/http2.(*ClientConn).")),
    (TIMERS, ("time.NewTimer", "time.newTimer", "time.AfterFunc", "time.After", "time.NewTicker", "time.Tick")),
    (GOROUTINES, ("runtime.malg", "runtime.newproc", "runtime.allgadd")),
    (MAPS, ("internal/runtime/maps.", "runtime.mapassign", "runtime.makemap", "runtime.hashGrow", "sync.(*Map).",
            "internal/sync.(*HashTrieMap[", "maps.")),
)  # fmt: skip


def retained_kind(frames_below: Stack) -> str:
    """What the frames between an allocation and its suspect say is retained; "" where they say nothing."""
    for word, prefixes in _PREFIXES:
        if any(frame.startswith(prefixes) for frame in frames_below):
            return word
    return ""


def starts_goroutine(stack: Stack) -> bool:
    """Whether the stack is the runtime making a goroutine: it has no frame of whoever asked for it."""
    return any(frame.startswith(("runtime.malg", "runtime.newproc", "runtime.allgadd")) for frame in stack)
