"""Who owns the growth: the functions outside the standard library that hold it, largest first.

Exists because the biggest allocating function of a leak is nearly always in the standard library
(`context.withCancel`), which is the messenger, or a helper that makes memory for everybody. Must not compare versions:
that is `changes`' part.
"""

from __future__ import annotations

from collections.abc import Mapping

from memdrift.evidence.attribution import Attribution
from memdrift.evidence.fingerprint import normalised
from memdrift.evidence.growth import Growth
from memdrift.evidence.holders import Holder, goroutine_owners, largest
from memdrift.evidence.leaks import Suspect
from memdrift.evidence.modules import Origins
from memdrift.evidence.retention import GOROUTINES
from memdrift.evidence.stacks import Stack

MANY_GOROUTINES = 100
"""So many more goroutines in one function are told; fewer are requests in flight."""

STANDARD_LIBRARY = "std"
"""Stands for the module of a suspect all of whose stacks are the standard library's own."""


def suspects(growth: Growth, goroutines: Mapping[Stack, int], origins: Origins) -> tuple[Suspect, ...]:
    """Functions that own growth, largest first; growth and shrinkage of one function's stacks are summed.

    What the runtime allocates for new goroutines has no caller on its stack, so it is shared out over the growing
    goroutines by their number; without a goroutine profile it stays unattributed. What the HTTP client keeps of
    connections is likewise shared out over those who sent the requests.
    """
    attribution = Attribution(growth.bytes_by_stack, origins)
    owners = goroutine_owners(goroutines, origins)
    held = attribution.settle(owners)
    growing = [(largest(holder.functions), holder) for holder in held.values() if holder.growth_bytes > 0]
    growing.sort(key=lambda item: (-item[1].growth_bytes, item[0]))
    total = sum(holder.growth_bytes for _, holder in growing) + max(0, attribution.unattributed_bytes)
    numbers: dict[str, int] = {}
    for owner, number in owners.items():
        numbers[normalised(owner)] = numbers.get(normalised(owner), 0) + number
    return tuple(_suspect(function, holder, total, numbers, origins) for function, holder in growing)


def _suspect(
    function: str, holder: Holder, total_bytes: int, goroutines: Mapping[str, int], origins: Origins
) -> Suspect:
    standard = origins.is_standard(function)
    origin = origins.origin(function)
    many_goroutines = goroutines.get(normalised(function), 0) >= MANY_GOROUTINES
    callers = {caller: value for caller, value in holder.callers.items() if value > 0}
    return Suspect(
        function=function,
        module=STANDARD_LIBRARY if standard else origin.module,
        version=origin.version,
        growth_bytes=holder.growth_bytes,
        share_percent=100.0 * holder.growth_bytes / total_bytes,
        retained_by=_retained(holder) or (GOROUTINES if many_goroutines else ""),
        ownership=str(origin.kind),
        made_by=largest(holder.makers),
        called_by=largest(callers),
    )


def _retained(holder: Holder) -> str:
    """The largest kind that is named at all, where it is more than an accident of what else grew there."""
    named = {kind: value for kind, value in holder.kinds.items() if kind and value > 0}
    kind = largest(named)
    return kind if kind and named[kind] >= 0.1 * holder.growth_bytes else ""
