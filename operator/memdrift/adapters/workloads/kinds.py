"""The four kinds of workloads as a table: where they live and how each counts its replicas.

Exists so that no other module asks which kind it has. A new kind is a new row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from memdrift.adapters.workloads.wire import Workload
from memdrift.api.featurestore import TargetKind


@dataclass(frozen=True, slots=True)
class Replicas:
    """A workload's replicas.

    Attributes:
        total: pods that exist now, of whatever template.
    """

    desired: int
    ready: int
    updated: int
    available: int
    total: int


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of workload is read.

    Attributes:
        api: path segments of its API group and version.
        replica_sets: its pods belong to ReplicaSets; else to the workload, with ControllerRevisions beside.
        revision_annotation: where a ReplicaSet carries its revision number.
    """

    api: tuple[str, ...]
    plural: str
    replica_sets: bool
    revision_annotation: str
    replicas: Callable[[Workload], Replicas]

    def path(self, namespace: str, name: str) -> tuple[str, ...]:
        """Path segments of one workload."""
        return (*self.api, "namespaces", namespace, self.plural, name)


def _by_replicas(workload: Workload) -> Replicas:
    status = workload.status
    return Replicas(
        desired=workload.spec.replicas,
        ready=status.ready_replicas,
        updated=status.updated_replicas,
        available=status.available_replicas,
        total=status.replicas,
    )


def _by_node(workload: Workload) -> Replicas:
    status = workload.status
    return Replicas(
        desired=status.desired_number_scheduled,
        ready=status.number_ready,
        updated=status.updated_number_scheduled,
        available=status.number_available,
        total=status.current_number_scheduled,
    )


_APPS = ("apis", "apps", "v1")

KINDS = {
    TargetKind.DEPLOYMENT: Kind(_APPS, "deployments", True, "deployment.kubernetes.io/revision", _by_replicas),
    TargetKind.STATEFUL_SET: Kind(_APPS, "statefulsets", False, "", _by_replicas),
    TargetKind.DAEMON_SET: Kind(_APPS, "daemonsets", False, "", _by_node),
    TargetKind.ROLLOUT: Kind(
        ("apis", "argoproj.io", "v1alpha1"), "rollouts", True, "rollout.argoproj.io/revision", _by_replicas
    ),
}


def rolling(workload: Workload, replicas: Replicas) -> bool:
    """Whether a change of the workload is not finished: what was asked for is not what is there."""
    status = workload.status
    return (
        status.observed_generation < workload.metadata.generation
        or replicas.updated != replicas.desired
        or replicas.available != replicas.desired
        or replicas.total != replicas.desired
        or status.current_pod_hash != status.stable_rs
    )
