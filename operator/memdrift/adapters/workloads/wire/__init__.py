"""The few fields of the built-in resources that memdrift reads.

Exists because small models on raw bytes cost a tenth of the client's generated ones. Must not interpret.
"""

from memdrift.adapters.workloads.wire.objects import Items, LabelSelector, Metadata, Requirement, Wire
from memdrift.adapters.workloads.wire.pod import ContainerSpec, ContainerStatus, Pod, Terminated
from memdrift.adapters.workloads.wire.surroundings import Autoscaler, Budget
from memdrift.adapters.workloads.wire.workload import ControllerRevision, ReplicaSet, ReplicaSetSpec, Workload

__all__ = [
    "Autoscaler", "Budget", "ContainerSpec", "ContainerStatus", "ControllerRevision", "Items", "LabelSelector",
    "Metadata", "Pod", "ReplicaSet", "ReplicaSetSpec", "Requirement", "Terminated", "Wire", "Workload",
]  # fmt: skip
