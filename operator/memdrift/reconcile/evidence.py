"""Taking and keeping profiles for one incident or revision.

Exists so that keys are deterministic: a step that is repeated after a crash finds what the first attempt stored instead
of asking the pod again. Must not decide which pod is worth it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from memdrift.api.driftincident import DriftIncident, ProfileRecord
from memdrift.api.featurestore import Baseline
from memdrift.api.quantities import bytes_of, quantity_of
from memdrift.errors import CaptureFailed
from memdrift.evidence.findings import ProfileKind, Taken
from memdrift.ports import CaptureRequest, Mirrored, Stored
from memdrift.reconcile.world import World
from memdrift.remedy import baselines, blame, spans
from memdrift.remedy.facts import Facts
from memdrift.remedy.steps import Capture, Done, TakeBaseline
from memdrift.remedy.target import Pod


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored profile and the life it was taken from, which need not be one that runs now.

    Attributes:
        seconds: how long the pod was asked; None where it was stored before.
    """

    kind: ProfileKind
    stored: Stored
    pod: str
    uid: str
    started_at: datetime
    taken_at: datetime
    seconds: float | None


def incident_folder(incident: DriftIncident) -> str:
    """Where an incident's evidence lies; the UID keeps a recreated incident apart."""
    meta = incident.metadata
    return f"incidents/{meta.namespace}/{meta.name}-{meta.uid[:8]}"


def baselines_folder(facts: Facts) -> str:
    """Where the baselines of a store lie, by revision and container."""
    return f"baselines/{facts.namespace}/{facts.store_name}"


def document_key(incident: DriftIncident, content: bytes) -> str:
    """Content-addressed: a document is never overwritten, and an equal one finds itself."""
    return f"{incident_folder(incident)}/document-{hashlib.sha256(content).hexdigest()[:12]}.json"


def decision_key(incident: DriftIncident, content: bytes) -> str:
    """Content-addressed like the document."""
    return f"{incident_folder(incident)}/decision-{hashlib.sha256(content).hexdigest()[:12]}.json"


async def take_baseline(world: World, facts: Facts, step: TakeBaseline) -> Done:
    """All kinds of one young pod, under the revision's name."""
    assert facts.target is not None
    pod = _living(facts, step.pod, step.uid)
    folder = f"{baselines_folder(facts)}/{pod.revision}/{step.container}"
    keys = {kind: f"{folder}/{kind}.pb.gz" for kind in _kinds(facts)}
    kept = await _take(world, facts, pod, step.container, keys)
    images = sorted({blame.with_digest(container.image, container.image_id) for container in pod.containers})
    memory = {each.uid: _memory(facts, each, step.container) for each in kept}
    rows = [
        Baseline(
            revision=pod.revision,
            container=step.container,
            kind=each.kind,
            pod=each.pod,
            pod_uid=each.uid,
            pod_started_time=each.started_at,
            taken_time=each.taken_at,
            uri=each.stored.uri,
            sha256=each.stored.sha256,
            bytes=each.stored.bytes,
            memory=memory[each.uid],
            images=images,
        )
        for each in kept
    ]
    return Done(baselines=tuple(rows), capture_seconds=tuple(each.seconds for each in kept))


def _memory(facts: Facts, kept: Kept, container: str) -> str | None:
    """The live heap when the profile was taken, where the windows still reach that moment."""
    found = spans.live_heap_bytes(facts.windows, kept.uid, container, kept.taken_at.timestamp())
    return None if found is None else quantity_of(found)


async def capture(world: World, facts: Facts, incident: DriftIncident, step: Capture) -> Done:
    """All kinds of one drifting pod, under the incident's name."""
    pod = _living(facts, step.pod, step.uid)
    container = profiled(facts, incident)
    folder = f"{incident_folder(incident)}/profiles/{pod.name}-{pod.uid[:8]}"
    keys = {kind: f"{folder}-{kind}.pb.gz" for kind in _kinds(facts)}
    kept = await _take(world, facts, pod, container, keys)
    rows = [
        ProfileRecord(
            pod=each.pod,
            pod_uid=each.uid,
            pod_started_time=each.started_at,
            container=container,
            revision=pod.revision,
            kind=each.kind,
            taken_time=each.taken_at,
            uri=each.stored.uri,
            sha256=each.stored.sha256,
            bytes=each.stored.bytes,
            memory=_memory(facts, each, container),
        )
        for each in kept
    ]
    return Done(profiles=tuple(rows), capture_seconds=tuple(each.seconds for each in kept))


def _kinds(facts: Facts) -> tuple[ProfileKind, ...]:
    assert facts.policy is not None
    return tuple(ProfileKind(str(name)) for name in facts.policy.spec.capture.profiles)


def profiled(facts: Facts, incident: DriftIncident) -> str:
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
    """What is stored under the keys already, and fresh profiles of the other kinds, each stored before it counts.

    Raises:
        CaptureFailed: also where the pod served others but no heap profile, so that the attempt is counted.
    """
    kept: list[Kept] = []
    for kind, key in keys.items():
        found = await world.archive.find(key)
        if found is not None:
            kept.append(_found(kind, *found, pod, container))
    missing = tuple(kind for kind in keys if kind not in {each.kind for each in kept})
    for captured in await world.profiler.capture(_request(facts, pod, container, missing)) if missing else ():
        taken = captured.taken
        taken_at, started_at = (datetime.fromtimestamp(each, UTC) for each in (taken.taken_at, taken.started_at))
        stored = await world.archive.put(keys[taken.kind], taken.content, _metadata(taken, container, taken_at))
        kept.append(Kept(taken.kind, stored, pod.name, pod.uid, started_at, taken_at, captured.elapsed_seconds))
        if world.mirror is not None:
            world.mirror.offer(Mirrored(facts.namespace, facts.store_name, container, taken))
    if ProfileKind.HEAP in keys and not any(each.kind is ProfileKind.HEAP for each in kept):
        raise CaptureFailed("HeapMissing", f"pod {pod.name} served no heap profile, though others")
    return kept


def _found(kind: ProfileKind, stored: Stored, metadata: Mapping[str, str], pod: Pod, container: str) -> Kept:
    """What an earlier attempt stored: of the life it was taken from, which may have ended.

    Where a crash came before its metadata, of this pod, at the time at which it was stored.
    """
    life = pod.container(container)
    stored_at = datetime.fromisoformat(metadata.get("taken-at") or metadata["stored-at"])
    started = metadata.get("started-at")
    started_at = datetime.fromisoformat(started) if started else (life.started_at if life else None)
    name, uid = metadata.get("pod", pod.name), metadata.get("pod-uid", pod.uid)
    return Kept(kind, stored, name, uid, started_at or stored_at, stored_at, None)


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
