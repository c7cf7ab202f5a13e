"""The few fields of Kubernetes' own resources that memdrift reads.

Exists because small models on raw bytes cost a tenth of the client's generated ones, and here because adapters that do
not know each other, and the command line, read the same resources. Must not interpret.
"""

from memdrift.api.builtin.lease import Lease
from memdrift.api.builtin.objects import Items, LabelSelector, Metadata, Requirement, Wire
from memdrift.api.builtin.pod import ContainerSpec, ContainerStatus, Pod, Terminated

__all__ = [
    "ContainerSpec", "ContainerStatus", "Items", "LabelSelector", "Lease", "Metadata", "Pod", "Requirement",
    "Terminated", "Wire",
]  # fmt: skip
