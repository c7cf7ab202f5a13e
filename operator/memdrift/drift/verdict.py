"""The detector's output: a verdict with every gate's figure, so that a person can disagree with it.

Exists because a bare yes or no cannot be trusted at three in the morning. Holds values only; must not judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MemberDescriptorType
from typing import cast


class VerdictKind(StrEnum):
    """What the detector says of one container of a store (or of the pods' total)."""

    STEADY = "Steady"
    """Measured well enough, and no drift."""
    DRIFTING = "Drifting"
    """Memory grows and load does not explain it."""
    DRIFTING_WITH_IMPACT = "DriftingWithImpact"
    """The same, and latency rises with it above, or towards, the objective."""
    UNKNOWN = "Unknown"
    """Not measured well enough to say; never acts."""


class VerdictReason(StrEnum):
    """Why the verdict is what it is; documented in the README under the same word."""

    GROWTH_UNEXPLAINED = "GrowthUnexplained"
    """Every drift gate passed."""
    GROWTH_WITH_LATENCY = "GrowthWithLatency"
    """Every drift gate and the latency gates passed."""
    GROWTH_BY_AGE = "GrowthByAge"
    """No life is long enough to be judged alone, but memory grows with age in nearly all of them, and starts low again
    with each: pooled by age. It may be reported and captured, never restarted."""
    KILLS_RECUR = "KillsRecur"
    """The kernel kills the container for its memory again and again. It may be reported and captured; the kernel
    restarts it already."""
    NO_GROWTH = "NoGrowth"
    """No trend, or none that matters."""
    GROWTH_EXPLAINED = "GrowthExplained"
    """Memory grows, but load, a step, saturation or page cache explains it."""
    TOO_YOUNG = "TooYoung"
    """No life fills a third of the window after warm-up."""
    COVERAGE_LOW = "CoverageLow"
    """Too many blocks of the pods' lives are missing."""
    NOT_SETTLED = "NotSettled"
    """Resident memory grows and no live heap is known, but the life is younger than a day: too early to say."""
    NO_SERIES = "NoSeries"
    """The memory query returned nothing for the store's pods."""
    LOAD_MISSING = "LoadMissing"
    """Memory grows, but the load series that could explain it is missing."""


class GrowthKind(StrEnum):
    """Which memory grows."""

    NONE = "None"
    HEAP = "Heap"
    """Live heap grows: a heap profile can explain it."""
    NATIVE = "Native"
    """Resident memory grows over a flat heap: cgo, stacks, fragmentation."""
    CACHE = "Cache"
    """Only the working set grows: page cache, never drift."""
    UNSPECIFIED = "Unspecified"
    """Resident memory grows and no heap series exists to compare it with."""


class GrowthShape(StrEnum):
    """How memory grew since its onset; for people, no verdict depends on it."""

    NONE = "None"
    STEADY = "Steady"
    """Bit by bit: a leak per request or per second."""
    STAIRCASE = "Staircase"
    """In few large steps: a leak per job or per reload."""
    SPIKE = "Spike"
    """It has fallen back from a peak well above where it is now."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One question and its answer.

    Attributes:
        name: lower-case words joined by hyphens, stable: it is an API for dashboards and back-tests.
        figure: the measured value, in `unit`; None where it could not be computed.
        threshold: what the figure is compared with, in `unit`.
        passed: None where the gate could not be asked; a drift gate that was not asked counts as not passed.
        sentence: the same for people.
    """

    name: str
    figure: float | None
    threshold: float | None
    unit: str
    passed: bool | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A projection; low and high bound it, and a pessimist reads `low` for a time and `high` for a growth."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class PodVerdict:
    """The verdict on one life, in the window that decided.

    Attributes:
        gates: given as they are, or as `gates_later`.
        onset_at: epoch seconds of the start of growth; None where there is none.
        memory_bytes: median of the youngest block of the judged series.
        growth_bytes: growth from the onset to the end of the window.
        growth_percent: the same, of the memory at the onset.
        growth_bytes_per_hour: since the onset, with its 95 % interval; may be negative where nothing drifts.
        seconds_to_limit: to the smallest limit that counts; None without a limit or without growth.
        latency_milliseconds: median over the youngest quarter of the blocks; None where unknown.
        load_change_percent: the last quarter of the blocks since the onset against the first; None where unknown.
        resident_bytes: median of the youngest block of resident memory, whichever memory was judged.
        seconds_to_objective: until latency's own trend meets the objective; 0 where it is above it already, None where
            it does not rise or is unknown.
    """

    pod: str
    uid: str
    started_at: float
    revision: str
    zone: str
    kind: VerdictKind
    growth_kind: GrowthKind
    gates: tuple[Gate, ...]
    window_seconds: int
    onset_at: float | None
    memory_bytes: float | None
    growth_bytes: float
    growth_percent: float
    growth_bytes_per_hour: Interval | None
    seconds_to_limit: Interval | None
    latency_milliseconds: float | None
    load_per_second: float | None
    load_change_percent: float | None
    resident_bytes: float | None = None
    seconds_to_objective: Interval | None = None
    shape: GrowthShape = GrowthShape.NONE


def gates_later(build: Callable[[], tuple[Gate, ...]]) -> tuple[Gate, ...]:
    """Gates that are built when somebody first reads them: of a fleet's pods hardly any are ever read."""
    return cast("tuple[Gate, ...]", build)


def _built_when_read(slot: MemberDescriptorType) -> property:
    """The slot of a field whose value may be given as the function that builds it."""

    def read(owner: object) -> object:
        value = slot.__get__(owner)
        if callable(value):
            value = value()
            slot.__set__(owner, value)
        return value

    return property(read, slot.__set__)


type.__setattr__(PodVerdict, "gates", _built_when_read(PodVerdict.__dict__["gates"]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one container of a store.

    Attributes:
        container: its name, or `blocks.POD_TOTAL`.
        window_seconds: the window that decided (the one that confirmed, else the longest that could be judged).
        block_ended_at: epoch seconds of the end of the youngest block seen: two verdicts with the same value saw the
            same data and count as one hit.
        pods: worst first (largest growth); for `Unknown` those that could not be judged.
        sentence: what a person reads first.
        impact_allowed: False where latency is known for the whole store only, so that the verdict must not restart.
    """

    container: str
    kind: VerdictKind
    reason: VerdictReason
    growth_kind: GrowthKind
    window_seconds: int
    block_ended_at: float
    pods: tuple[PodVerdict, ...]
    sentence: str
    queries: tuple[str, ...] = ()
    impact_allowed: bool = True

    @property
    def drifting(self) -> bool:
        """Whether memory grows without an explanation."""
        return self.kind in {VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT}

    @property
    def drifting_pods(self) -> tuple[PodVerdict, ...]:
        """The pods that drift, worst first."""
        return tuple(pod for pod in self.pods if pod.kind in {VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT})
