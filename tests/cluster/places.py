"""Where the local cluster keeps things, and the versions it is made of.

Everything the cluster writes lies under one run directory, everything worth keeping between runs under one cache
directory, so that tearing down is deleting the first and a fast start is having the second.
This module must not touch the disk.
"""

import os
from dataclasses import dataclass
from pathlib import Path

KUBERNETES_VERSION = "v1.34.4"
COREDNS_VERSION = "v1.12.4"
PROMETHEUS_VERSION = "v0.305.0"
NODE_NAME = "memdrift"


def cache_directory() -> Path:
    """The folder for what later runs can use again: built programs, images, debootstrap trees."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "memdrift"


def repository_directory() -> Path:
    """The root of the checkout that this harness belongs to."""
    return Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """The files and folders of one local cluster; gone after `down`."""

    root: Path

    @classmethod
    def default(cls) -> "Places":
        """The one cluster of this user, or where MEMDRIFT_CLUSTER_DIRECTORY points."""
        chosen = os.environ.get("MEMDRIFT_CLUSTER_DIRECTORY")
        return cls(Path(chosen) if chosen else cache_directory() / "cluster")

    @property
    def lock(self) -> Path:
        """Lies beside the run directory, so that it survives the deletion of that."""
        return self.root.with_name(self.root.name + ".lock")

    @property
    def users(self) -> Path:
        """Locked by every test session that uses the cluster; beside the run directory, as the lock is."""
        return self.root.with_name(self.root.name + ".users")

    @property
    def beside(self) -> Path:
        """What programs write that are no part of the cluster but end with it."""
        return self.root / "beside"

    @property
    def certificates(self) -> Path:
        return self.root / "certificates"

    @property
    def kubeconfigs(self) -> Path:
        return self.root / "kubeconfigs"

    @property
    def admin_kubeconfig(self) -> Path:
        return self.kubeconfigs / "admin.json"

    @property
    def configuration(self) -> Path:
        return self.root / "configuration"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def audit_log(self) -> Path:
        return self.logs / "audit.log"

    @property
    def records(self) -> Path:
        """One file per process that we started."""
        return self.root / "processes"

    @property
    def ready_mark(self) -> Path:
        """Exists from the moment the whole cluster was usable, and says who started it."""
        return self.root / "ready"

    @property
    def etcd(self) -> Path:
        return self.root / "etcd"

    @property
    def kubelet(self) -> Path:
        return self.root / "kubelet"

    @property
    def containerd(self) -> Path:
        return self.root / "containerd"

    @property
    def containerd_state(self) -> Path:
        return self.root / "containerd-state"

    @property
    def containerd_socket(self) -> Path:
        return self.containerd_state / "containerd.sock"

    @property
    def container_network(self) -> Path:
        return self.root / "container-network"

    @property
    def host_settings(self) -> Path:
        """Kernel settings as they were before us."""
        return self.root / "host-settings.json"
