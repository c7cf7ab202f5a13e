"""Profiles in, findings out: the one entrance to this room.

Exists to choose what is compared with what, and to put the parts together. It is meant to run in another process: large
profiles take a second, and hostile ones must not take the operator's memory. Must not fetch, store or act.
"""

from __future__ import annotations

from collections.abc import Iterable

from memdrift.evidence.changes import module_changes
from memdrift.evidence.findings import ComparedWith, Comparison, Findings, GrowingStack, ProfileKind, Taken
from memdrift.evidence.fingerprint import fingerprint
from memdrift.evidence.growth import Growth, goroutine_growth, growing_entries, heap_growth
from memdrift.evidence.limits import DEFAULT_LIMITS, Limits, ProfileInvalid
from memdrift.evidence.modules import module_versions, origins
from memdrift.evidence.profile import Profile, validate
from memdrift.evidence.sentence import explained_sentence, goroutines_sentence, suspects_sentence
from memdrift.evidence.suspects import MANY_GOROUTINES, suspects

_MAX_STACKS = 50
_MAX_FRAMES = 64
_MAX_SUSPECTS = 20
_MAX_GOROUTINE_ENTRIES = 20
_MAX_MODULES = 1000


def _decoded(taken: Taken, limits: Limits) -> Profile:
    try:
        return validate(taken.content, taken.kind, limits)
    except ProfileInvalid as error:
        raise ProfileInvalid(error.reason, f"{taken.kind} profile of pod {taken.pod}: {error.message}") from error


def _first(profiles: Iterable[Taken], kind: ProfileKind) -> Taken | None:
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
    current = _first(of_worst, ProfileKind.GOROUTINE)
    if current is None:
        return None, None
    earlier, _ = earlier_of(current, comparison.earlier)
    return _decoded(current, limits), _decoded(earlier, limits) if earlier else None


def _explained_percent(growth_bytes: int, metric_growth_bytes: float | None) -> float | None:
    if metric_growth_bytes is None or metric_growth_bytes <= 0:
        return None
    return max(0.0, min(100.0, 100.0 * growth_bytes / metric_growth_bytes))


def _growing_stacks(growth: Growth) -> tuple[GrowingStack, ...]:
    return tuple(
        GrowingStack(
            frames=stack[:_MAX_FRAMES],
            growth_bytes=value,
            growth_objects=growth.objects_by_stack.get(stack, 0),
            share_percent=growth.share_percent(value),
        )
        for stack, value in growth.largest()[:_MAX_STACKS]
    )


def _without_heap(comparison: Comparison, limits: Limits) -> Findings:
    versions = module_versions(_decoded(taken, limits) for taken in comparison.current)
    return Findings(
        compared_with=ComparedWith.NOTHING,
        profile_growth_bytes=0,
        metric_growth_bytes=comparison.metric_growth_bytes,
        explained_percent=None,
        stacks=(),
        suspects=(),
        changes=(),
        module_versions=dict(list(versions.items())[:_MAX_MODULES]),
        sentence="there is no heap profile of a drifting pod",
    )


def analyse(comparison: Comparison, limits: Limits = DEFAULT_LIMITS) -> Findings:
    """Compare the worst pod's heap with what it was and say who owns the growth.

    Where nothing can be compared with, stacks and suspects are of all memory in use and not of growth: `compared_with`
    says so, `profile_growth_bytes` is 0, `explained_percent` is None and there is no fingerprint.

    Raises:
        ProfileInvalid: one of the profiles that are read is not a valid profile of its kind; the message names its pod.
    """
    worst = _first(comparison.current, ProfileKind.HEAP)
    if worst is None:
        return _without_heap(comparison, limits)
    earlier, compared_with = earlier_of(worst, comparison.earlier)
    is_growth = earlier is not None
    heap_now, heap_then = _decoded(worst, limits), _decoded(earlier, limits) if earlier else None
    growth = heap_growth(heap_now, heap_then)
    goroutines_now, goroutines_then = _goroutine_profiles(comparison, worst, limits)
    goroutines = goroutine_growth(goroutines_now, goroutines_then) if goroutines_now else {}

    of_worst = [profile for profile in (heap_now, goroutines_now) if profile]
    known = origins([*of_worst, *(profile for profile in (heap_then, goroutines_then) if profile)])
    others = [_decoded(taken, limits) for taken in comparison.current if taken.uid != worst.uid]
    versions = module_versions([*of_worst, *others])
    healthy_versions = module_versions(_decoded(taken, limits) for taken in comparison.healthy)
    changes = module_changes(healthy_versions, versions, growth, known)
    found = suspects(growth, goroutines, known)
    entries = growing_entries(goroutines) if goroutines_then else ()
    explained = _explained_percent(growth.net_bytes, comparison.metric_growth_bytes) if is_growth else None
    parts = (
        suspects_sentence(growth.positive_bytes, found, changes, is_growth=is_growth),
        goroutines_sentence(entries, MANY_GOROUTINES),
        explained_sentence(explained),
        "" if is_growth else "there is no earlier profile to compare with, so this is not growth",
    )
    return Findings(
        compared_with=compared_with,
        profile_growth_bytes=growth.net_bytes if is_growth else 0,
        metric_growth_bytes=comparison.metric_growth_bytes,
        explained_percent=explained,
        stacks=_growing_stacks(growth),
        suspects=found[:_MAX_SUSPECTS],
        changes=changes[:_MAX_MODULES],
        module_versions=dict(list(versions.items())[:_MAX_MODULES]),
        growing_goroutines=entries[:_MAX_GOROUTINE_ENTRIES],
        fingerprint=fingerprint(found, known) if is_growth else "",
        sentence="; ".join(part for part in parts if part),
    )
