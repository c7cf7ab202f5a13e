"""What the profiles say, as values.

Exists so that the guards, the report and the tickets read one vocabulary; must not decode or compute.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from memdrift.evidence.kinds import ProfileKind
from memdrift.evidence.leaks import Cluster, ModuleChange, Suspect

__all__ = [
    "Cluster", "ComparedWith", "Comparison", "Findings", "GrowingStack", "ModuleChange", "ProfileKind", "Suspect",
    "Taken",
]  # fmt: skip


class ComparedWith(StrEnum):
    """What the worst pod's heap was compared with."""

    SAME_POD = "earlier profile of the same pod"
    BASELINE = "baseline of the same revision"
    NOTHING = "nothing: totals only"


@dataclass(frozen=True, slots=True)
class Taken:
    """One validated profile with where and when it was taken.

    Attributes:
        taken_at: epoch seconds.
        started_at: epoch seconds of the container's start: pod UID and this are the life.
        content: the file as served, gzip-compressed pprof.
    """

    pod: str
    uid: str
    started_at: float
    revision: str
    kind: ProfileKind
    taken_at: float
    content: bytes


@dataclass(frozen=True, slots=True)
class GrowingStack:
    """One cluster of the growth.

    Attributes:
        frames: function names, leaf (the allocation) first, at most 64.
        growth_bytes: in-use space now minus then.
        growth_objects: in-use objects now minus then.
        share_percent: of all positive growth in the profile pair.
        growth_bytes_per_hour: over the time between the two profiles; None where nothing is compared.
    """

    frames: tuple[str, ...]
    growth_bytes: int
    growth_objects: int
    share_percent: float
    growth_bytes_per_hour: float | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What one comparison of profiles says.

    Attributes:
        compared_with: one of `ComparedWith`. With `NOTHING`, stacks and suspects are of all memory in use.
        profile_growth_bytes: positive and negative in-use growth summed, worst pod.
        metric_growth_bytes: what the metric grew by over the same span, as given by the caller; None where unknown.
        explained_percent: profile growth over metric growth, 0..100; None where either is unknown.
        growing_goroutines: creation site and growth in number, largest first.
        leaked_goroutines: the same of goroutines that the runtime knows to be blocked for ever; empty where it does not
            tell.
        fingerprint: that of the leading cluster; "" where nothing grows.
        clusters: the leaks that the growing stacks fall into, the leading one first; usually one.
        sentence: for people.
        span_seconds: the time in which it grew: between two profiles of one life, or of two lives' ages; None where
            nothing is compared.
        confidence_percent: how sure it is that the first suspect leaks; None where nothing is compared.
        confidence_reason: the same in words; "" where nothing is compared.
        native: the resident memory grows and the heap does not account for it.
        next_steps: what to try where the profiles do not name the cause.
    """

    compared_with: str
    profile_growth_bytes: int
    metric_growth_bytes: float | None
    explained_percent: float | None
    stacks: tuple[GrowingStack, ...]
    suspects: tuple[Suspect, ...]
    changes: tuple[ModuleChange, ...]
    module_versions: dict[str, str] = field(default_factory=dict)
    growing_goroutines: tuple[tuple[str, int], ...] = ()
    fingerprint: str = ""
    sentence: str = ""
    clusters: tuple[Cluster, ...] = ()
    span_seconds: float | None = None
    confidence_percent: float | None = None
    confidence_reason: str = ""
    native: bool = False
    next_steps: tuple[str, ...] = ()
    leaked_goroutines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is to be compared.

    Attributes:
        current: profiles of the drifting pods, worst pod first; heap and goroutine mixed.
        earlier: profiles of the same revision when it was young, or of the same pod earlier; may be empty.
        healthy: profiles of the last healthy revision (baseline), for module versions; may be empty.
        metric_growth_bytes: growth of the judged memory series of the worst pod between `earlier` and `current`.
        resident: that series is resident memory, which holds more than the heap.
        known_fingerprints: of the store's earlier leaks; among clusters of like size a known one leads.
    """

    current: tuple[Taken, ...]
    earlier: tuple[Taken, ...] = ()
    healthy: tuple[Taken, ...] = ()
    metric_growth_bytes: float | None = None
    resident: bool = False
    known_fingerprints: tuple[str, ...] = ()
