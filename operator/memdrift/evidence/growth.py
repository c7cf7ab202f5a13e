"""What grew between two profiles of one program, or what is held where there is only one.

Exists so that every later step works on the same few sums. Must not attribute anything to anybody.
"""

from __future__ import annotations

from heapq import nsmallest
from typing import NamedTuple

from memdrift.evidence.measures import goroutine_index, objects_index, space_index
from memdrift.evidence.parts import Profile
from memdrift.evidence.stacks import Stack, column_totals, difference


class Growth(NamedTuple):
    """Change of in-use memory by stack; stacks that did not change are absent.

    Attributes:
        bytes_by_stack: may be negative where a stack holds less than before.
        objects_by_stack: the same in number.
        net_bytes: growth and shrinkage summed.
        positive_bytes: growth only: what shares are a percentage of.
    """

    bytes_by_stack: dict[Stack, int]
    objects_by_stack: dict[Stack, int]
    net_bytes: int
    positive_bytes: int

    def share_percent(self, value: int) -> float:
        """A part of the positive growth, 0 to 100."""
        return 100.0 * value / self.positive_bytes if self.positive_bytes > 0 else 0.0

    def largest(self, most: int) -> list[tuple[Stack, int]]:
        """Stacks that grew, largest first, ties in the order of their names."""
        growing = ((stack, value) for stack, value in self.bytes_by_stack.items() if value > 0)
        return nsmallest(most, growing, key=lambda item: (-item[1], item[0]))


def heap_totals(profile: Profile) -> tuple[dict[Stack, int], dict[Stack, int]]:
    """In-use space and in-use objects by stack; no objects where the profile does not tell them.

    Raises:
        ProfileInvalid: `WrongKind` where it is no heap profile.
    """
    space, objects = space_index(profile), objects_index(profile)
    if objects is None:
        return column_totals(profile, [space])[0], {}
    of_space, of_objects = column_totals(profile, [space, objects])
    return of_space, of_objects


def in_use_bytes(profile: Profile) -> int:
    """All memory in use that the profile knows.

    Raises:
        ProfileInvalid: `WrongKind` where it is no heap profile.
    """
    index = space_index(profile)
    return sum(sample.values[index] for sample in profile.samples)


def heap_growth(now: Profile, then: Profile | None) -> Growth:
    """In-use space and objects now minus then; all that is held now where there is no `then`.

    Raises:
        ProfileInvalid: `WrongKind` where one of them is no heap profile.
    """
    space, objects = heap_totals(now)
    if then is None:
        return growth_of(space, objects)
    earlier_space, earlier_objects = heap_totals(then)
    return growth_of(difference(space, earlier_space), difference(objects, earlier_objects))


def growth_of(space: dict[Stack, int], objects: dict[Stack, int]) -> Growth:
    """The growth whose parts by stack are known."""
    positive = sum(value for value in space.values() if value > 0)
    return Growth(space, objects, net_bytes=sum(space.values()), positive_bytes=positive)


def goroutine_totals(profile: Profile) -> dict[Stack, int]:
    """Number of goroutines by stack.

    Raises:
        ProfileInvalid: `WrongKind` where it is no goroutine profile.
    """
    return column_totals(profile, [goroutine_index(profile)])[0]


def goroutine_growth(now: Profile, then: Profile | None) -> dict[Stack, int]:
    """Number of goroutines now minus then, by stack."""
    counts = goroutine_totals(now)
    return counts if then is None else difference(counts, goroutine_totals(then))


def growing_entries(goroutines: dict[Stack, int]) -> tuple[tuple[str, int], ...]:
    """Goroutines by the function they were started with, largest growth first.

    The entry function is the creation site as far as a profile tells: a closure's name holds the name of the function
    that started it.
    """
    by_entry: dict[str, int] = {}
    for stack, value in goroutines.items():
        if stack:
            by_entry[stack[-1]] = by_entry.get(stack[-1], 0) + value
    growing = ((entry, value) for entry, value in by_entry.items() if value > 0)
    return tuple(sorted(growing, key=lambda item: (-item[1], item[0])))
