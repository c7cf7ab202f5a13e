"""The few fields of the built-in resources that memdrift reads.

Exists because a list of pods is read every tick: small models on raw bytes cost a tenth of the client's generated ones.
Everything optional on the wire is optional here. Must not interpret.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """A part of an API object; what is not declared is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class OwnerReference(Wire):
    """Who owns an object."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Metadata(Wire):
    """The object's identity."""

    name: str = ""
    uid: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that controls the object."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class Requirement(Wire):
    """One expression of a selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(Wire):
    """Which objects are meant, by their labels."""

    match_labels: dict[str, str] = Field(default_factory=dict)
    match_expressions: tuple[Requirement, ...] = ()


class UpdateStrategy(Wire):
    """How a StatefulSet or DaemonSet replaces its pods."""

    type: str = ""


class WorkloadSpec(Wire):
    """What the four kinds of workloads have in common; a DaemonSet has no replicas."""

    replicas: int = 1
    paused: bool = False
    selector: LabelSelector = LabelSelector()
    template: dict[str, Any] | None = None


class WorkloadStatus(Wire):
    """The counters of all four kinds; each kind uses its own."""

    observed_generation: int = 0
    """An Argo Rollout writes it as text; the same number."""
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    update_revision: str = ""
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    current_pod_hash: str = ""
    stable_rs: str = Field(default="", alias="stableRS")
    controller_pause: bool = False


class Workload(Wire):
    """A Deployment, StatefulSet, DaemonSet or Rollout."""

    metadata: Metadata
    spec: WorkloadSpec
    status: WorkloadStatus = WorkloadStatus()


class ReplicaSetSpec(Wire):
    """The pod template of one revision."""

    template: dict[str, Any] = Field(default_factory=dict)


class ReplicaSet(Wire):
    """One revision of a Deployment or Rollout."""

    metadata: Metadata
    spec: ReplicaSetSpec = ReplicaSetSpec()


class ControllerRevision(Wire):
    """One revision of a StatefulSet or DaemonSet."""

    metadata: Metadata
    data: dict[str, Any] = Field(default_factory=dict)
    revision: int = 0


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


class BudgetSpec(Wire):
    """Which pods a disruption budget protects; no selector selects nothing, an empty one everything."""

    selector: LabelSelector | None = None


class BudgetStatus(Wire):
    """How many of them may go now."""

    observed_generation: int = 0
    disruptions_allowed: int = 0


class Budget(Wire):
    """A PodDisruptionBudget."""

    metadata: Metadata
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class ScaleTarget(Wire):
    """What an autoscaler scales."""

    kind: str = ""
    name: str = ""
    api_version: str = ""


class AutoscalerSpec(Wire):
    """What an autoscaler may do."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    max_replicas: int = 0


class AutoscalerStatus(Wire):
    """What it did."""

    current_replicas: int = 0


class Autoscaler(Wire):
    """A HorizontalPodAutoscaler."""

    metadata: Metadata
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()


Item = TypeVar("Item", bound=Wire)


class Items(Wire, Generic[Item]):
    """A list answer."""

    items: tuple[Item, ...] = ()
