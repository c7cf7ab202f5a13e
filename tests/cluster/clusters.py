"""What tests may ask of a cluster, whichever kind it is, and the choice of the kind."""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from tests.cluster.beside import Beside
from tests.cluster.elsewhere import CurrentCluster, KindCluster
from tests.cluster.errors import ClusterError
from tests.cluster.local import LocalCluster


class Cluster(Protocol):
    """A running, or startable, Kubernetes cluster of which we are the administrator."""

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""

    @property
    def audit_log(self) -> Path:
        """One JSON line per request that the API server answered; `ClusterError` where it cannot be had."""

    @property
    def beside(self) -> Beside:
        """Where programs of this machine run that belong to it; `ClusterError` where its pods cannot reach them."""

    def is_up(self) -> bool:
        """Whether it can be used now."""

    def start(self) -> None:
        """Returns with a usable cluster; harmless when it is up."""

    def stop(self) -> None:
        """Takes away what `start` made; harmless when nothing is there."""

    def in_use(self) -> AbstractContextManager[None]:
        """A usable cluster while the block runs; what the block had to start ends after it."""

    def load_image(self, archive: Path) -> None:
        """Makes an image archive known to the nodes."""

    def kubectl(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002 - subprocess calls it so
        """Runs kubectl as the administrator and returns what it printed."""

    def service_account_kubeconfig(self, namespace: str, name: str, server: str | None = None) -> Path:
        """A kubeconfig with a real token of a service account, optionally at another server's URL."""


def chosen_cluster() -> Cluster:
    """The cluster that the environment variable CLUSTER asks for: local (default), kind or current."""
    kind = os.environ.get("CLUSTER", "local")
    match kind:
        case "local":
            return LocalCluster()
        case "kind":
            return KindCluster()
        case "current":
            return CurrentCluster()
        case _:
            raise ClusterError(f"CLUSTER={kind} is not known: use local, kind or current")
