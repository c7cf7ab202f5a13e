"""Lives that ended inside the window, told apart by when their process started.

The API server forgets a pod that is gone, the series do not: `process_start_time_seconds` says exactly when each
process began. Without it a pod that is gone is one life which began where its series begin, to a block; where they
begin before the window its age is not known, so it is left out: lives are pooled by age. Must not send anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from memdrift.adapters.prometheus import questions, reduction
from memdrift.adapters.prometheus.measured import Kept, Measured
from memdrift.adapters.prometheus.podtotals import total_of
from memdrift.adapters.prometheus.scopes import scope_of
from memdrift.drift.blocks import Floats, Life, LifeBlocks
from memdrift.remedy.target import ContainerLife, Pod

MOST_PAST_LIVES = 128
"""Of containers; each pod's total comes with them."""
FEWEST_BLOCKS = 2
SLACK_SECONDS = 5.0
"""A process that started this much before its container's `startedAt` still is that container's: clocks differ."""


def past_lives(measured: Measured) -> tuple[LifeBlocks, ...]:
    """The youngest past lives, oldest first, and the totals of pods whose containers' lives ended together."""
    found = [life for place in _places(measured) for life in _Place(measured, *place).lives()]
    found.sort(key=lambda each: each.life.started_at)
    kept = found[-MOST_PAST_LIVES:]
    return (*kept, *_totals(measured, kept)) if kept else ()


def _places(measured: Measured) -> list[tuple[str, str]]:
    """(pod, container) of whatever ran in the window; one without container label is the main container's.

    A tenant's own query may give other workloads' pods too.
    """
    scope = scope_of("", measured.target)
    named: set[tuple[str, str]] = set()
    for kind in (questions.FACTS, questions.RESIDENT, questions.LIVE_HEAP):
        part = measured.figures.get(kind)
        named |= {(pod, container or measured.main_container(pod)) for pod, container, _ in (part.rows if part else ())}
    return sorted(place for place in named if all(place) and scope.names(place[0]))


@dataclass(frozen=True, slots=True)
class _Place:
    """A container of a pod's name; the name may have been that of several pods, one after the other."""

    measured: Measured
    pod_name: str
    container: str

    @property
    def pod(self) -> Pod | None:
        """The pod that has the name now."""
        return next((pod for pod in self.measured.target.pods if pod.name == self.pod_name), None)

    @property
    def running(self) -> ContainerLife | None:
        """The container that runs there now."""
        return self.pod.container(self.container) if self.pod else None

    def lives(self) -> Iterator[LifeBlocks]:
        """All that are over and have a few blocks to themselves."""
        earliest = self._facts(reduction.STARTED_EARLIEST)
        running = self.running
        living_since = running.started_at.timestamp() if running and running.started_at else float("inf")
        first = float(np.fmin.reduce(earliest))
        if first >= living_since - SLACK_SECONDS:
            return  # whatever was measured is of the process that runs
        latest = self._facts(reduction.STARTED_LATEST)
        starts = _starts(earliest, latest) if np.isfinite(first) else []
        if not starts:
            yield from self._nameless_life()
            return
        ends = [*starts[1:], min(living_since, float(self.measured.grid.last_end))]
        for started_at, ended_at in zip(starts, ends, strict=True):
            own = (earliest == started_at) & (latest == started_at) & (self.measured.grid.starts >= started_at)
            if started_at < living_since - SLACK_SECONDS:
                yield from self._enough(started_at, ended_at, own)

    def _nameless_life(self) -> Iterator[LifeBlocks]:
        """The one life of a pod that is gone, where nothing says when its process started."""
        if self.pod is not None:
            return
        counts = [
            self.measured.array(kind, self.pod_name, self.container, reduction.COUNT)
            for kind in (questions.RESIDENT, questions.LIVE_HEAP)
        ]
        own = np.any(np.nan_to_num(counts) > 0, axis=0)
        if own.any() and not own[0]:
            first = int(np.argmax(own))
            own[first] = False  # it began somewhere in this block
            yield from self._enough(float(self.measured.grid.starts[first]), float("inf"), own)

    def _enough(self, started_at: float, ended_at: float, own: Kept) -> Iterator[LifeBlocks]:
        if own.sum() >= FEWEST_BLOCKS:
            yield self.measured.blocks_of(self._life(started_at, ended_at, own), own)

    def _facts(self, band: str) -> Floats:
        return self.measured.array(questions.FACTS, self.pod_name, self.container, band)

    def _life(self, started_at: float, ended_at: float, own: Kept) -> Life:
        pod, running = self.pod, self.running
        # A StatefulSet's pod comes back under its name as another pod: that one's revision and UID are not this life's.
        same = pod if pod and started_at >= pod.created_at.timestamp() - SLACK_SECONDS else None
        killed_at = running.killed_for_memory_at if running and same else None
        limits = self.measured.limits(self.pod_name, self.container, own)
        return Life(
            pod=self.pod_name,
            uid=same.uid if same else "",
            container=self.container,
            started_at=started_at,
            revision=same.revision if same else "",
            zone=same.zone if same else "",
            limit_bytes=limits[-1] if limits else (running.memory_limit_bytes if running else None),
            requested_bytes=running.memory_request_bytes if running else None,
            killed_for_memory_at=killed_at
            if killed_at and started_at < killed_at <= ended_at + SLACK_SECONDS
            else None,
            first_limit_bytes=limits[0] if limits else None,
        )


def _totals(measured: Measured, lives: Sequence[LifeBlocks]) -> Iterable[LifeBlocks]:
    """Of pods with one container every life; of others those whose containers had one life each."""
    containers: dict[str, set[str]] = {}
    for kind in (questions.WORKING_SET, questions.RESIDENT, questions.LIVE_HEAP):
        part = measured.figures.get(kind)
        for pod, container, _ in part.rows if part else ():
            containers.setdefault(pod, set()).add(container or measured.main_container(pod))
    counted = Counter((each.life.pod, each.life.container) for each in lives)
    for pod, names in containers.items():
        own = [each for each in lives if each.life.pod == pod]
        if len(names) == 1:
            yield from (total_of([each]) for each in own)
        elif own and all(counted[pod, name] == 1 for name in names):
            yield total_of(own)


def _starts(earliest: Floats, latest: Floats) -> list[float]:
    """Starts of the processes which had at least one block to themselves, in order."""
    whole = earliest[np.isfinite(earliest) & (earliest == latest)]
    return [float(start) for start in np.unique(whole)]
