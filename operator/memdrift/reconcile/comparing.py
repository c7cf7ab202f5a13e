"""Comparing an incident's profiles with what they should be compared with.

Exists apart from taking them because it says what counts as relevant: growth of the container and of the memory that
drifts. Must not ask a pod.
"""

from __future__ import annotations

from collections.abc import Sequence

from memdrift.api.driftincident import DriftIncident, ProfileRecord
from memdrift.api.featurestore import Baseline
from memdrift.api.quantities import bytes_of
from memdrift.drift.blocks import POD_TOTAL
from memdrift.drift.verdict import GrowthKind
from memdrift.evidence.findings import Comparison, ProfileKind, Taken
from memdrift.reconcile.evidence import profiled
from memdrift.reconcile.world import World
from memdrift.remedy import baselines, spans
from memdrift.remedy.facts import Facts
from memdrift.remedy.steps import Done


async def analyse(world: World, facts: Facts, incident: DriftIncident) -> Done:
    """What the comparison says."""
    return Done(findings=await world.analyser.analyse(await comparison_of(world, facts, incident)))


async def comparison_of(world: World, facts: Facts, incident: DriftIncident) -> Comparison:
    """The incident's profiles against the young ones of their revision and the last healthy revision's."""
    assert facts.store is not None
    status, known = incident.status, facts.store.status.baselines
    container = profiled(facts, incident)
    revision = status.profiles[0].revision
    young = baselines.earlier(known, revision, container)
    healthy = baselines.last_healthy(known, revision, container, facts.incidents)
    return Comparison(
        current=await _read(world, status.profiles),
        earlier=await _read(world, young),
        healthy=await _read(world, healthy),
        metric_growth_bytes=_metric_growth(facts, incident, young),
        resident=_growing_kind(facts, incident) == GrowthKind.NATIVE,
        known_fingerprints=tuple(
            sorted({each.status.fingerprint for each in facts.incidents if each.status.fingerprint is not None})
        ),
    )


async def _read(world: World, records: Sequence[ProfileRecord] | Sequence[Baseline]) -> tuple[Taken, ...]:
    return tuple(
        [
            Taken(
                pod=record.pod,
                uid=record.pod_uid,
                started_at=record.pod_started_time.timestamp(),
                revision=record.revision,
                kind=ProfileKind(record.kind),
                taken_at=record.taken_time.timestamp(),
                content=await world.archive.read(record.uri),
            )
            for record in records
        ]
    )


def _metric_growth(facts: Facts, incident: DriftIncident, young: Sequence[Baseline]) -> float | None:
    """The metric's growth of the worst profiled pod since the age at which the young profile was taken.

    None where the profiles are of another container than the one that drifts: they cannot explain it.
    """
    status, container = incident.status, incident.spec.container
    heaps = [record for record in status.profiles if record.kind == ProfileKind.HEAP]
    base = next((record for record in young if record.kind == ProfileKind.HEAP), None)
    if not heaps or base is None or container not in {heaps[0].container, POD_TOTAL}:
        return None
    age = (base.taken_time - base.pod_started_time).total_seconds()
    grows = _growing_kind(facts, incident)
    if grows != GrowthKind.NATIVE and base.memory is not None and container == heaps[0].container:
        reached = _reached(facts, heaps[0], container)
        if reached is not None:
            return reached - bytes_of(base.memory)
    return spans.metric_growth_bytes(
        facts.windows,
        heaps[0].pod_uid,
        container,
        age,
        heaps[0].taken_time.timestamp(),
        resident=grows == GrowthKind.NATIVE,
    )


def _reached(facts: Facts, heap: ProfileRecord, container: str) -> float | None:
    """The live heap when the profile was taken: as it was kept then, because the windows move on."""
    if heap.memory is not None:
        return float(bytes_of(heap.memory))
    return spans.live_heap_bytes(facts.windows, heap.pod_uid, container, heap.taken_time.timestamp())


def _growing_kind(facts: Facts, incident: DriftIncident) -> str:
    newest = facts.verdict(incident.spec.container)
    return newest.growth_kind if newest is not None and newest.drifting else _growth_kind(incident)


def _growth_kind(incident: DriftIncident) -> str:
    return incident.status.verdict.growth_kind if incident.status.verdict else ""
