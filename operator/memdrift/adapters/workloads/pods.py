"""Pods as the guards and plans see them.

Exists to turn the kubelet's report into lives of containers. Must not decide which pods belong to the workload.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from memdrift.adapters.workloads import wire
from memdrift.api.quantities import bytes_of
from memdrift.remedy.target import ContainerLife, Pod

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_ZONE = "topology.kubernetes.io/zone"
_OUT_OF_MEMORY = "OOMKilled"
_ENDED = frozenset({"Succeeded", "Failed"})
_NEVER = datetime.fromtimestamp(0, UTC)


def is_active(pod: wire.Pod) -> bool:
    """Whether it runs or will run; a pod that was evicted by its node stays behind as `Failed`."""
    return pod.status.phase not in _ENDED


def pod_of(pod: wire.Pod, revision: str) -> Pod:
    """The pod; its zone is known only where the API server copies the node's labels to pods."""
    return Pod(
        name=pod.metadata.name,
        uid=pod.metadata.uid,
        node=pod.spec.node_name,
        zone=pod.metadata.labels.get(_ZONE, ""),
        revision=revision,
        ready=any(condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions),
        deleting=pod.metadata.deletion_timestamp is not None,
        created_at=pod.metadata.creation_timestamp or _NEVER,
        containers=_lives(pod),
    )


def _lives(pod: wire.Pod) -> tuple[ContainerLife, ...]:
    statuses = {held.name: held for held in (*pod.status.init_container_statuses, *pod.status.container_statuses)}
    running = (*pod.spec.containers, *(held for held in pod.spec.init_containers if held.restart_policy == "Always"))
    return tuple(_life(held, statuses.get(held.name)) for held in running)


def _life(spec: wire.ContainerSpec, status: wire.ContainerStatus | None) -> ContainerLife:
    status = status or wire.ContainerStatus(name=spec.name)
    resources = status.resources or spec.resources
    ended = status.state.terminated or status.last_state.terminated
    return ContainerLife(
        name=spec.name,
        image=spec.image,
        image_id=status.image_id,
        started_at=status.state.running.started_at if status.state.running else None,
        ready=status.ready,
        restarts=status.restart_count,
        memory_limit_bytes=memory_bytes(resources.limits.get("memory")),
        memory_request_bytes=memory_bytes(resources.requests.get("memory")),
        last_exit_reason=ended.reason if ended else "",
        killed_for_memory_at=_killed_for_memory_at(ended),
    )


def _killed_for_memory_at(ended: wire.Terminated | None) -> float | None:
    if ended is None or ended.reason != _OUT_OF_MEMORY or ended.finished_at is None:
        return None
    return ended.finished_at.timestamp()


def memory_bytes(quantity: str | float | None) -> int | None:
    """Bytes of a quantity; None where there is none, or where it is none."""
    try:
        return None if quantity is None else bytes_of(str(quantity))
    except ValueError:
        return None


def containers_of(template: Mapping[str, Any]) -> tuple[str, ...]:
    """The template's own containers, sidecars that start as init containers included; injected ones are not there."""
    spec = template.get("spec") or {}
    sidecars = [held for held in spec.get("initContainers") or [] if held.get("restartPolicy") == "Always"]
    return tuple(str(held.get("name", "")) for held in [*(spec.get("containers") or []), *sidecars])


def default_container_of(template: Mapping[str, Any]) -> str:
    """The annotated container, or the only one; "" where that is ambiguous or the annotation names none of them."""
    names = [str(held.get("name", "")) for held in (template.get("spec") or {}).get("containers") or []]
    annotated = ((template.get("metadata") or {}).get("annotations") or {}).get(_DEFAULT_CONTAINER, "")
    if annotated:
        return annotated if annotated in names else ""
    return names[0] if len(names) == 1 else ""


def ports_of(template: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """The declared ports, as container and number."""
    containers = (template.get("spec") or {}).get("containers") or []
    return tuple(
        (str(held.get("name", "")), int(port.get("containerPort", 0)))
        for held in containers
        for port in held.get("ports") or []
    )
