"""Names inside the cluster: CoreDNS on the host, on the bridge's address, where every pod can ask it.

Only cluster names are answered; every other name does not exist, since pods must not leave the machine.
"""

import json
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import control_plane, kubeconfigs, network, waiting
from tests.cluster.certificates import Authority
from tests.cluster.places import Places
from tests.cluster.processes import Processes

DNS_PORT = 53
READY_ADDRESS = "127.0.0.1:18181"
USER = "memdrift:dns"
READY_SECONDS_AT_MOST = 60
PORTS = (18181,)


@dataclass(frozen=True)
class Dns:
    """What the name server is started with."""

    places: Places
    processes: Processes
    program: Path
    authority: Authority

    def permissions(self) -> str:
        """A manifest that lets the name server watch what it answers about."""
        rules = [
            {"apiGroups": [""], "resources": ["services", "namespaces"], "verbs": ["list", "watch"]},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
        ]
        name = {"name": "memdrift-dns"}
        group = "rbac.authorization.k8s.io"
        role = {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": name, "rules": rules}
        binding = {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": name,
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", **name},
            "subjects": [{"apiGroup": group, "kind": "User", "name": USER}],
        }
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": [role, binding]})

    def start(self) -> None:
        """Starts the name server; needs its permissions to be there."""
        kubeconfig = kubeconfigs.write_kubeconfig(
            self.places.kubeconfigs / "dns.json",
            cluster=kubeconfigs.trusted_cluster(control_plane.API_SERVER, self.authority.certificate),
            user=kubeconfigs.certificate_user(self.authority.issue("dns", USER)),
        )
        settings = self.places.configuration / "Corefile"
        settings.write_text(f""".:{DNS_PORT} {{
    bind {network.NODE_ADDRESS}
    ready {READY_ADDRESS}
    errors
    kubernetes {network.CLUSTER_DOMAIN} in-addr.arpa {{
        kubeconfig {kubeconfig}
        ttl 5
    }}
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
""")
        self.processes.start("coredns", [self.program, "-conf", settings])

    def wait_ready(self) -> None:
        """Returns when the name of the API server's Service has an address."""
        name = f"kubernetes.default.svc.{network.CLUSTER_DOMAIN}"
        waiting.until(
            lambda: address_of(name) == network.API_SERVICE_ADDRESS,
            f"an answer for {name}",
            seconds=READY_SECONDS_AT_MOST,
            hint=f"See {self.processes.log('coredns')}",
        )


def address_of(name: str) -> str | None:
    """Asks the cluster's name server for an IPv4 address; None when there is none or no answer."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    query = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + question + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(1)
        try:
            channel.sendto(query, (network.NODE_ADDRESS, DNS_PORT))
            answer = channel.recv(4096)
        except OSError:
            return None
    answers = struct.unpack(">H", answer[6:8])[0]
    # A plain answer to one A question ends with the address' four bytes.
    return socket.inet_ntoa(answer[-4:]) if answers else None
