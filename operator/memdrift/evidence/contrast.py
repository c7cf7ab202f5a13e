"""Two profiles of one program beside each other: what grew, where, and what is odd about the pair.

Exists for people who have two files and no cluster. Must not know files, terminals or pages.
"""

from __future__ import annotations

from typing import NamedTuple

from memdrift.evidence.changes import module_changes
from memdrift.evidence.clusters import clusters
from memdrift.evidence.confidence import NO_MORE_THAN_NOISE, basis_of, confidence_percent, confidence_reason
from memdrift.evidence.growth import Growth, goroutine_totals, growing_entries, growth_of, heap_totals
from memdrift.evidence.leaks import ModuleChange, Suspect
from memdrift.evidence.limits import ProfileInvalid, ProfileProblem
from memdrift.evidence.measures import allocation_index, is_goroutines, is_heap
from memdrift.evidence.modules import OriginKind, Origins, module_versions, origins
from memdrift.evidence.oddities import oddities
from memdrift.evidence.parts import Profile, Stack
from memdrift.evidence.stacks import column_totals, difference
from memdrift.evidence.suspects import suspects

HEAP, GOROUTINES = "memory in use", "goroutines"
BYTES = "bytes"


class Side(NamedTuple):
    """One of the two profiles, summed.

    Attributes:
        totals: the compared value by stack; zeros are left out.
        objects: number of objects by stack; empty where the profile does not tell.
        allocated_bytes: ever, by the process; None where the profile does not tell.
        taken_at: epoch seconds; 0 where unknown.
    """

    totals: dict[Stack, int]
    objects: dict[Stack, int]
    allocated_bytes: int | None
    taken_at: float
    main_file: str
    period: int

    @property
    def total(self) -> int:
        """Everything that the profile holds."""
        return sum(self.totals.values())


class Contrast(NamedTuple):
    """What a pair of profiles says.

    Attributes:
        what: `HEAP`, `GOROUTINES`, or the name of the value that was asked for.
        unit: of all values, such as `bytes` or `count`.
        seconds: between the two profiles; None where one of them does not say when it was taken.
        growth: of heaps, bytes and objects; of everything else, the value and no objects.
        suspects: functions that hold the growth; empty where the value is no memory.
        entries: of goroutines, by the function they were started with.
        fingerprint: of the leading leak; "" where the growth is no more than chance.
        confidence_reason: why the first suspect is, or is not, to be believed.
        oddities: sentences about the pair that a reader must know.
    """

    what: str
    unit: str
    then: Side
    now: Side
    seconds: float | None
    growth: Growth
    origins: Origins
    suspects: tuple[Suspect, ...]
    changes: tuple[ModuleChange, ...]
    entries: tuple[tuple[str, int], ...]
    fingerprint: str
    confidence_percent: float | None
    confidence_reason: str
    oddities: tuple[str, ...]


def contrasted(now: Profile, then: Profile, sample_type: str = "") -> Contrast:
    """Compare memory in use, goroutines, or the named value, whichever both profiles hold.

    Raises:
        ProfileInvalid: `WrongKind` where they do not hold the same.
    """
    what, unit = _subject(now, then, sample_type)
    now_side, then_side = _side(now, what), _side(then, what)
    growth = growth_of(difference(now_side.totals, then_side.totals), difference(now_side.objects, then_side.objects))
    known = origins([now, then])
    changes = module_changes(module_versions([then]), module_versions([now]), growth, known)
    found = suspects(growth, {}, known) if unit == BYTES else ()
    basis = basis_of(
        now_side.total, growth.net_bytes, None, period_bytes=max(now.period, then.period), metric_grew=True
    )
    is_leak = what == HEAP and basis.noises >= NO_MORE_THAN_NOISE
    leaks = clusters(found, known, now.main_file) if is_leak else ()
    leading_share = _share(found)
    return Contrast(
        what=what,
        unit=unit,
        then=then_side,
        now=now_side,
        seconds=now.taken_at - then.taken_at if now.taken_at and then.taken_at else None,
        growth=growth,
        origins=known,
        suspects=found,
        changes=changes,
        entries=growing_entries(growth.bytes_by_stack) if what == GOROUTINES else (),
        fingerprint=leaks[0].fingerprint if leaks else "",
        confidence_percent=confidence_percent(leading_share, basis) if found and what == HEAP else None,
        confidence_reason=confidence_reason(leading_share, basis) if found and what == HEAP else "",
        oddities=oddities(now, then, known, changes, found),
    )


def _subject(now: Profile, then: Profile, sample_type: str) -> tuple[str, str]:
    """What both profiles hold, and its unit."""
    if sample_type:
        then.index_of(sample_type)
        return sample_type, now.sample_types[now.index_of(sample_type)].unit
    if is_heap(now) and is_heap(then):
        return HEAP, BYTES
    if is_goroutines(now.sample_types) and is_goroutines(then.sample_types):
        return GOROUTINES, "count"
    both = [kind for kind in now.sample_types if kind in then.sample_types]
    if not both:
        raise ProfileInvalid(
            ProfileProblem.WRONG_KIND,
            f"the two cannot be compared: the earlier one holds {then.held()}, the later one {now.held()}; give two "
            "profiles of one kind",
        )
    return both[-1].name, both[-1].unit


def _side(profile: Profile, what: str) -> Side:
    objects: dict[Stack, int] = {}
    if what == HEAP:
        totals, objects = heap_totals(profile)
    elif what == GOROUTINES:
        totals = goroutine_totals(profile)
    else:
        totals = column_totals(profile, [profile.index_of(what)])[0]
    allocation = allocation_index(profile)
    allocated = None if allocation is None else sum(sample.values[allocation] for sample in profile.samples)
    return Side(totals, objects, allocated, profile.taken_at, profile.main_file, profile.period)


def _share(found: tuple[Suspect, ...]) -> float:
    """Of the growth: what the first suspect holds, together with its module where that is a dependency."""
    if not found:
        return 0.0
    first = found[0]
    if first.ownership != OriginKind.DEPENDENCY or not first.module:
        return first.share_percent
    return sum(each.share_percent for each in found if each.module == first.module)
