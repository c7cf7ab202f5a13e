"""Lives that ended inside the window, told apart by when their process started.

The API server forgets a pod that is gone, the series do not: `process_start_time_seconds` says exactly when each
process began. Series without it give no past lives. Must not send anything.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from memdrift.adapters.prometheus import questions, reduction
from memdrift.adapters.prometheus.measured import Measured
from memdrift.drift.blocks import Floats, Life, LifeBlocks
from memdrift.remedy.target import ContainerLife, Pod

MOST_PAST_LIVES = 64
FEWEST_BLOCKS = 2
SLACK_SECONDS = 5.0
"""A process that started this much before its container's `startedAt` still is that container's: clocks differ."""


def past_lives(measured: Measured) -> tuple[LifeBlocks, ...]:
    """The youngest past lives, oldest first."""
    found = [life for pod, container in _containers(measured) for life in _of_container(measured, pod, container)]
    found.sort(key=lambda each: each.life.started_at)
    return tuple(found[-MOST_PAST_LIVES:])


def _containers(measured: Measured) -> list[tuple[str, str]]:
    """(pod, container) of every process in the window; one without container label is the main container's."""
    known = measured.figures.get(questions.FACTS, {})
    named = {(pod, container or measured.main_container(pod)) for pod, container, _ in known}
    return sorted(pair for pair in named if pair[1])


def _of_container(measured: Measured, pod_name: str, container: str) -> Iterable[LifeBlocks]:
    earliest = measured.array(questions.FACTS, pod_name, container, reduction.STARTED_EARLIEST)
    latest = measured.array(questions.FACTS, pod_name, container, reduction.STARTED_LATEST)
    pod = next((pod for pod in measured.target.pods if pod.name == pod_name), None)
    running = pod.container(container) if pod else None
    living_since = running.started_at.timestamp() if running and running.started_at else float("inf")
    for started_at in _starts(earliest, latest):
        kept = (earliest == started_at) & (latest == started_at) & (measured.grid.starts >= started_at)
        if started_at < living_since - SLACK_SECONDS and kept.sum() >= FEWEST_BLOCKS:
            yield measured.blocks_of(_life(pod_name, pod, container, running, started_at), kept)


def _starts(earliest: Floats, latest: Floats) -> list[float]:
    """Starts of the processes which had at least one block to themselves."""
    whole = earliest[np.isfinite(earliest) & (earliest == latest)]
    return [float(start) for start in np.unique(whole)]


def _life(pod_name: str, pod: Pod | None, container: str, running: ContainerLife | None, started_at: float) -> Life:
    return Life(
        pod=pod_name,
        uid=pod.uid if pod else "",
        container=container,
        started_at=started_at,
        revision=pod.revision if pod else "",
        zone=pod.zone if pod else "",
        limit_bytes=running.memory_limit_bytes if running else None,
        requested_bytes=running.memory_request_bytes if running else None,
    )
