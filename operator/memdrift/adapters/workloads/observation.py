"""One snapshot of a workload: five reads, put together into a `Target`.

Exists to hold the order and the joins. The reads are of slightly different moments; what a rollout that starts between
them looks like is called `rolling`, which makes every guard wait. Must not change anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from pydantic import ValidationError

from memdrift.adapters.workloads import revisions, selectors, wire
from memdrift.adapters.workloads.changes import RESTARTED_FOR
from memdrift.adapters.workloads.kinds import KINDS, Kind, rolling
from memdrift.adapters.workloads.pods import containers_of, default_container_of, is_active, pod_of, ports_of
from memdrift.api.faults import fault_of
from memdrift.api.featurestore import TargetRef
from memdrift.api.filing import OWNERSHIP
from memdrift.errors import ClusterUnavailable, SpecInvalid, TargetNotFound
from memdrift.ports import KubernetesCalls
from memdrift.remedy.target import Disruption, Pod, Target

Read = TypeVar("Read", bound=wire.Wire)

_APPS = ("apis", "apps", "v1")
_CORE = ("api", "v1")
_POLICY = ("apis", "policy", "v1")
_AUTOSCALING = ("apis", "autoscaling", "v2")


async def observe(calls: KubernetesCalls, namespace: str, reference: TargetRef) -> Target:
    """The workload now.

    Raises:
        TargetNotFound: there is no such workload.
        SpecInvalid: it has no pod template of its own.
        NotAllowed, ClusterUnavailable: as the API server says.
    """
    kind = KINDS[reference.kind]
    workload = await _workload(calls, kind, namespace, reference)
    template = workload.spec.template
    if template is None:
        raise SpecInvalid(
            "NotSupportedYet",
            f"`spec.targetRef`: {reference.kind} {reference.name} has no pod template of its own (`workloadRef`)",
        )
    chosen = {"labelSelector": selectors.query_of(workload.spec.selector)}
    history, pods, budgets, scalers = await asyncio.gather(
        _history(calls, kind, namespace, workload, chosen),
        _items(calls, wire.Pod, (*_CORE, "namespaces", namespace, "pods"), chosen),
        _items(calls, wire.Budget, (*_POLICY, "namespaces", namespace, "poddisruptionbudgets"), {}),
        _items(calls, wire.Autoscaler, (*_AUTOSCALING, "namespaces", namespace, "horizontalpodautoscalers"), {}),
    )
    own = _own_pods(workload, kind, history, pods)
    replicas = kind.replicas(workload)
    current = history.revisions[-1].identity
    controller = workload.metadata.controller
    return Target(
        api_version=reference.api_version,
        kind=reference.kind.value,
        name=workload.metadata.name,
        uid=workload.metadata.uid,
        generation=workload.metadata.generation,
        desired_replicas=replicas.desired,
        ready_replicas=replicas.ready,
        updated_replicas=replicas.updated,
        paused=workload.spec.paused or workload.status.controller_pause,
        rolling=rolling(workload, replicas) or any(pod.revision != current for pod in own if not pod.deleting),
        controller=f"{controller.kind}/{controller.name}" if controller else "",
        default_container=default_container_of(template),
        containers=containers_of(template),
        restarted_for=((template.get("metadata") or {}).get("annotations") or {}).get(RESTARTED_FOR, ""),
        pods=own,
        revisions=history.revisions,
        disruptions=_disruptions(template, pods, {pod.uid for pod in own}, budgets),
        autoscaler=_autoscaler(reference, scalers),
        ports=ports_of(template),
        ownership=tuple((key, text) for key, text in workload.metadata.annotations.items() if key in OWNERSHIP),
    )


async def _workload(calls: KubernetesCalls, kind: Kind, namespace: str, reference: TargetRef) -> wire.Workload:
    try:
        answer = await calls.call("GET", kind.path(namespace, reference.name))
    except TargetNotFound as error:
        missing = f"{reference.kind} {namespace}/{reference.name}"
        raise TargetNotFound(
            "TargetNotFound", f"`spec.targetRef`: there is no {missing}: create it or correct the name"
        ) from error
    return _read(wire.Workload, answer)


async def _history(
    calls: KubernetesCalls, kind: Kind, namespace: str, workload: wire.Workload, chosen: dict[str, str]
) -> revisions.History:
    template = workload.spec.template or {}
    if kind.replica_sets:
        sets = await _items(calls, wire.ReplicaSet, (*_APPS, "namespaces", namespace, "replicasets"), chosen)
        own_sets = [held for held in sets if _controlled_by(held.metadata, {workload.metadata.uid})]
        return revisions.of_replica_sets(template, own_sets, kind.revision_annotation)
    path = (*_APPS, "namespaces", namespace, "controllerrevisions")
    held = await _items(calls, wire.ControllerRevision, path, chosen)
    return revisions.of_controller_revisions(
        template,
        [revision for revision in held if _controlled_by(revision.metadata, {workload.metadata.uid})],
        workload.status.update_revision,
        observed=workload.status.observed_generation >= workload.metadata.generation,
    )


def _own_pods(
    workload: wire.Workload, kind: Kind, history: revisions.History, pods: Sequence[wire.Pod]
) -> tuple[Pod, ...]:
    """Pods by ownership, not by labels alone: a selector may match another workload's pods."""
    owners = set(history.by_owner) if kind.replica_sets else {workload.metadata.uid}
    own = [pod for pod in pods if _controlled_by(pod.metadata, owners) and is_active(pod)]
    return tuple(pod_of(pod, _revision_of(pod, history)) for pod in sorted(own, key=lambda pod: pod.metadata.name))


def _revision_of(pod: wire.Pod, history: revisions.History) -> str:
    owner = pod.metadata.controller
    if owner and owner.uid in history.by_owner:
        return history.by_owner[owner.uid]
    return history.by_label.get(pod.metadata.labels.get("controller-revision-hash", ""), "")


def _controlled_by(metadata: wire.Metadata, owners: set[str]) -> bool:
    return metadata.controller is not None and metadata.controller.uid in owners


def _disruptions(
    template: dict[str, object], pods: Sequence[wire.Pod], own: set[str], budgets: Sequence[wire.Budget]
) -> tuple[Disruption, ...]:
    """The budgets on the workload's pods, or on its template while it has none.

    A budget whose status speaks of an older specification allows nothing until its controller has caught up.
    """
    labels = [pod.metadata.labels for pod in pods if pod.metadata.uid in own]
    if not labels:
        metadata = template.get("metadata")
        labels = [metadata.get("labels") or {}] if isinstance(metadata, dict) else [{}]
    return tuple(
        Disruption(
            budget.metadata.name,
            budget.status.disruptions_allowed if budget.status.observed_generation >= budget.metadata.generation else 0,
        )
        for budget in budgets
        if any(selectors.selects(budget.spec.selector, held) for held in labels)
    )


def _autoscaler(reference: TargetRef, scalers: Sequence[wire.Autoscaler]) -> str:
    group = reference.api_version.partition("/")[0]
    for scaler in scalers:
        scaled = scaler.spec.scale_target_ref
        if (scaled.kind, scaled.name, scaled.api_version.partition("/")[0]) == (reference.kind, reference.name, group):
            return f"{scaler.metadata.name}: {scaler.status.current_replicas}/{scaler.spec.max_replicas}"
    return ""


async def _items(
    calls: KubernetesCalls, model: type[Read], path: Sequence[str], query: dict[str, str]
) -> tuple[Read, ...]:
    return _read(wire.Items[model], await calls.call("GET", path, query=query)).items  # type: ignore[valid-type]


def _read(model: type[Read], answer: bytes) -> Read:
    try:
        return model.model_validate_json(answer)
    except ValidationError as error:
        raise ClusterUnavailable(
            "AnswerUnreadable", f"the API server's answer is not a {model.__name__}: {fault_of(error)}"
        ) from error
