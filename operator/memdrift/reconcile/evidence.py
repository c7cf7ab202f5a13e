"""Taking, keeping and comparing profiles for one incident or revision.

Exists so that keys are deterministic: a step that is repeated after a crash finds what the first attempt stored instead
of asking the pod again. Must not decide which pod is worth it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from memdrift.api.driftincident import DriftIncident, ProfileRecord
from memdrift.api.featurestore import Baseline
from memdrift.api.quantities import bytes_of
from memdrift.errors import CaptureFailed
from memdrift.evidence.findings import Comparison, ProfileKind, Taken
from memdrift.ports import CaptureRequest, Stored
from memdrift.reconcile.world import World
from memdrift.remedy import baselines, spans
from memdrift.remedy.facts import Facts
from memdrift.remedy.steps import Capture, Done, TakeBaseline
from memdrift.remedy.target import Pod

Kept = tuple[ProfileKind, Stored, datetime, float | None]
"""A stored profile: which, where, when it was taken, and for how many seconds the pod was asked (None: not now)."""


def incident_folder(incident: DriftIncident) -> str:
    """Where an incident's evidence lies; the UID keeps a recreated incident apart."""
    meta = incident.metadata
    return f"incidents/{meta.namespace}/{meta.name}-{meta.uid[:8]}"


def document_key(incident: DriftIncident, content: bytes) -> str:
    """Content-addressed: a document is never overwritten, and a repeat finds itself."""
    return f"{incident_folder(incident)}/document-{hashlib.sha256(content).hexdigest()[:12]}.json"


def decision_key(incident: DriftIncident, content: bytes) -> str:
    """Content-addressed like the document."""
    return f"{incident_folder(incident)}/decision-{hashlib.sha256(content).hexdigest()[:12]}.json"


async def take_baseline(world: World, facts: Facts, step: TakeBaseline) -> Done:
    """All kinds of one young pod, under the revision's name."""
    assert facts.target is not None
    pod = _living(facts, step.pod, step.uid)
    folder = f"baselines/{facts.namespace}/{facts.store_name}/{pod.revision}/{step.container}"
    keys = {kind: f"{folder}/{kind}.pb.gz" for kind in _kinds(facts)}
    kept = await _take(world, facts, pod, step.container, keys)
    life = pod.container(step.container)
    assert life is not None
    images = sorted({container.image for container in pod.containers})
    rows = [
        Baseline(
            revision=pod.revision,
            container=step.container,
            kind=kind,
            pod=pod.name,
            pod_uid=pod.uid,
            pod_started_time=life.started_at or facts.now,
            taken_time=taken_at,
            uri=stored.uri,
            sha256=stored.sha256,
            bytes=stored.bytes,
            images=images,
        )
        for kind, stored, taken_at, _ in kept
    ]
    return Done(baselines=tuple(rows), capture_seconds=tuple(seconds for *_, seconds in kept))


async def capture(world: World, facts: Facts, incident: DriftIncident, step: Capture) -> Done:
    """All kinds of one drifting pod, under the incident's name."""
    pod = _living(facts, step.pod, step.uid)
    container = _container(facts, incident)
    folder = f"{incident_folder(incident)}/profiles/{pod.name}-{pod.uid[:8]}"
    keys = {kind: f"{folder}-{kind}.pb.gz" for kind in _kinds(facts)}
    kept = await _take(world, facts, pod, container, keys)
    life = pod.container(container)
    assert life is not None
    rows = [
        ProfileRecord(
            pod=pod.name,
            pod_uid=pod.uid,
            pod_started_time=life.started_at or facts.now,
            container=container,
            revision=pod.revision,
            kind=kind,
            taken_time=taken_at,
            uri=stored.uri,
            sha256=stored.sha256,
            bytes=stored.bytes,
        )
        for kind, stored, taken_at, _ in kept
    ]
    return Done(profiles=tuple(rows), capture_seconds=tuple(seconds for *_, seconds in kept))


def _kinds(facts: Facts) -> tuple[ProfileKind, ...]:
    assert facts.policy is not None
    return tuple(ProfileKind(str(name)) for name in facts.policy.spec.capture.profiles)


def _container(facts: Facts, incident: DriftIncident) -> str:
    """Profiles come from the configured container, whichever one drifts."""
    assert facts.policy is not None
    assert facts.target is not None
    return baselines.profiled_container(facts.policy, facts.target) or incident.spec.container


def _living(facts: Facts, name: str, uid: str) -> Pod:
    pod = facts.target.pod(uid) if facts.target else None
    if pod is None:
        raise CaptureFailed("PodReplaced", f"pod {name} with UID {uid} is gone")
    return pod


async def _take(world: World, facts: Facts, pod: Pod, container: str, keys: Mapping[ProfileKind, str]) -> list[Kept]:
    """What is stored under the keys already, or else fresh profiles, each stored before it counts."""
    found = [(kind, await world.archive.find(key)) for kind, key in keys.items()]
    if all(entry is not None for _, entry in found):
        return [(kind, entry[0], _taken_at(entry[1]), None) for kind, entry in found if entry is not None]
    kept: list[Kept] = []
    for captured in await world.profiler.capture(_request(facts, pod, container, tuple(keys))):
        taken = captured.taken
        taken_at = datetime.fromtimestamp(taken.taken_at, UTC)
        held = dict(found)[taken.kind]
        if held is not None:
            kept.append((taken.kind, held[0], _taken_at(held[1]), captured.elapsed_seconds))
            continue
        stored = await world.archive.put(keys[taken.kind], taken.content, _metadata(taken, container, taken_at))
        kept.append((taken.kind, stored, taken_at, captured.elapsed_seconds))
    return kept


def _taken_at(metadata: Mapping[str, str]) -> datetime:
    """When a stored profile was taken; when it was stored, where a crash came before its metadata."""
    return datetime.fromisoformat(metadata.get("taken-at") or metadata["stored-at"])


def _request(facts: Facts, pod: Pod, container: str, kinds: tuple[ProfileKind, ...]) -> CaptureRequest:
    assert facts.policy is not None
    spec, life = facts.policy.spec.capture, pod.container(container)
    if life is None or life.started_at is None:
        raise CaptureFailed("ContainerNotRunning", f"container {container} of pod {pod.name} does not run")
    return CaptureRequest(
        namespace=facts.namespace,
        pod=pod.name,
        uid=pod.uid,
        container=container,
        started_at=life.started_at,
        revision=pod.revision,
        port=spec.port,
        base_path=spec.base_path,
        kinds=kinds,
        maximum_bytes=bytes_of(spec.max_bytes),
        timeout_seconds=spec.timeout_seconds,
    )


def _metadata(taken: Taken, container: str, taken_at: datetime) -> dict[str, str]:
    return {
        "pod": taken.pod,
        "pod-uid": taken.uid,
        "container": container,
        "started-at": datetime.fromtimestamp(taken.started_at, UTC).isoformat(),
        "revision": taken.revision,
        "kind": str(taken.kind),
        "taken-at": taken_at.isoformat(),
    }


async def analyse(world: World, facts: Facts, incident: DriftIncident) -> Done:
    """The incident's profiles against the young ones of their revision and the last healthy revision's."""
    assert facts.store is not None
    status, known = incident.status, facts.store.status.baselines
    container = _container(facts, incident)
    revision = status.profiles[0].revision
    young = baselines.earlier(known, revision, container)
    healthy = baselines.last_healthy(known, revision, container, facts.incidents)
    comparison = Comparison(
        current=await _read(world, status.profiles),
        earlier=await _read(world, young),
        healthy=await _read(world, healthy),
        metric_growth_bytes=_metric_growth(facts, status.profiles, young, incident.spec.container),
    )
    return Done(findings=await world.analyser.analyse(comparison))


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


def _metric_growth(
    facts: Facts, profiles: Sequence[ProfileRecord], young: Sequence[Baseline], container: str
) -> float | None:
    """The metric's growth of the worst profiled pod since the age at which the young profile was taken."""
    heaps = [record for record in profiles if record.kind == ProfileKind.HEAP]
    base = next((record for record in young if record.kind == ProfileKind.HEAP), None)
    if not heaps or base is None:
        return None
    age = (base.taken_time - base.pod_started_time).total_seconds()
    return spans.metric_growth_bytes(facts.windows, heaps[0].pod_uid, container, age, heaps[0].taken_time.timestamp())
