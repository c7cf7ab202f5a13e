"""Workloads and their revisions, as far as memdrift reads them.

Exists apart from pods, which are read in far greater numbers. Must not interpret.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from memdrift.api.builtin import LabelSelector, Metadata, Wire


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
