"""The kinds of profiles that are asked for.

Exists apart from the findings so that what reads a profile need not import what is told of it. Must not hold a path.
"""

from __future__ import annotations

from enum import StrEnum


class ProfileKind(StrEnum):
    """The profiles memdrift asks for, by their path under the base path."""

    HEAP = "heap"
    GOROUTINE = "goroutine"
    GOROUTINE_LEAK = "goroutineleak"
