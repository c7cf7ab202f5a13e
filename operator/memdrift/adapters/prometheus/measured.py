"""One window's answers of one store, looked up by pod and container, and the lives made of them.

Exists so that lives come from the API server (names, UIDs, starts, limits) and only figures from the metrics. Must not
send anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from memdrift.adapters.prometheus import questions, reduction
from memdrift.adapters.prometheus.answers import SeriesArrays
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.presets import UNLIMITED_BYTES
from memdrift.adapters.prometheus.questions import Questions
from memdrift.drift.blocks import POD_TOTAL, Bands, Floats, Life, LifeBlocks
from memdrift.remedy.target import ContainerLife, Pod, Target

Lookup = dict[tuple[str, str, str], Floats]
"""(pod, container, band) to an array over the grid."""


@dataclass(frozen=True, slots=True)
class Measured:
    """All answers of one window.

    Attributes:
        figures: kind to its arrays.
        scrape_interval_seconds: how often the source samples.
    """

    grid: Grid
    figures: Mapping[str, Lookup]
    asked: Questions
    target: Target
    scrape_interval_seconds: int

    def lives(self) -> tuple[LifeBlocks, ...]:
        """Running containers of the pods, and each pod's total."""
        return tuple(life for pod in self.target.pods for life in self._of_pod(pod))

    def containers(self) -> tuple[LifeBlocks, ...]:
        """Running containers only."""
        return tuple(life for pod in self.target.pods for life in self._containers(pod))

    def blocks_of(self, life: Life, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> LifeBlocks:
        """The figures of a life in the blocks which are its own; the others are NaN."""
        return LifeBlocks(
            life=life,
            block_seconds=self.grid.block_seconds,
            starts=self.grid.starts,
            live_heap=self._bands(questions.LIVE_HEAP, life, kept),
            resident=self._bands(questions.RESIDENT, life, kept),
            working_set=self._bands(questions.WORKING_SET, life, kept),
            load=np.array([self._of_pod_or_store(kind, life.pod, kept) for kind in self.asked.load_kinds]),
            latency_milliseconds=1000.0 * self._of_pod_or_store(questions.LATENCY, life.pod, kept),
            expected_samples=self.grid.block_seconds / self.scrape_interval_seconds,
        )

    def array(self, kind: str, pod: str, container: str, band: str) -> Floats:
        """A container's figure; a series without container label is the main container's.

        The process of an application is scraped from its pod, often without the label; the kubelet always sets it.
        """
        lookup = self.figures.get(kind, {})
        found = lookup.get((pod, container, band))
        if found is None and container == self.main_container(pod):
            found = lookup.get((pod, "", band))
        return np.full(self.grid.count, np.nan) if found is None else found

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
            yield self._total(pod, lives)

    def _containers(self, pod: Pod) -> tuple[LifeBlocks, ...]:
        return tuple(self._life(pod, container) for container in pod.containers if container.started_at is not None)

    def _life(self, pod: Pod, container: ContainerLife) -> LifeBlocks:
        assert container.started_at is not None
        started_at = container.started_at.timestamp()
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
        )
        return self.blocks_of(life, self.grid.starts >= started_at)

    def _runtime_limit(self, pod: str, container: str, started_at: float) -> int | None:
        limits = self.array(questions.FACTS, pod, container, reduction.RUNTIME_LIMIT)
        known = limits[np.isfinite(limits) & (self.grid.starts >= started_at)]
        return int(known[-1]) if known.size and 0 < known[-1] < UNLIMITED_BYTES else None

    def _bands(self, kind: str, life: Life, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Bands:
        p10, p50, p90, count = (
            np.where(kept, self.array(kind, life.pod, life.container, band), np.nan)
            for band in (*reduction.BANDS, reduction.COUNT)
        )
        return Bands(p10, p50, p90, np.nan_to_num(count))

    def _of_pod_or_store(self, kind: str, pod: str, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
        lookup = self.figures.get(kind, {})
        found = lookup.get((pod, "", ""))
        if found is None:
            found = lookup.get(("", "", ""))
        return np.where(kept, found, np.nan) if found is not None else np.full(self.grid.count, np.nan)

    def _total(self, pod: Pod, lives: tuple[LifeBlocks, ...]) -> LifeBlocks:
        """The pod as a whole: it is as old as its youngest container, for a restart changes the sum.

        Bands are summed, which makes the outer ones wider than the sum's own. Live heaps of several containers are not
        summed: they are not all Go.
        """
        youngest = max(lives, key=lambda each: each.life.started_at)
        alone = len(lives) == 1
        life = Life(
            pod=pod.name,
            uid=pod.uid,
            container=POD_TOTAL,
            started_at=youngest.life.started_at,
            revision=pod.revision,
            zone=pod.zone,
            limit_bytes=_sum(each.life.limit_bytes for each in lives),
            runtime_limit_bytes=lives[0].life.runtime_limit_bytes if alone else None,
            requested_bytes=_sum(each.life.requested_bytes for each in lives),
        )
        return LifeBlocks(
            life=life,
            block_seconds=youngest.block_seconds,
            starts=youngest.starts,
            live_heap=lives[0].live_heap if alone else Bands.missing(self.grid.count),
            resident=_summed([each.resident for each in lives]),
            working_set=_summed([each.working_set for each in lives]),
            load=youngest.load,
            latency_milliseconds=youngest.latency_milliseconds,
            expected_samples=youngest.expected_samples,
        )


def lookup(arrays: SeriesArrays, namespace: str) -> Lookup:
    """The arrays of the store's namespace; a custom query may have dropped the label, but not changed it."""
    unlabelled = {(key.pod, key.container, key.band): array for key, array in arrays.items() if not key.namespace}
    own = {(key.pod, key.container, key.band): array for key, array in arrays.items() if key.namespace == namespace}
    return {**unlabelled, **own}


def _sum(figures: Iterable[int | None]) -> int | None:
    total = 0
    for figure in figures:
        if figure is None:
            return None
        total += figure
    return total


def _summed(bands: list[Bands]) -> Bands:
    """The sums where every container is known; the count of the container that was sampled least."""
    p10, p50, p90 = (
        sum((getattr(band, name) for band in bands[1:]), getattr(bands[0], name)) for name in reduction.BANDS
    )
    return Bands(p10, p50, p90, np.min([band.count for band in bands], axis=0))
