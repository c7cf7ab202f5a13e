"""The blocks of lives that are long over, each life with its own stretch of the grid.

Exists so that the detector gets the past in the shape of the present. Must not send anything.
"""

from __future__ import annotations

import numpy as np

from memdrift.adapters.prometheus import questions, reduction
from memdrift.adapters.prometheus.history import Past
from memdrift.adapters.prometheus.pastpods import SLACK_SECONDS, PastLife, limits_of, revision_of
from memdrift.adapters.prometheus.presets import UNLIMITED_BYTES
from memdrift.adapters.prometheus.strips import Strips
from memdrift.drift.blocks import Bands, Floats, Life, LifeBlocks
from memdrift.remedy.target import Target


def blocks_of(past: Past, life: PastLife, known: Target, scrape_interval_seconds: int) -> LifeBlocks:
    """What was measured of a life, from its first to its last block; blocks with another life in them are NaN."""
    reader = _Reader(past, life)
    loads = [reader.of_pod(kind) for kind in past.asked.load_kinds]
    return LifeBlocks(
        life=_life(reader, known),
        block_seconds=past.grid.block_seconds,
        starts=past.grid.starts[life.first : life.last + 1],
        live_heap=reader.bands(questions.LIVE_HEAP),
        resident=reader.bands(questions.RESIDENT),
        working_set=reader.bands(questions.WORKING_SET),
        load=np.stack(loads) if loads else np.empty((0, reader.count)),
        latency_milliseconds=1000.0 * reader.of_pod(questions.LATENCY),
        expected_samples=past.grid.block_seconds / scrape_interval_seconds,
    )


class _Reader:
    """The figures of one life by kind of question."""

    def __init__(self, past: Past, life: PastLife) -> None:
        self.past = past
        self.life = life
        self.count = life.last - life.first + 1
        starts = (
            self.figure(questions.FACTS, reduction.STARTED_EARLIEST),
            self.figure(questions.FACTS, reduction.STARTED_LATEST),
        )
        with np.errstate(invalid="ignore"):
            mixed = [np.abs(each - life.started_at) > SLACK_SECONDS for each in starts]
        self._kept = ~np.any(mixed, axis=0)

    def figure(self, kind: str, band: str) -> Floats:
        """A container's figure; the main container's series may lack its name."""
        strips, life = self.past.answers.get(kind), self.life
        names = [(life.pod, life.container, band)]
        if life.container == self.past.main_container:
            names.append((life.pod, "", band))
        return self._first(strips, names)

    def bands(self, kind: str) -> Bands:
        """A memory series."""
        p10, p50, p90, count = (self._own(self.figure(kind, band)) for band in (*reduction.BANDS, reduction.COUNT))
        return Bands(p10, p50, p90, np.nan_to_num(count))

    def of_pod(self, kind: str) -> Floats:
        """A figure of the pod, else of the whole store."""
        return self._own(self._first(self.past.answers.get(kind), [(self.life.pod, "", ""), ("", "", "")]))

    def runtime_limit(self) -> int | None:
        """The runtime's own soft limit, the last one that is known."""
        figures = self.figure(questions.FACTS, reduction.RUNTIME_LIMIT)
        known = figures[np.isfinite(figures)]
        return int(known[-1]) if known.size and 0 < known[-1] < UNLIMITED_BYTES else None

    def first_limit(self) -> int | None:
        """The first memory limit that is known of the life."""
        figures = self._own(self.figure(questions.FACTS, reduction.CONTAINER_LIMIT))
        known = figures[figures > 0]
        return int(known[0]) if known.size else None

    def _own(self, figures: Floats) -> Floats:
        return np.where(self._kept, figures, np.nan)

    def _first(self, strips: Strips | None, names: list[tuple[str, str, str]]) -> Floats:
        for name in names:
            if strips is not None and name in strips:
                return strips.over(name, self.life.first, self.count)
        return np.full(self.count, np.nan)


def _life(reader: _Reader, known: Target) -> Life:
    life = reader.life
    limit, request = limits_of(life, known)
    now = next((pod for pod in known.pods if pod.name == life.pod), None)
    return Life(
        pod=life.pod,
        uid=now.uid if now else life.pod,
        container=life.container,
        started_at=life.started_at,
        revision=now.revision if now else revision_of(life.pod, known.kind),
        zone=now.zone if now else "",
        limit_bytes=limit,
        runtime_limit_bytes=reader.runtime_limit(),
        requested_bytes=request,
        first_limit_bytes=reader.first_limit(),
    )
