"""Who holds what grew: one function's account, and whose stack a stack is.

Exists so that attribution and ranking speak of the same accounts. Must not say whose the stacks without a caller are.
"""

from __future__ import annotations

from collections.abc import Mapping

from memdrift.evidence.modules import Origins
from memdrift.evidence.stacks import Stack


class Holder:
    """What one function holds more of than before; closures count as the function they are written in.

    Attributes:
        functions: growth by the name the profile has for it, such as a closure's.
        kinds: growth by what is retained.
        makers: growth by the function that made the memory for this one.
        callers: growth by the nearest caller in own code.
    """

    __slots__ = ("callers", "functions", "growth_bytes", "kinds", "makers")

    def __init__(self) -> None:
        self.growth_bytes = 0
        self.functions: dict[str, int] = {}
        self.kinds: dict[str, int] = {}
        self.makers: dict[str, int] = {}
        self.callers: dict[str, int] = {}

    def add(self, function: str, value: int, kind: str) -> None:
        """Count a part of the growth."""
        self.growth_bytes += value
        plus(self.functions, function, value)
        plus(self.kinds, kind, value)

    def retains(self) -> bool:
        """Whether the standard library's frames below it show that it keeps things, and does not only make them."""
        kept = sum(value for kind, value in self.kinds.items() if kind and value > 0)
        return kept >= 0.1 * max(self.growth_bytes, 1)


def plus(counts: dict[str, int], key: str, value: int) -> None:
    """Add to a count."""
    counts[key] = counts.get(key, 0) + value


def largest(counts: Mapping[str, int]) -> str:
    """The key with the largest count, of equal ones the first by name; "" where there is none."""
    return max(sorted(counts), key=lambda key: counts[key], default="")


def suspect_position(stack: Stack, origins: Origins) -> int | None:
    """Index of the frame that owns the stack's growth; None where the runtime alone is on it.

    A stack of the standard library without any caller (a connection's own goroutine) is owned by its outermost frame
    outside the runtime.
    """
    for position, function in enumerate(stack):
        if function not in origins.standard:
            return position
    for position in range(len(stack) - 1, -1, -1):
        if not is_runtime(stack[position]):
            return position
    return None


def is_runtime(function: str) -> bool:
    """Whether a function of the standard library belongs to the runtime, which allocates for everybody."""
    return function.startswith(("runtime.", "runtime/", "internal/runtime/"))


def suspect_of(stack: Stack, origins: Origins) -> str:
    """The function that owns the stack's growth; "" where the runtime alone is on it."""
    position = suspect_position(stack, origins)
    return "" if position is None else stack[position]


def goroutine_owners(goroutines: Mapping[Stack, int], origins: Origins) -> dict[str, int]:
    """Growth in number of goroutines by the function that owns their stacks."""
    owners: dict[str, int] = {}
    for stack, value in goroutines.items():
        owner = suspect_of(stack, origins)
        if owner:
            plus(owners, owner, value)
    return {owner: value for owner, value in owners.items() if value > 0}
