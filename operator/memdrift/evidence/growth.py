"""What grew between two profiles of one program, or what is held where there is only one.

Exists so that every later step works on the same few sums. Must not attribute anything to anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from memdrift.evidence.profile import Profile
from memdrift.evidence.stacks import Stack, difference, stack_totals

SPACE = "inuse_space"
OBJECTS = "inuse_objects"
GOROUTINES = "goroutine"


@dataclass(frozen=True, slots=True)
class Growth:
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

    def largest(self) -> list[tuple[Stack, int]]:
        """Stacks that grew, largest first, ties in the order of their names."""
        growing = ((stack, value) for stack, value in self.bytes_by_stack.items() if value > 0)
        return sorted(growing, key=lambda item: (-item[1], item[0]))


def heap_growth(now: Profile, then: Profile | None) -> Growth:
    """In-use space and objects now minus then; all that is held now where there is no `then`.

    Raises:
        ProfileInvalid: `WrongKind` where one of them is no heap profile.
    """
    space, objects = stack_totals(now, SPACE), stack_totals(now, OBJECTS)
    if then is not None:
        space, objects = difference(space, stack_totals(then, SPACE)), difference(objects, stack_totals(then, OBJECTS))
    positive = sum(value for value in space.values() if value > 0)
    return Growth(space, objects, net_bytes=sum(space.values()), positive_bytes=positive)


def goroutine_growth(now: Profile, then: Profile | None) -> dict[Stack, int]:
    """Number of goroutines now minus then, by stack."""
    counts = stack_totals(now, GOROUTINES)
    return counts if then is None else difference(counts, stack_totals(then, GOROUTINES))


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
