"""What to try where memory grows and the heap does not account for it.

Exists because a heap profile is silent about stacks, cgo, mappings and fragmentation, and an engineer who reads "no
suspect" at night needs the next question. Must not claim which of them it is.
"""

from __future__ import annotations

EXPLAINED_AT_LEAST_PERCENT = 50.0
STACK_BYTES = 2048
"""The least that a goroutine's stack takes; it is in no heap profile."""


def is_native(explained_percent: float | None, *, resident: bool) -> bool:
    """Whether the resident memory grows by something that the heap does not hold."""
    return resident and explained_percent is not None and explained_percent < EXPLAINED_AT_LEAST_PERCENT


def next_steps(goroutines: int) -> tuple[str, ...]:
    """What to look at, the likeliest first; `goroutines` is their growth in number."""
    stacks = (
        f"goroutine stacks: {goroutines} more goroutines hold at least {goroutines * STACK_BYTES // 1024} KiB outside "
        "the heap; see the goroutine profile and go_memstats_stack_inuse_bytes"
    )
    return (
        *((stacks,) if goroutines > 0 else ()),
        "fragmentation or memory not given back: compare go_memstats_heap_idle_bytes with "
        "go_memstats_heap_released_bytes; set GOMEMLIMIT",
        "cgo or another allocator: a heap profile of jemalloc or tcmalloc through `capture.basePath`, or "
        "MALLOC_ARENA_MAX=2",
        "memory-mapped files and page cache counted as resident: compare RssAnon with RssFile in /proc/PID/status",
    )
