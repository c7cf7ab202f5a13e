"""The ports as one value, and what the rest of the fleet looks like.

Exists so that a tick's signature stays short and a test can replace any one line. Must not hold state of a store; what
is kept of one here only saves work, and may be lost at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from memdrift.api.administration import Administration
from memdrift.drift.judge import JudgedWindows
from memdrift.ports import (
    Analyser,
    Archive,
    Clock,
    Events,
    Incidents,
    Metrics,
    Mirror,
    Profiler,
    Slots,
    Stores,
    Trackers,
    Workloads,
)
from memdrift.reconcile.judging import Judging


@dataclass(frozen=True, slots=True)
class Fleet:
    """What a tick must know of the other stores.

    Attributes:
        rivals: names of other stores in the namespace that point at the same workload.
        stores, storming: how many are watched, and how many of them want a restart or could not be looked at yet.
        known: every one of them was looked at since the process began.
    """

    rivals: tuple[str, ...] = ()
    stores: int = 1
    storming: int = 0
    known: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside, by what it is needed for.

    Attributes:
        mirror: servers that are sent profiles as well; None where there are none.
        judged: windows that were judged, by namespace and store.
        tidy_next: when to look through a store's part of the archive again, by namespace and store.
        judging: where windows wait for their verdicts.
        pages_url: where people reach the pages, without a slash at its end; "" where nowhere.
        skew_seconds: the largest measured difference between the clocks that are compared; None where unknown.
    """

    clock: Clock
    metrics: Metrics
    workloads: Workloads
    stores: Stores
    incidents: Incidents
    profiler: Profiler
    analyser: Analyser
    archive: Archive
    trackers: Trackers
    events: Events
    slots: Slots
    skew_seconds: Callable[[], float | None]
    administration: Callable[[], Administration]
    mirror: Mirror | None = None
    pages_url: str = ""
    judged: dict[tuple[str, str], JudgedWindows] = field(default_factory=dict)
    tidy_next: dict[tuple[str, str], datetime] = field(default_factory=dict)
    judging: Judging = field(default_factory=Judging)
