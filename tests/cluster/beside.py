"""A place for programs of this machine that belong to a cluster: its pods reach them, and its end ends them.

Exists so that a server which the demo leaves running is not forgotten. Must not start anything.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.processes import Processes


@dataclass(frozen=True)
class Beside:
    """Where such a program runs.

    Attributes:
        address: an address of this machine that pods and people on this machine reach.
        folder: for what the programs write; gone with the cluster.
        processes: records what is started, so that taking the cluster away ends it.
    """

    address: str
    folder: Path
    processes: Processes
