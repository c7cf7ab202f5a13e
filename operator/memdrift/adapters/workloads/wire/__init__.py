"""The few fields of the built-in resources that memdrift reads of a workload.

Exists because small models on raw bytes cost a tenth of the client's generated ones; what others read as well is in
`api.builtin`. Must not interpret.
"""

from memdrift.adapters.workloads.wire.surroundings import Autoscaler, Budget
from memdrift.adapters.workloads.wire.workload import ControllerRevision, ReplicaSet, ReplicaSetSpec, Workload
from memdrift.api.builtin import (
    ContainerSpec,
    ContainerStatus,
    Items,
    LabelSelector,
    Metadata,
    Pod,
    Requirement,
    Terminated,
    Wire,
)

__all__ = [
    "Autoscaler", "Budget", "ContainerSpec", "ContainerStatus", "ControllerRevision", "Items", "LabelSelector",
    "Metadata", "Pod", "ReplicaSet", "ReplicaSetSpec", "Requirement", "Terminated", "Wire", "Workload",
]  # fmt: skip
