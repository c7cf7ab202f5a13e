"""Profiles in, findings out: the one entrance to this room.

Exists to choose what is compared with what, and to put the parts together. It is meant to run in another process: large
profiles take a second, and hostile ones must not take the operator's memory. Must not fetch, store or act.
"""

from __future__ import annotations

from dataclasses import replace

from memdrift.evidence import native
from memdrift.evidence.changes import module_changes
from memdrift.evidence.clusters import clusters
from memdrift.evidence.compared import Compared, compared_profiles, decoded, first_of
from memdrift.evidence.confidence import NO_MORE_THAN_NOISE, Basis, basis_of, confidence_percent, confidence_reason
from memdrift.evidence.findings import (
    Cluster,
    ComparedWith,
    Comparison,
    Findings,
    GrowingStack,
    ProfileKind,
    Suspect,
    Taken,
)
from memdrift.evidence.fingerprint import normalised
from memdrift.evidence.growth import Growth, goroutine_totals, growing_entries
from memdrift.evidence.limits import DEFAULT_LIMITS, Limits
from memdrift.evidence.modules import OriginKind, module_versions
from memdrift.evidence.sentence import (
    explained_sentence,
    goroutines_sentence,
    leaked_sentence,
    native_sentence,
    others_sentence,
    suspects_sentence,
)
from memdrift.evidence.suspects import MANY_GOROUTINES, suspects

_MAX_STACKS = 50
_MAX_FRAMES = 64
_MAX_SUSPECTS = 20
_MAX_GOROUTINE_ENTRIES = 20
_MAX_MODULES = 1000
_LEAKS_AT_ONCE = 2


def _explained_percent(growth_bytes: int, metric_growth_bytes: float | None) -> float | None:
    if metric_growth_bytes is None or metric_growth_bytes <= 0:
        return None
    return max(0.0, min(100.0, 100.0 * growth_bytes / metric_growth_bytes))


def _without_heap(comparison: Comparison, limits: Limits) -> Findings:
    versions = module_versions(decoded(taken, limits) for taken in comparison.current)
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


def _growing_stacks(growth: Growth, hours: float | None) -> tuple[GrowingStack, ...]:
    return tuple(
        GrowingStack(
            frames=stack[:_MAX_FRAMES],
            growth_bytes=value,
            growth_objects=growth.objects_by_stack.get(stack, 0),
            share_percent=growth.share_percent(value),
            growth_bytes_per_hour=value / hours if hours else None,
        )
        for stack, value in growth.largest(_MAX_STACKS)
    )


def _share_for_confidence(suspect: Suspect, found: tuple[Suspect, ...], leaks: tuple[Cluster, ...]) -> float:
    """What stands together: functions of one dependency, because the module is what leaks, and two leaks at once.

    A third leak is not counted with them: growth that is spread over many owners is what a busy healthy service shows.
    """
    together = leaks[:_LEAKS_AT_ONCE]
    if suspect.ownership == OriginKind.DEPENDENCY and suspect.module:
        of_module = sum(each.share_percent for each in found if each.module == suspect.module)
        named = suspect.module in {leak.module for leak in together}
        return of_module + sum(leak.share_percent for leak in together if named and leak.module != suspect.module)
    if normalised(suspect.function) in {leak.owner for leak in together}:
        return sum(leak.share_percent for leak in together)
    return suspect.share_percent


def _weighed(
    found: tuple[Suspect, ...], leaks: tuple[Cluster, ...], basis: Basis, hours: float | None
) -> tuple[Suspect, ...]:
    return tuple(
        suspect._replace(
            growth_bytes_per_hour=suspect.growth_bytes / hours if hours else None,
            confidence_percent=(
                confidence_percent(_share_for_confidence(suspect, found, leaks), basis)
                if rank < _MAX_SUSPECTS
                else None
            ),
        )
        for rank, suspect in enumerate(found)
    )


def analyse(comparison: Comparison, limits: Limits = DEFAULT_LIMITS) -> Findings:
    """Compare the worst pod's heap with what it was and say who owns the growth.

    Where nothing can be compared with, stacks and suspects are of all memory in use and not of growth: `compared_with`
    says so, `profile_growth_bytes` is 0, `explained_percent` is None, and there are no fingerprint and no confidence.

    Raises:
        ProfileInvalid: one of the profiles that are read is not a valid profile of its kind; the message names its pod.
    """
    worst = first_of(comparison.current, ProfileKind.HEAP)
    if worst is None:
        return _without_heap(comparison, limits)
    compared = compared_profiles(comparison, worst, limits)
    others = [decoded(taken, limits) for taken in comparison.current if taken.uid != worst.uid]
    versions = module_versions([*compared.profiles, *others])
    healthy_versions = module_versions(decoded(taken, limits) for taken in comparison.healthy)
    changes = module_changes(healthy_versions, versions, compared.growth, compared.origins)
    found = suspects(compared.growth, compared.goroutines, compared.origins)
    findings = Findings(
        compared_with=compared.compared_with,
        profile_growth_bytes=compared.growth.net_bytes if compared.is_growth else 0,
        metric_growth_bytes=comparison.metric_growth_bytes,
        explained_percent=None,
        stacks=_growing_stacks(compared.growth, _hours(compared)),
        suspects=found,
        changes=changes[:_MAX_MODULES],
        module_versions=dict(list(versions.items())[:_MAX_MODULES]),
        growing_goroutines=(
            growing_entries(compared.goroutines)[:_MAX_GOROUTINE_ENTRIES] if compared.goroutines_compared else ()
        ),
        span_seconds=compared.span_seconds,
        leaked_goroutines=_leaked_goroutines(comparison, worst, limits),
    )
    findings = _judged(findings, comparison, compared) if compared.is_growth else findings
    return replace(findings, suspects=findings.suspects[:_MAX_SUSPECTS], sentence=_sentence(findings))


def _leaked_goroutines(comparison: Comparison, worst: Taken, limits: Limits) -> tuple[tuple[str, int], ...]:
    of_worst = (taken for taken in comparison.current if taken.uid == worst.uid)
    leaked = first_of(of_worst, ProfileKind.GOROUTINE_LEAK)
    entries = growing_entries(goroutine_totals(decoded(leaked, limits))) if leaked else ()
    return entries[:_MAX_GOROUTINE_ENTRIES]


def _hours(compared: Compared) -> float | None:
    return compared.span_seconds / 3600 if compared.span_seconds else None


def _judged(findings: Findings, comparison: Comparison, compared: Compared) -> Findings:
    """What can be said of growth only: which leaks, how sure, and whether the heap is the place to look at all."""
    growth, metric_growth = compared.growth.net_bytes, comparison.metric_growth_bytes
    explained = _explained_percent(growth, metric_growth)
    basis = basis_of(
        compared.in_use_bytes,
        growth,
        explained,
        period_bytes=compared.period_bytes,
        metric_grew=metric_growth is None or metric_growth > 0,
    )
    is_native = native.is_native(explained, resident=comparison.resident)
    goroutines = sum(compared.goroutines.values()) if compared.goroutines_compared else 0
    told = basis.noises >= NO_MORE_THAN_NOISE and not is_native  # chance has no name that could be recognised
    leaks = (
        clusters(findings.suspects, compared.origins, compared.main_file, comparison.known_fingerprints) if told else ()
    )
    found = _weighed(findings.suspects, leaks, basis, _hours(compared))
    share = _share_for_confidence(found[0], found, leaks) if found else 0.0
    return replace(
        findings,
        explained_percent=explained,
        suspects=found,
        clusters=leaks,
        fingerprint=leaks[0].fingerprint if leaks else "",
        confidence_percent=found[0].confidence_percent if found else 0.0,
        confidence_reason=confidence_reason(share, basis, leaks=len(leaks[:_LEAKS_AT_ONCE])),
        native=is_native,
        next_steps=native.next_steps(goroutines) if is_native else (),
    )


def _sentence(findings: Findings) -> str:
    is_growth = findings.compared_with != ComparedWith.NOTHING
    total = sum(suspect.growth_bytes for suspect in findings.suspects)
    shares = sum(suspect.share_percent for suspect in findings.suspects)
    grown = round(total * 100.0 / shares) if shares else sum(stack.growth_bytes for stack in findings.stacks)
    outside = (
        native_sentence(findings.profile_growth_bytes, findings.metric_growth_bytes)
        if findings.native and findings.metric_growth_bytes is not None
        else ""
    )
    parts = (
        outside or suspects_sentence(grown, findings.suspects, findings.changes, is_growth=is_growth),
        others_sentence(findings.clusters),
        goroutines_sentence(findings.growing_goroutines, MANY_GOROUTINES),
        leaked_sentence(findings.leaked_goroutines),
        explained_sentence(findings.explained_percent),
        "" if is_growth else "there is no earlier profile to compare with, so this is not growth",
    )
    return "; ".join(part for part in parts if part)
