"""containerd, kubelet and kube-proxy: the one node of the cluster, on this machine itself.

The settings here are the ones found to matter on a machine without CAP_SYS_RESOURCE, with cgroup v1 as well as v2.
This module must not import images other than the one that containerd needs to make pods at all.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster import commands, control_plane, images, kubeconfigs, network, packages, waiting
from tests.cluster.certificates import Authority, Identity
from tests.cluster.errors import ClusterError
from tests.cluster.places import NODE_NAME, Places
from tests.cluster.processes import Processes

KUBELET_PORT, KUBELET_HEALTH_PORT = 10250, 10248
PROXY_HEALTH_PORT, PROXY_METRICS_PORT = 10256, 10249
PORTS = (KUBELET_PORT, KUBELET_HEALTH_PORT, PROXY_HEALTH_PORT, PROXY_METRICS_PORT)
IMPORT_SECONDS_AT_MOST = 300
CONTAINERD_SECONDS_AT_MOST = 60


def import_image(socket: Path, archive: Path) -> None:
    """Makes an image archive known to the containerd that listens on the socket."""
    if not archive.exists():
        raise ClusterError(f"there is no image archive {archive}: build it first")
    commands.run(*_ctr(socket), "images", "import", archive, seconds=IMPORT_SECONDS_AT_MOST)


def _ctr(socket: Path) -> tuple[str, ...]:
    program = str(commands.find_program("ctr") or "ctr")
    return (program, "--address", str(socket), "--namespace", "k8s.io")


@dataclass(frozen=True)
class Node:
    """What the node's processes are started with."""

    places: Places
    processes: Processes
    programs: dict[str, Path]
    authority: Authority

    def start_containers(self) -> None:
        """Starts containerd and gives it the pause image."""
        pause = images.pause_image()
        self._write_container_network()
        settings = self.places.configuration / "containerd.toml"
        settings.write_text(self._containerd_settings(pause.reference))
        record = self.processes.start(
            "containerd",
            [commands.find_program("containerd") or "containerd", "--config", settings, "--log-level=warn"],
        )

        def ready() -> bool:
            self.processes.require_alive(record)
            return self.places.containerd_socket.exists() and commands.succeeds(
                *_ctr(self.places.containerd_socket), "version"
            )

        waiting.until(ready, "readiness of containerd", seconds=CONTAINERD_SECONDS_AT_MOST)
        import_image(self.places.containerd_socket, pause.archive)

    def start_kubelet(self) -> None:
        """Starts the kubelet, which registers the node."""
        identity = self.authority.issue(
            "kubelet", f"system:node:{NODE_NAME}", groups=["system:nodes"], hosts=[network.NODE_ADDRESS, NODE_NAME]
        )
        settings = self.places.configuration / "kubelet.json"
        settings.write_text(json.dumps(self._kubelet_settings(identity), indent=2))
        self.processes.start(
            "kubelet",
            [
                self.programs["kubelet"],
                f"--config={settings}",
                f"--kubeconfig={self._write_kubeconfig('kubelet', identity)}",
                f"--root-dir={self.places.kubelet}",
                f"--cert-dir={self.places.certificates / 'kubelet'}",
                f"--hostname-override={NODE_NAME}",
                f"--node-ip={network.NODE_ADDRESS}",
            ],
        )

    def start_proxy(self) -> None:
        """Starts kube-proxy, which makes Service addresses reachable."""
        identity = self.authority.issue("kube-proxy", "system:kube-proxy")
        settings = self.places.configuration / "kube-proxy.json"
        document = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "hostnameOverride": NODE_NAME,
            "clientConnection": {"kubeconfig": str(self._write_kubeconfig("kube-proxy", identity))},
            "clusterCIDR": network.POD_RANGE,
            "healthzBindAddress": f"127.0.0.1:{PROXY_HEALTH_PORT}",
            "metricsBindAddress": f"127.0.0.1:{PROXY_METRICS_PORT}",
            "nodePortAddresses": [f"{network.NODE_ADDRESS}/32"],
            # Pods share one bridge: without this an answer would go back beside the address translation.
            "iptables": {"masqueradeAll": True, "minSyncPeriod": "0.2s"},
            # The kernel's connection table is the machine's, not ours.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
            "oomScoreAdj": 0,
        }
        settings.write_text(json.dumps(document, indent=2))
        self.processes.start("kube-proxy", [self.programs["kube-proxy"], f"--config={settings}"])

    def _write_kubeconfig(self, name: str, identity: Identity) -> Path:
        return kubeconfigs.write_kubeconfig(
            self.places.kubeconfigs / f"{name}.json",
            cluster=kubeconfigs.trusted_cluster(control_plane.API_SERVER, self.authority.certificate),
            user=kubeconfigs.certificate_user(identity),
        )

    def _write_container_network(self) -> None:
        folder = self.places.container_network / "net.d"
        folder.mkdir(parents=True, exist_ok=True)
        address_management = {
            "type": "host-local",
            "dataDir": str(self.places.container_network / "addresses"),
            "ranges": [[{"subnet": network.POD_RANGE, "rangeStart": network.POD_RANGE_START}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        }
        plugins: list[dict[str, Any]] = [
            {
                "type": "bridge",
                "bridge": network.BRIDGE,
                "isGateway": True,
                "ipMasq": False,
                "hairpinMode": True,
                "ipam": address_management,
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ]
        document = {"cniVersion": "0.4.0", "name": network.BRIDGE, "plugins": plugins}
        (folder / "10-memdrift.conflist").write_text(json.dumps(document, indent=2))

    def _containerd_settings(self, pause_reference: str) -> str:
        places = self.places
        return f"""version = 2
root = "{places.containerd}"
state = "{places.containerd_state}"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = "{places.containerd_socket}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause_reference}"
# Without CAP_SYS_RESOURCE a lower score is refused, and with it every sandbox.
restrict_oom_score_adj = true
# Below our own state, so that tearing down finds them and nobody else's.
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{packages.container_network_plugins()}"
conf_dir = "{places.container_network / "net.d"}"
"""

    def _kubelet_settings(self, identity: Identity) -> dict[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": network.NODE_ADDRESS,
            "port": KUBELET_PORT,
            "healthzPort": KUBELET_HEALTH_PORT,
            "tlsCertFile": str(identity.certificate),
            "tlsPrivateKeyFile": str(identity.key),
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(self.authority.certificate)},
            },
            "authorization": {"mode": "Webhook"},
            "containerRuntimeEndpoint": f"unix://{self.places.containerd_socket}",
            "cgroupDriver": "cgroupfs",
            "clusterDNS": [network.NODE_ADDRESS],
            "clusterDomain": network.CLUSTER_DOMAIN,
            "resolvConf": "",
            "failSwapOn": False,
            "enforceNodeAllocatable": [],
            "makeIPTablesUtilChains": False,
            # The machine is shared and its disk is not ours to guard.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "podLogsDir": str(self.places.logs / "pods"),
            "volumePluginDir": str(self.places.kubelet / "volume-plugins"),
            "oomScoreAdj": 0,
        }
