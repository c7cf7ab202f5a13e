"""Clusters that others provide: `kind` on a Docker engine, or whatever KUBECONFIG points at.

Thin on purpose. Neither gives an audit log on this machine, so tests that read it need the local cluster.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import commands
from tests.cluster.beside import Beside
from tests.cluster.errors import ClusterError
from tests.cluster.kubectl import run_kubectl, write_token_kubeconfig
from tests.cluster.places import cache_directory

KIND_NAME = "memdrift"
KIND_START_SECONDS_AT_MOST = 600
NO_AUDIT_LOG = "this cluster keeps no audit log within reach: use CLUSTER=local"
NOT_BESIDE = "nobody knows how the pods of this cluster reach this machine: use CLUSTER=local"


class CurrentCluster:
    """The cluster of KUBECONFIG; never started, stopped or cleaned by us."""

    def __init__(self) -> None:
        given = os.environ.get("KUBECONFIG")
        self._kubeconfig = Path(given) if given else Path.home() / ".kube" / "config"

    @property
    def kubeconfig(self) -> Path:
        return self._kubeconfig

    @property
    def audit_log(self) -> Path:
        raise ClusterError(NO_AUDIT_LOG)

    @property
    def beside(self) -> Beside:
        raise ClusterError(NOT_BESIDE)

    def is_up(self) -> bool:
        try:
            return self.kubectl("get", "--raw", "/readyz").strip() == "ok"
        except ClusterError:
            return False

    def start(self) -> None:
        if not self.is_up():
            raise ClusterError(f"the cluster of {self.kubeconfig} does not answer: set KUBECONFIG to one that does")

    def stop(self) -> None:
        """It is not ours to stop."""

    @contextmanager
    def in_use(self) -> Iterator[None]:
        self.start()
        yield

    def load_image(self, archive: Path) -> None:
        raise ClusterError(
            f"{archive.name} cannot be loaded into a cluster that is not ours: "
            "push it to a registry that its nodes reach"
        )

    def kubectl(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002 - subprocess calls it so
        return run_kubectl(self.kubeconfig, *arguments, input_text=input)

    def service_account_kubeconfig(self, namespace: str, name: str, server: str | None = None) -> Path:
        return write_token_kubeconfig(self.kubeconfig, cache_directory() / "tokens", namespace, name, server)


class KindCluster:
    """A cluster in Docker containers, made by `kind`."""

    def __init__(self) -> None:
        self._kubeconfig = cache_directory() / "kind" / "admin.yaml"

    @property
    def kubeconfig(self) -> Path:
        return self._kubeconfig

    @property
    def audit_log(self) -> Path:
        raise ClusterError(NO_AUDIT_LOG)

    @property
    def beside(self) -> Beside:
        raise ClusterError(NOT_BESIDE)

    def is_up(self) -> bool:
        return self._kubeconfig.exists() and KIND_NAME in commands.run("kind", "get", "clusters").split()

    def start(self) -> None:
        for program in ("docker", "kind"):
            if commands.find_program(program) is None:
                raise ClusterError(f"{program} is not installed: install it, or use CLUSTER=local as root")
        if not self.is_up():
            self._kubeconfig.parent.mkdir(parents=True, exist_ok=True)
            where = ("--name", KIND_NAME, "--kubeconfig", str(self._kubeconfig))
            commands.run("kind", "create", "cluster", *where, "--wait", "5m", seconds=KIND_START_SECONDS_AT_MOST)

    def stop(self) -> None:
        commands.run("kind", "delete", "cluster", "--name", KIND_NAME, "--kubeconfig", self._kubeconfig)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        was_up = self.is_up()
        self.start()
        try:
            yield
        finally:
            if not was_up:
                self.stop()

    def load_image(self, archive: Path) -> None:
        commands.run("kind", "load", "image-archive", "--name", KIND_NAME, archive, seconds=300)

    def kubectl(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002 - subprocess calls it so
        return run_kubectl(self.kubeconfig, *arguments, input_text=input)

    def service_account_kubeconfig(self, namespace: str, name: str, server: str | None = None) -> Path:
        return write_token_kubeconfig(self.kubeconfig, self._kubeconfig.parent, namespace, name, server)
