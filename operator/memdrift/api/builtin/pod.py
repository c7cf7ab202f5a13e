"""Pods and their containers, as far as memdrift reads them.

Exists because a list of pods is read every tick, so every field that is not needed is left out. Must not interpret.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from memdrift.api.builtin.objects import Metadata, Wire


class Resources(Wire):
    """Memory bounds of a container as Kubernetes writes them."""

    limits: dict[str, str | int | float] = Field(default_factory=dict)
    requests: dict[str, str | int | float] = Field(default_factory=dict)


class ContainerSpec(Wire):
    """A container as it was asked for."""

    name: str
    image: str = ""
    restart_policy: str = ""
    resources: Resources = Resources()


class Running(Wire):
    """A running container."""

    started_at: datetime | None = None


class Terminated(Wire):
    """A container that ended."""

    reason: str = ""
    finished_at: datetime | None = None


class ContainerState(Wire):
    """What a container does now, or did last."""

    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Wire):
    """A container as the kubelet sees it."""

    name: str
    image_id: str = Field(default="", alias="imageID")
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()
    resources: Resources | None = None
    """What is really in force; differs from the specification while a resize in place is under way."""


class PodSpec(Wire):
    """A pod as it was asked for."""

    node_name: str = ""
    containers: tuple[ContainerSpec, ...] = ()
    init_containers: tuple[ContainerSpec, ...] = ()


class PodCondition(Wire):
    """One observation of a pod."""

    type: str
    status: str


class PodStatus(Wire):
    """A pod as the kubelet sees it."""

    phase: str = ""
    conditions: tuple[PodCondition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Wire):
    """A pod."""

    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()
