"""Who owns the growth: for each stack the first frame above the allocation that is not the standard library.

Exists because the biggest allocating function of a leak is nearly always in the standard library
(`context.withCancel`), which is the messenger. Must not compare versions: that is `changes`' part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from memdrift.evidence.findings import Suspect
from memdrift.evidence.growth import Growth
from memdrift.evidence.modules import Origins
from memdrift.evidence.retention import GOROUTINES, retained_kind, starts_goroutine
from memdrift.evidence.stacks import Stack

MANY_GOROUTINES = 100
"""So many more goroutines in one function are told; fewer are requests in flight."""

STANDARD_LIBRARY = "std"
"""Stands for the module of a suspect all of whose stacks are the standard library's own."""


@dataclass(slots=True)
class _Account:
    growth_bytes: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)

    def add(self, value: int, kind: str) -> None:
        self.growth_bytes += value
        self.by_kind[kind] = self.by_kind.get(kind, 0) + value

    def kind(self) -> str:
        return max(sorted(self.by_kind), key=lambda kind: self.by_kind[kind])


def suspect_position(stack: Stack, origins: Origins) -> int | None:
    """Index of the frame that owns the stack's growth; None where the runtime alone is on it.

    A stack of the standard library without any caller (a connection's own goroutine) is owned by its outermost frame
    outside the runtime.
    """
    for position, function in enumerate(stack):
        if not origins.is_standard(function):
            return position
    for position in range(len(stack) - 1, -1, -1):
        if not stack[position].startswith(("runtime.", "runtime/", "internal/runtime/")):
            return position
    return None


def suspect_of(stack: Stack, origins: Origins) -> str:
    """The function that owns the stack's growth; "" where the runtime alone is on it."""
    position = suspect_position(stack, origins)
    return "" if position is None else stack[position]


def _goroutine_owners(goroutines: Mapping[Stack, int], origins: Origins) -> dict[str, int]:
    owners: dict[str, int] = {}
    for stack, value in goroutines.items():
        owner = suspect_of(stack, origins)
        if owner:
            owners[owner] = owners.get(owner, 0) + value
    return {owner: value for owner, value in owners.items() if value > 0}


def suspects(growth: Growth, goroutines: Mapping[Stack, int], origins: Origins) -> tuple[Suspect, ...]:
    """Functions that own growth, largest first; growth and shrinkage of one function's stacks are summed.

    What the runtime allocates for new goroutines has no caller on its stack, so it is shared out over the growing
    goroutines by their number; without a goroutine profile it stays unattributed.
    """
    accounts: dict[str, _Account] = {}
    owners = _goroutine_owners(goroutines, origins)
    number_of_goroutines = sum(owners.values())
    for stack, value in growth.bytes_by_stack.items():
        position = suspect_position(stack, origins)
        if position is not None:
            accounts.setdefault(stack[position], _Account()).add(value, retained_kind(stack[: position + 1]))
        elif starts_goroutine(stack):
            for owner, number in owners.items():
                accounts.setdefault(owner, _Account()).add(value * number // number_of_goroutines, GOROUTINES)
    growing = [(function, account) for function, account in accounts.items() if account.growth_bytes > 0]
    growing.sort(key=lambda item: (-item[1].growth_bytes, item[0]))
    return tuple(_suspect(function, account, growth, owners, origins) for function, account in growing)


def _suspect(
    function: str, account: _Account, growth: Growth, goroutine_owners: Mapping[str, int], origins: Origins
) -> Suspect:
    standard = origins.is_standard(function)
    origin = origins.origin(function)
    many_goroutines = goroutine_owners.get(function, 0) >= MANY_GOROUTINES
    kind = account.kind() or (GOROUTINES if many_goroutines else "")
    return Suspect(
        function=function,
        module=STANDARD_LIBRARY if standard else origin.module,
        version=origin.version,
        growth_bytes=account.growth_bytes,
        share_percent=growth.share_percent(account.growth_bytes),
        retained_by=kind,
    )
