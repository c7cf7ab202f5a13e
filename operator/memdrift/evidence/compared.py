"""The worst pod's profiles beside what they are compared with, read, and what grew between them.

Exists because what is compared with what decides what may be called growth. Must not attribute anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from memdrift.evidence.findings import ComparedWith, Comparison, ProfileKind, Taken
from memdrift.evidence.growth import Growth, goroutine_growth, heap_growth, in_use_bytes
from memdrift.evidence.limits import Limits, ProfileInvalid
from memdrift.evidence.modules import Origins, origins
from memdrift.evidence.profile import Profile, validate
from memdrift.evidence.stacks import Stack


def decoded(taken: Taken, limits: Limits) -> Profile:
    """One profile, validated; what is wrong with it is told with the pod's name."""
    try:
        return validate(taken.content, taken.kind, limits)
    except ProfileInvalid as error:
        raise ProfileInvalid(error.reason, f"{taken.kind} profile of pod {taken.pod}: {error.message}") from error


def first_of(profiles: Iterable[Taken], kind: ProfileKind) -> Taken | None:
    """The first profile of a kind."""
    return next((taken for taken in profiles if taken.kind is kind), None)


def earlier_of(current: Taken, earlier: Iterable[Taken]) -> tuple[Taken | None, ComparedWith]:
    """What a profile is compared with: the first one of the same life, else the youngest baseline of its revision.

    A container that restarted within its pod is another life. A profile of another revision is never compared with:
    the difference of two programs is not growth.
    """
    candidates = [taken for taken in earlier if taken.kind is current.kind and taken.taken_at < current.taken_at]
    same_life = [taken for taken in candidates if (taken.uid, taken.started_at) == (current.uid, current.started_at)]
    if same_life:
        return min(same_life, key=lambda taken: taken.taken_at), ComparedWith.SAME_POD
    same_revision = [taken for taken in candidates if taken.revision == current.revision]
    if same_revision:
        return min(same_revision, key=lambda taken: taken.taken_at - taken.started_at), ComparedWith.BASELINE
    return None, ComparedWith.NOTHING


def _goroutine_profiles(comparison: Comparison, worst: Taken, limits: Limits) -> tuple[Profile | None, Profile | None]:
    of_worst = [taken for taken in comparison.current if taken.uid == worst.uid]
    current = first_of(of_worst, ProfileKind.GOROUTINE)
    if current is None:
        return None, None
    earlier, _ = earlier_of(current, comparison.earlier)
    return decoded(current, limits), decoded(earlier, limits) if earlier else None


def _span_seconds(current: Taken, earlier: Taken | None, compared_with: ComparedWith) -> float | None:
    """The time in which it grew: with another pod's baseline, the difference of the two ages."""
    if earlier is None:
        return None
    if compared_with is ComparedWith.SAME_POD:
        return current.taken_at - earlier.taken_at
    span = (current.taken_at - current.started_at) - (earlier.taken_at - earlier.started_at)
    return span if span > 0 else None


@dataclass(frozen=True, slots=True)
class Compared:
    """The worst pod's profiles, read, and what grew between them.

    Attributes:
        span_seconds: the time in which it grew; None where nothing is compared, or where the baseline was older.
        in_use_bytes: what the heap holds now.
        period_bytes: between two samples of the coarser heap profile; 0 where neither says.
        main_file: path of the program's binary; "" where unknown.
        goroutines: change in number by stack; all of them where there is nothing to compare with.
        profiles: those of the worst pod.
    """

    compared_with: ComparedWith
    span_seconds: float | None
    in_use_bytes: int
    period_bytes: int
    main_file: str
    growth: Growth
    goroutines: dict[Stack, int]
    origins: Origins
    profiles: tuple[Profile, ...]
    goroutines_compared: bool

    @property
    def is_growth(self) -> bool:
        """False where there was nothing to compare with: then it is all that is held."""
        return self.compared_with is not ComparedWith.NOTHING


def compared_profiles(comparison: Comparison, worst: Taken, limits: Limits) -> Compared:
    """Read the worst pod's profiles and those before them.

    Raises:
        ProfileInvalid: one of them is not a valid profile of its kind.
    """
    earlier, compared_with = earlier_of(worst, comparison.earlier)
    heap_now, heap_then = decoded(worst, limits), decoded(earlier, limits) if earlier else None
    goroutines_now, goroutines_then = _goroutine_profiles(comparison, worst, limits)
    of_worst = tuple(profile for profile in (heap_now, goroutines_now) if profile)
    return Compared(
        compared_with=compared_with,
        span_seconds=_span_seconds(worst, earlier, compared_with),
        in_use_bytes=in_use_bytes(heap_now),
        period_bytes=max(heap_now.period, heap_then.period if heap_then else 0),
        main_file=heap_now.main_file,
        growth=heap_growth(heap_now, heap_then),
        goroutines=goroutine_growth(goroutines_now, goroutines_then) if goroutines_now else {},
        origins=origins([*of_worst, *(profile for profile in (heap_then, goroutines_then) if profile)]),
        profiles=of_worst,
        goroutines_compared=goroutines_then is not None,
    )
