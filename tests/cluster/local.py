"""The local cluster: one real Kubernetes node out of plain processes on this machine.

Starting repairs whatever a crashed run left behind; stopping leaves nothing. The order of the parts is written here and
nowhere else.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import (
    binaries,
    commands,
    control_plane,
    dns,
    host_settings,
    kubectl,
    network,
    node,
    packages,
    teardown,
    usage,
    waiting,
)
from tests.cluster.beside import Beside
from tests.cluster.certificates import Authority
from tests.cluster.control_plane import ControlPlane
from tests.cluster.dns import Dns
from tests.cluster.errors import ClusterError
from tests.cluster.node import Node
from tests.cluster.places import Places
from tests.cluster.processes import Processes

NODE_READY_SECONDS_AT_MOST = 120


class LocalCluster:
    """A cluster on this machine; there can be only one, since packet rules and pod cgroups are the machine's."""

    def __init__(self, places: Places | None = None) -> None:
        self.places = places or Places.default()
        self._processes = Processes(self.places.records, self.places.logs)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.places.admin_kubeconfig

    @property
    def audit_log(self) -> Path:
        """One JSON line per request that the API server answered."""
        return self.places.audit_log

    @property
    def beside(self) -> Beside:
        """Where programs of this machine run that belong to the cluster and end with it."""
        return Beside(network.NODE_ADDRESS, self.places.beside, self._processes)

    def is_up(self) -> bool:
        """Whether every part of a completely started cluster still runs."""
        alive = set(self._processes.alive())
        return self.places.ready_mark.exists() and alive >= set(teardown.PROGRAMS)

    def status(self) -> dict[str, str]:
        """Each part and whether it runs."""
        alive = self._processes.alive()
        return {
            name: f"running, pid {alive[name].pid}" if name in alive else "not running" for name in teardown.PROGRAMS
        }

    def start(self) -> None:
        """Returns with a usable cluster: at once when it is up, else after clearing away and starting.

        It then stays until `stop`.
        """
        self._start(usage.STARTED_BY_PERSON)
        self.places.ready_mark.write_text(usage.STARTED_BY_PERSON)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """A usable cluster while the block runs; a cluster that only such blocks wanted ends with the last of them."""
        with usage.held(self.places.users, self.places.ready_mark, self.stop):
            self._start(usage.STARTED_BY_SESSION)
            yield

    def _start(self, by: str) -> None:
        with self._only_one_command():
            if self.is_up():
                return
            if os.geteuid() != 0:
                raise ClusterError(
                    "the local cluster needs root (containers, a bridge): run it as root, or use CLUSTER=kind with "
                    "Docker, or CLUSTER=current with KUBECONFIG"
                )
            packages.ensure_packages()
            programs = binaries.find_programs(binaries.kubernetes_build())
            programs |= binaries.find_programs(binaries.coredns_build())
            teardown.require_no_other_kubelet(self.places)
            teardown.tear_down(self.places)
            self._require_free_ports()
            self._start_parts(programs)
            self.places.ready_mark.write_text(by)

    def stop(self) -> None:
        """Takes everything away; harmless when nothing is there."""
        with self._only_one_command():
            teardown.tear_down(self.places)

    def remains(self) -> list[str]:
        """What of the cluster is on this machine, in words; for proving that nothing is left."""
        return teardown.remains(self.places)

    def load_image(self, archive: Path) -> None:
        """Makes an image archive known to the node; use it with `imagePullPolicy: Never`."""
        node.import_image(self.places.containerd_socket, archive)

    def kubectl(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002 - subprocess calls it so
        """Runs kubectl as the administrator and returns what it printed; raises `ClusterError` when it fails."""
        return kubectl.run_kubectl(self.kubeconfig, *arguments, input_text=input)

    def service_account_kubeconfig(self, namespace: str, name: str, server: str | None = None) -> Path:
        """A kubeconfig with a real token of a service account, and with another server's URL when given.

        A process on the host then has exactly that account's permissions. Another server is usually a proxy on
        loopback in front of the API server; over https it must show a certificate of this cluster's authority.
        """
        return kubectl.write_token_kubeconfig(self.kubeconfig, self.places.kubeconfigs, namespace, name, server)

    def _start_parts(self, programs: dict[str, Path]) -> None:
        for folder in (self.places.root, self.places.logs, self.places.configuration):
            folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        host_settings.change_settings(self.places.host_settings)
        network.raise_bridge()
        authority = Authority(self.places.certificates)
        plane = ControlPlane(self.places, self._processes, programs, authority)
        machine = Node(self.places, self._processes, programs, authority)
        names = Dns(self.places, self._processes, programs["coredns"], authority)
        with ThreadPoolExecutor(max_workers=1) as beside:
            containers = beside.submit(machine.start_containers)
            plane.start_storage()
            plane.start_api_server()
            plane.start_controllers()
            containers.result()
        machine.start_kubelet()
        machine.start_proxy()
        self.kubectl("apply", "--server-side", "-f", "-", input=names.permissions())
        names.start()
        names.wait_ready()
        self._wait_node_ready()

    def _wait_node_ready(self) -> None:
        def usable() -> bool:
            for record in self._processes.recorded():
                self._processes.require_alive(record)
            return kubectl.node_is_ready(self.kubeconfig) and commands.succeeds(
                *kubectl.kubectl_words(self.kubeconfig), "get", "serviceaccount", "default"
            )

        hint = f"See {self._processes.log('kubelet')}"
        waiting.until(usable, "readiness of the node", seconds=NODE_READY_SECONDS_AT_MOST, pause_seconds=0.3, hint=hint)

    def _require_free_ports(self) -> None:
        for port in (*control_plane.PORTS, *node.PORTS, *dns.PORTS):
            with socket.socket() as attempt:
                attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    attempt.bind(("0.0.0.0", port))
                except OSError as taken:
                    raise ClusterError(f"port {port} is in use by another program: stop that first") from taken

    @contextmanager
    def _only_one_command(self) -> Iterator[None]:
        self.places.lock.parent.mkdir(parents=True, exist_ok=True)
        with self.places.lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
