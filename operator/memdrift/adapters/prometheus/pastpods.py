"""Which containers ran when, as far as the series remember: the API server forgets a pod that is gone.

`process_start_time_seconds` says exactly when a process began. Without it a pod's series are one life, which began
where they begin, or before the question where they reach that far. Must not send anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from memdrift.adapters.prometheus import questions, reduction
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.strips import Strips
from memdrift.drift.blocks import Floats
from memdrift.remedy.target import ContainerLife, Pod, Target

LIMITS, LIMIT, REQUEST = "limits", "limit", "request"
"""The kind of question about a container's limit and request, and its bands."""
SLACK_SECONDS = 5.0
"""Two starts nearer than this are one: clocks are corrected, and `startedAt` precedes the process."""
CONTAINER_SLACK_SECONDS = 120.0
"""A process that began this long after its container's `startedAt` still is that container's first."""
UNKNOWN_AGE_SECONDS = 86_400.0
"""Added to what is known of the age of a life that began before the question: the warm-up is over."""
_HASH = re.compile(r"-([bcdfghjklmnpqrstvwxz2456789]{1,10})-[bcdfghjklmnpqrstvwxz2456789]{5}$")


@dataclass(frozen=True, slots=True)
class PastLife:
    """One run of one container.

    Attributes:
        container: its name; the series may lack it, see `series_container`.
        started_at: epoch seconds.
        first, last: the first and the last block which it has to itself, by their place on the grid.
        limit_bytes, request_bytes: the last ones that kube-state-metrics told; None where it told none.
    """

    pod: str
    container: str
    series_container: str
    started_at: float
    first: int
    last: int
    limit_bytes: int | None = None
    request_bytes: int | None = None

    def lives_in(self, block: int) -> bool:
        """Whether it ran in that block."""
        return self.first <= block <= self.last


def past_lives_of(answers: Mapping[str, Strips], grid: Grid, main_container: str) -> tuple[PastLife, ...]:
    """All lives, by pod and start."""
    facts = answers[questions.FACTS]
    found = [life for place in sorted(facts.containers()) for life in _by_start(facts, grid, *place, main_container)]
    known = {life.pod for life in found}
    memory = [answers[kind] for kind in (questions.RESIDENT, questions.LIVE_HEAP) if kind in answers]
    places = {place for strips in memory for place in strips.containers() if place[0] and place[0] not in known}
    for pod, container in sorted(places):
        found += _by_memory(memory, grid, pod, container, main_container)
    if LIMITS in answers:
        found = [_limited(life, answers[LIMITS]) for life in found]
    return tuple(sorted(found, key=lambda life: (life.pod, life.started_at, life.container)))


def _limited(life: PastLife, limits: Strips) -> PastLife:
    """The life with the limit and request it had last."""

    def last(band: str) -> int | None:
        figures = limits.over((life.pod, life.container, band), life.first, life.last - life.first + 1)
        known = figures[np.isfinite(figures) & (figures > 0)]
        return int(known[-1]) if known.size else None

    return replace(life, limit_bytes=last(LIMIT), request_bytes=last(REQUEST))


def _by_start(facts: Strips, grid: Grid, pod: str, container: str, main: str) -> Iterator[PastLife]:
    earliest = facts.whole((pod, container, reduction.STARTED_EARLIEST))
    latest = facts.whole((pod, container, reduction.STARTED_LATEST))
    for started_at in _starts(np.concatenate([earliest, latest])):
        own = _near(earliest, started_at) & _near(latest, started_at) & (grid.starts >= started_at)
        places = np.flatnonzero(own)
        if places.size and (pod, container or main) != (pod, ""):
            yield PastLife(pod, container or main, container, started_at, int(places[0]), int(places[-1]))


def _starts(figures: Floats) -> list[float]:
    """Distinct starts, oldest first; those within the slack of the one before are the same."""
    found: list[float] = []
    for start in np.unique(figures[np.isfinite(figures)]):
        if not found or start - found[-1] > SLACK_SECONDS:
            found.append(float(start))
    return found


def _near(figures: Floats, started_at: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    with np.errstate(invalid="ignore"):
        return np.abs(figures - started_at) <= SLACK_SECONDS


def _by_memory(memory: Sequence[Strips], grid: Grid, pod: str, container: str, main: str) -> Iterator[PastLife]:
    counts = [strips.whole((pod, container, reduction.COUNT)) for strips in memory]
    places = np.flatnonzero(np.any(np.isfinite(counts), axis=0))
    if not places.size or not (container or main):
        return
    first = int(places[0])
    before = UNKNOWN_AGE_SECONDS if first == 0 else 0.0
    yield PastLife(pod, container or main, container, float(grid.starts[first]) - before, first, int(places[-1]))


def target_at(lives: Sequence[PastLife], block: int, known: Target, main_container: str) -> Target:
    """The workload as it was in a block: what is known of it now, with the pods of then."""
    running: dict[str, list[PastLife]] = {}
    for life in lives:
        if life.lives_in(block):
            running.setdefault(life.pod, []).append(life)
    pods = tuple(_pod(name, of_pod, known) for name, of_pod in sorted(running.items()))
    return replace(known, pods=pods, default_container=known.default_container or main_container)


def _pod(name: str, lives: Sequence[PastLife], known: Target) -> Pod:
    now = next((pod for pod in known.pods if pod.name == name), None)
    latest = {life.container: life for life in sorted(lives, key=lambda life: life.started_at)}
    containers = tuple(_container(life, now, known) for life in latest.values())
    return Pod(
        name=name,
        uid=now.uid if now else name,
        node=now.node if now else "",
        zone=now.zone if now else "",
        revision=now.revision if now else revision_of(name, known.kind),
        ready=True,
        deleting=False,
        created_at=min(each.started_at for each in containers if each.started_at),
        containers=containers,
    )


def _container(life: PastLife, pod: Pod | None, known: Target) -> ContainerLife:
    now = pod.container(life.container) if pod else None
    started_at = datetime.fromtimestamp(life.started_at, UTC)
    if now and now.started_at and 0 <= (started_at - now.started_at).total_seconds() <= CONTAINER_SLACK_SECONDS:
        return now
    limit, request = limits_of(life, known)
    return ContainerLife(
        name=life.container,
        image="",
        image_id="",
        started_at=started_at,
        ready=True,
        memory_limit_bytes=limit,
        memory_request_bytes=request,
    )


def limits_of(life: PastLife, known: Target) -> tuple[int | None, int | None]:
    """Limit and request as the series remember them, else those of the pods of now."""
    siblings = (each.container(life.container) for each in known.pods)
    now = next((each for each in siblings if each is not None), None)
    if now is None or life.limit_bytes is not None:
        return life.limit_bytes, life.request_bytes
    return now.memory_limit_bytes, now.memory_request_bytes


def revision_of(pod: str, kind: str) -> str:
    """The hash of the pod template in the names of a Deployment's pods; "" for other kinds."""
    found = _HASH.search(pod) if kind in {"Deployment", "Rollout"} else None
    return found[1] if found else ""
