"""etcd, API server, controller manager and scheduler as plain processes, with an audit log of every request.

Everything listens on loopback or on the bridge, never on the machine's outer addresses.
This module must not know about nodes.
"""

import json
import ssl
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

from tests.cluster import certificates, commands, kubeconfigs, network, waiting
from tests.cluster.certificates import Authority, Identity
from tests.cluster.places import Places
from tests.cluster.processes import Processes

API_PORT = 16443
API_SERVER = f"https://{network.NODE_ADDRESS}:{API_PORT}"
ETCD_PORT, ETCD_PEER_PORT = 12379, 12380
CONTROLLER_MANAGER_PORT, SCHEDULER_PORT = 10257, 10259
PORTS = (API_PORT, ETCD_PORT, ETCD_PEER_PORT, CONTROLLER_MANAGER_PORT, SCHEDULER_PORT)
READY_SECONDS_AT_MOST = 90
AUDIT_LOG_MEGABYTES = 4096
ISSUER_HOST = "kubernetes.default.svc"
CLUSTER_ADMINISTRATORS = "system:masters"
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    # One line when a request is answered is enough, and long-running ones get one at their start.
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


@dataclass(frozen=True)
class ControlPlane:
    """What the control plane's processes are started with."""

    places: Places
    processes: Processes
    programs: dict[str, Path]
    authority: Authority

    def start_storage(self) -> None:
        """Starts etcd; the data is thrown away, so it never waits for the disk."""
        url, peer = f"http://127.0.0.1:{ETCD_PORT}", f"http://127.0.0.1:{ETCD_PEER_PORT}"
        etcd = self.processes.start(
            "etcd",
            [
                commands.find_program("etcd") or "etcd",
                "--unsafe-no-fsync",
                f"--data-dir={self.places.etcd}",
                f"--listen-client-urls={url}",
                f"--advertise-client-urls={url}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
                "--logger=zap",
                "--log-level=warn",
            ],
        )
        self.processes.require_alive(etcd)

    def start_api_server(self) -> None:
        """Starts the API server and returns when it says that it is ready."""
        server = self.processes.start("kube-apiserver", [self.programs["kube-apiserver"], *self._api_server_flags()])
        admin = self.authority.issue("admin", "memdrift-admin", groups=[CLUSTER_ADMINISTRATORS])
        self._write_kubeconfig("admin", admin)

        def ready() -> bool:
            self.processes.require_alive(server)
            return self._answers_ready(admin)

        hint = f"See {self.processes.log('kube-apiserver')}"
        waiting.until(ready, "readiness of the API server", seconds=READY_SECONDS_AT_MOST, hint=hint)

    def _api_server_flags(self) -> list[str]:
        own_names = ("kubernetes", "kubernetes.default", ISSUER_HOST, f"{ISSUER_HOST}.{network.CLUSTER_DOMAIN}")
        own_addresses = ("127.0.0.1", "localhost", network.NODE_ADDRESS, network.API_SERVICE_ADDRESS)
        serving = self.authority.issue("kube-apiserver", "kube-apiserver", hosts=[*own_addresses, *own_names])
        to_kubelet = self.authority.issue("apiserver-kubelet-client", "kube-apiserver", groups=[CLUSTER_ADMINISTRATORS])
        signing_key = certificates.write_signing_key(self.places.certificates / "service-accounts.key")
        policy = self.places.configuration / "audit-policy.json"
        policy.write_text(json.dumps(AUDIT_POLICY, indent=2))
        return [
            f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}",
            f"--bind-address={network.NODE_ADDRESS}",
            f"--advertise-address={network.NODE_ADDRESS}",
            f"--secure-port={API_PORT}",
            f"--service-cluster-ip-range={network.SERVICE_RANGE}",
            f"--client-ca-file={self.authority.certificate}",
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            f"--kubelet-client-certificate={to_kubelet.certificate}",
            f"--kubelet-client-key={to_kubelet.key}",
            f"--kubelet-certificate-authority={self.authority.certificate}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-issuer=https://{ISSUER_HOST}",
            f"--service-account-signing-key-file={signing_key}",
            f"--service-account-key-file={signing_key}",
            "--authorization-mode=Node,RBAC",
            # Both ask etcd for what only versions newer than the packaged one can tell, and fill the log with it.
            "--feature-gates=DetectCacheInconsistency=false,SizeBasedListCostEstimate=false",
            "--enable-admission-plugins=NodeRestriction",
            "--profiling=false",
            f"--audit-policy-file={policy}",
            f"--audit-log-path={self.places.audit_log}",
            f"--audit-log-maxsize={AUDIT_LOG_MEGABYTES}",
        ]

    def start_controllers(self) -> None:
        """Starts the controller manager and the scheduler; without elections, since each is alone."""
        manager = self.authority.issue("controller-manager", "system:kube-controller-manager")
        self.processes.start(
            "kube-controller-manager",
            [
                self.programs["kube-controller-manager"],
                f"--kubeconfig={self._write_kubeconfig('controller-manager', manager)}",
                f"--service-account-private-key-file={self.places.certificates / 'service-accounts.key'}",
                f"--root-ca-file={self.authority.certificate}",
                f"--tls-cert-file={manager.certificate}",
                f"--tls-private-key-file={manager.key}",
                f"--secure-port={CONTROLLER_MANAGER_PORT}",
                "--use-service-account-credentials=true",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                "--profiling=false",
            ],
        )
        scheduler = self.authority.issue("scheduler", "system:kube-scheduler")
        self.processes.start(
            "kube-scheduler",
            [
                self.programs["kube-scheduler"],
                f"--kubeconfig={self._write_kubeconfig('scheduler', scheduler)}",
                f"--tls-cert-file={scheduler.certificate}",
                f"--tls-private-key-file={scheduler.key}",
                f"--secure-port={SCHEDULER_PORT}",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                "--profiling=false",
            ],
        )

    def _write_kubeconfig(self, name: str, identity: Identity) -> Path:
        return kubeconfigs.write_kubeconfig(
            self.places.kubeconfigs / f"{name}.json",
            cluster=kubeconfigs.trusted_cluster(API_SERVER, self.authority.certificate),
            user=kubeconfigs.certificate_user(identity),
        )

    def _answers_ready(self, admin: Identity) -> bool:
        trust = ssl.create_default_context(cafile=str(self.authority.certificate))
        trust.load_cert_chain(admin.certificate, admin.key)
        connection = HTTPSConnection(network.NODE_ADDRESS, API_PORT, context=trust, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
