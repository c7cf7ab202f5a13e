"""One window's answers of one store, looked up by pod and container, and the lives made of them.

Exists so that lives come from the API server (names, UIDs, starts, limits) and only figures from the metrics. Must not
send anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from memdrift.adapters.prometheus import questions, reduction
from memdrift.adapters.prometheus.buckets import Buckets
from memdrift.adapters.prometheus.grid import Grid, none_counted, nothing
from memdrift.adapters.prometheus.parts import Part
from memdrift.adapters.prometheus.podtotals import total_of
from memdrift.adapters.prometheus.presets import UNLIMITED_BYTES
from memdrift.adapters.prometheus.questions import Questions
from memdrift.drift.blocks import Bands, Floats, Life, LifeBlocks
from memdrift.remedy.target import ContainerLife, Pod, Target

_BANDS_AND_COUNT = (*reduction.BANDS, reduction.COUNT)
Kept = np.ndarray[tuple[int], np.dtype[np.bool_]]
"""Which blocks are a life's own."""


@dataclass(frozen=True, slots=True)
class Measured:
    """All answers of one window.

    Attributes:
        figures: kind to its answer.
        scrape_interval_seconds: how often the source samples.
        buckets: of the latency's histogram, around the objective.
    """

    grid: Grid
    figures: Mapping[str, Part]
    asked: Questions
    target: Target
    scrape_interval_seconds: int
    buckets: Buckets | None = None

    def lives(self) -> tuple[LifeBlocks, ...]:
        """Running containers of the pods, and each pod's total."""
        return tuple(life for pod in self.target.pods for life in self._of_pod(pod))

    def blocks_of(self, life: Life, kept: Kept) -> LifeBlocks:
        """The figures of a life in the blocks which are its own; the others are NaN."""
        some = None if kept.all() else kept
        return LifeBlocks(
            life=life,
            block_seconds=self.grid.block_seconds,
            starts=self.grid.starts,
            live_heap=self._bands(questions.LIVE_HEAP, life, some),
            resident=self._bands(questions.RESIDENT, life, some),
            working_set=self._bands(questions.WORKING_SET, life, some),
            load=np.array([self._of_pod_or_store(kind, life.pod, some) for kind in self.asked.load_kinds]),
            latency_milliseconds=1000.0 * self._of_pod_or_store(questions.LATENCY, life.pod, some),
            expected_samples=self.grid.block_seconds / self.scrape_interval_seconds,
            kept_bound_milliseconds=self.buckets.kept_milliseconds if self.buckets else None,
            slow_bound_milliseconds=self.buckets.slow_milliseconds if self.buckets else None,
            slow_fraction=self._of_pod_or_store(questions.SLOW, life.pod, some) if self._counts_slow else None,
        )

    @property
    def _counts_slow(self) -> bool:
        return questions.SLOW in self.figures

    @property
    def _any_facts(self) -> bool:
        facts = self.figures.get(questions.FACTS)
        return facts is not None and bool(facts.rows)

    def array(self, kind: str, pod: str, container: str, band: str) -> Floats:
        """A container's figure; a series without container label is the main container's.

        The process of an application is scraped from its pod, often without the label; the kubelet always sets it.
        """
        part = self.figures.get(kind)
        return nothing(self.grid.count) if part is None else self._in(part, pod, container, band)

    def _in(self, part: Part, pod: str, container: str, band: str) -> Floats:
        found = part.figures(pod, container, band)
        if found is None and container == self.main_container(pod):
            found = part.figures(pod, "", band)
        return nothing(self.grid.count) if found is None else found

    def limits(self, pod: str, container: str, kept: Kept) -> list[int]:
        """The memory limits that a container had in these blocks, in order, as far as the metrics tell."""
        if not self._any_facts:
            return []
        figures = self.array(questions.FACTS, pod, container, reduction.CONTAINER_LIMIT)
        return [int(figure) for figure in figures[kept & (figures > 0)]]

    def main_container(self, pod: str) -> str:
        """The workload's default container, or the pod's only one; "" where it is not known."""
        if self.target.default_container:
            return self.target.default_container
        known = next((each for each in self.target.pods if each.name == pod), None)
        names = [each.name for each in known.containers] if known else list(self.target.containers)
        return names[0] if len(names) == 1 else ""

    def _of_pod(self, pod: Pod) -> Iterable[LifeBlocks]:
        lives = self._containers(pod)
        yield from lives
        if lives and len(lives) == len(pod.containers):
            yield total_of(lives)

    def _containers(self, pod: Pod) -> tuple[LifeBlocks, ...]:
        return tuple(self._life(pod, container) for container in pod.containers if container.started_at is not None)

    def _life(self, pod: Pod, container: ContainerLife) -> LifeBlocks:
        assert container.started_at is not None
        started_at = container.started_at.timestamp()
        own = self.grid.starts >= started_at
        life = Life(
            pod=pod.name,
            uid=pod.uid,
            container=container.name,
            started_at=started_at,
            revision=pod.revision,
            zone=pod.zone,
            limit_bytes=container.memory_limit_bytes,
            runtime_limit_bytes=self._runtime_limit(pod.name, container.name, started_at),
            requested_bytes=container.memory_request_bytes,
            killed_for_memory_at=container.killed_for_memory_at,
            first_limit_bytes=next(iter(self.limits(pod.name, container.name, own)), None),
        )
        return self.blocks_of(life, own)

    def _runtime_limit(self, pod: str, container: str, started_at: float) -> int | None:
        if not self._any_facts:
            return None
        limits = self.array(questions.FACTS, pod, container, reduction.RUNTIME_LIMIT)
        known = limits[np.isfinite(limits) & (self.grid.starts >= started_at)]
        return int(known[-1]) if known.size and 0 < known[-1] < UNLIMITED_BYTES else None

    def _bands(self, kind: str, life: Life, some: Kept | None) -> Bands:
        part = self.figures.get(kind)
        if part is None or not part.rows:
            absent = nothing(self.grid.count)
            return Bands(absent, absent, absent, none_counted(self.grid.count))
        p10, p50, p90, count = [_own(self._in(part, life.pod, life.container, band), some) for band in _BANDS_AND_COUNT]
        return Bands(p10, p50, p90, np.nan_to_num(count) if math.isnan(count @ count) else count)

    def _of_pod_or_store(self, kind: str, pod: str, some: Kept | None) -> Floats:
        part = self.figures.get(kind)
        found = part.figures(pod) if part else None
        if part and found is None:
            found = part.figures("")
        return _own(found, some) if found is not None else nothing(self.grid.count)


def _own(figures: Floats, some: Kept | None) -> Floats:
    """The figures in the blocks which are a life's own: themselves where all are."""
    return figures if some is None else np.where(some, figures, np.nan)
