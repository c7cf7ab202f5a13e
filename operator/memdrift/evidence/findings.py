"""What the profiles say, as values.

Exists so that the guards, the report and the tickets read one vocabulary; must not decode or compute.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ProfileKind(StrEnum):
    """The profiles memdrift asks for, by their path under the base path."""

    HEAP = "heap"
    GOROUTINE = "goroutine"


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
    """

    frames: tuple[str, ...]
    growth_bytes: int
    growth_objects: int
    share_percent: float


@dataclass(frozen=True, slots=True)
class Suspect:
    """The first frame above an allocation that is not the standard library, with what it retains.

    Attributes:
        module: import path of the module; "" where the frame names none (own main package: the main module if known);
            "std" where no frame of the stack lies outside the standard library.
        version: the module's version from file names; "" where unknown (vendored without -trimpath, replaced).
        share_percent: of all positive growth in the profile pair.
        retained_by: what the standard-library frames below it say is retained ("contexts", "timers"); "" where nothing.
    """

    function: str
    module: str
    version: str
    growth_bytes: int
    share_percent: float
    retained_by: str = ""


@dataclass(frozen=True, slots=True)
class ModuleChange:
    """A module whose version differs between the last healthy revision and the profiled one."""

    module: str
    before: str
    after: str
    in_growing_stacks: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What one comparison of profiles says.

    Attributes:
        compared_with: one of `ComparedWith`. With `NOTHING`, stacks and suspects are of all memory in use.
        profile_growth_bytes: positive and negative in-use growth summed, worst pod.
        metric_growth_bytes: what the metric grew by over the same span, as given by the caller; None where unknown.
        explained_percent: profile growth over metric growth, 0..100; None where either is unknown.
        growing_goroutines: creation site and growth in number, largest first.
        fingerprint: hex digest of the normalised growing stacks; "" where nothing grows.
        sentence: for people.
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


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is to be compared.

    Attributes:
        current: profiles of the drifting pods, worst pod first; heap and goroutine mixed.
        earlier: profiles of the same revision when it was young, or of the same pod earlier; may be empty.
        healthy: profiles of the last healthy revision (baseline), for module versions; may be empty.
        metric_growth_bytes: growth of the judged memory series of the worst pod between `earlier` and `current`.
    """

    current: tuple[Taken, ...]
    earlier: tuple[Taken, ...] = ()
    healthy: tuple[Taken, ...] = ()
    metric_growth_bytes: float | None = None
