"""All stores of the fault tests, deployed at once and watched by one operator, so that their leaks grow side by side.

Exists because an incident takes minutes and the tests need many. Each test has its own stores in a namespace of its
own; what they share is the operator, which they may restart: it must go on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.adapters.prometheus_server import PrometheusServer
from tests.cluster import binaries
from tests.e2e import kinds
from tests.e2e.audit import Audit, Call
from tests.e2e.leaker import HEALTHY, Leaker, administration
from tests.e2e.process import OperatorProcess
from tests.e2e.scene import MANIFESTS, Scene
from tests.e2e.waiting import until

OBSERVED, CROWDED, OUTAGE, DELETED = "e2e-observe", "e2e-crowded", "e2e-outage", "e2e-delete"
ALERTED, BOUNDED = "e2e-alerts", "e2e-ceilings"
NAMESPACES = (OBSERVED, CROWDED, OUTAGE, DELETED, ALERTED, BOUNDED, kinds.NAMESPACE)
NEVER_BY_ITSELF_SECONDS = 3600
"""An evaluation period that no test lives to see, so that a look has another cause."""
MATURE_SECONDS = 300
"""For a leak to grow into an incident that waits, on a busy machine."""


@dataclass
class Stores:
    """The stores, and what stands around them.

    Attributes:
        own_prometheus: the metrics source of one store only, so that it can be stopped.
    """

    scene: Scene
    folder: Path
    audit: Audit
    own_prometheus: PrometheusServer
    operator: OperatorProcess = field(init=False)
    _opened: int = 0

    def __post_init__(self) -> None:
        self.operator = OperatorProcess(self.scene, self.folder, changes=self._administration(), watched=NAMESPACES)
        self.observed = Leaker(self.scene, OBSERVED)
        self.crowded = Leaker(self.scene, CROWDED)
        self.dark = Leaker(self.scene, OUTAGE)
        self.deleted_in_flight = Leaker(self.scene, DELETED, "in-flight")
        self.deleted_unseen = Leaker(self.scene, DELETED, "unseen")
        self.alerted = Leaker(self.scene, ALERTED, replicas=0)
        self.bounded = Leaker(self.scene, BOUNDED, replicas=1)

    def open(self) -> None:
        """Deploy everything and start the operator."""
        self._opened = self.audit.end()
        dark = self.dark.store(
            mode="Approve",
            metrics={"source": "own"},
            detection={"minCoveragePercent": 50},
            remediation={"strategy": "Rollout"},
        )
        leaking = [
            (self.observed, self.observed.store(mode="Observe")),
            (self.crowded, self.crowded.store()),
            (self.dark, dark),
            (self.deleted_in_flight, self.deleted_in_flight.store(mode="Approve")),
            (self.deleted_unseen, self.deleted_unseen.store(mode="Approve")),
        ]
        for leaker, store in leaking:
            leaker.deploy(wait=False)
            self.scene.apply(store)
        self.scene.apply(self.crowded.disruption_budget(self.crowded.replicas))
        self.bounded.deploy(HEALTHY, wait=False)
        self.scene.apply(self.bounded.store(mode="Observe"))
        self.alerted.deploy(HEALTHY, wait=False)
        self.scene.apply(self.alerted.store(mode="Observe", evaluationPeriodSeconds=NEVER_BY_ITSELF_SECONDS))
        kinds.deploy(self.scene)
        self.operator.start()

    def close(self) -> None:
        """End the operator and let the namespaces go."""
        self.operator.stop()
        self.scene.kubectl("delete", "namespace", *NAMESPACES, "--ignore-not-found", "--wait=false")

    def calls(self, namespace: str) -> list[Call]:
        """What the operator asked of the API server in a namespace since the stores were deployed."""
        return self.audit.calls(namespace, since=self._opened)

    def mature(self, leaker: Leaker, reason: str) -> dict[str, Any]:
        """The leaker's incident, once it waits for this reason."""

        def waiting() -> dict[str, Any]:
            newest = leaker.incidents()[-1]
            return newest if newest["status"].get("reason") == reason else {}

        what = f"{leaker.namespace}/{leaker.name} to wait for {reason}"
        return until(waiting, what, seconds=MATURE_SECONDS)

    def ended(self, leaker: Leaker, seconds: float = 240) -> dict[str, Any]:
        """The leaker's incident, once it has an outcome."""

        def closed() -> dict[str, Any]:
            newest = leaker.incidents()[-1]
            return newest if newest["status"].get("outcome") else {}

        return until(closed, f"an outcome of {leaker.namespace}/{leaker.name}", seconds=seconds)

    def look_again(self, leaker: Leaker, seconds: float = 10) -> None:
        """Wait until the operator judged the store again, so many seconds after its last look."""
        sample = f'memdrift_store_evaluated_timestamp_seconds{{namespace="{leaker.namespace}",store="{leaker.name}"}}'
        before = until(lambda: self.operator.metric(sample), f"a look at {leaker.name}", seconds=60)
        until(lambda: self.operator.metric(sample) >= before + seconds, f"another look at {leaker.name}", seconds=120)

    def looks(self, leaker: Leaker) -> int:
        """How often the operator looked at a store, by its log."""
        lines = self.operator.log.read_text(errors="replace").splitlines()
        ticks = [json.loads(line) for line in lines if '"message": "tick"' in line]
        return sum((tick["namespace"], tick["store"]) == (leaker.namespace, leaker.name) for tick in ticks)

    def _administration(self) -> dict[str, Any]:
        """What the tests' stores may do; one namespace may do next to nothing."""
        changes = administration()
        main = changes["sources"][0]
        own = {**main, "name": "own", "url": self.own_prometheus.url, "allowedNamespaces": [OUTAGE]}
        private = {**main, "name": "private", "allowedNamespaces": ["somebody-else"]}
        desk = {"name": "private", "kind": "Log", "allowedNamespaces": ["somebody-else"]}
        return {
            "sources": [main, own, private],
            "trackers": [*changes["trackers"], desk],
            "ceilings": [{"namespaces": [BOUNDED], "mode": "Observe"}, *changes["ceilings"]],
            "stormThresholdPercent": 100,  # that all stores leak at once is the point here
        }


def condition(status: dict[str, Any], kind: str) -> dict[str, Any]:
    """A condition of a resource's status; empty where it is absent."""
    rows: list[dict[str, Any]] = status.get("conditions", [])
    return next((row for row in rows if row["type"] == kind), {})


def _own_prometheus(kubeconfig: Path) -> PrometheusServer:
    """A Prometheus of this machine that scrapes one namespace as the cluster's own scrapes all."""
    documents = yaml.safe_load_all((MANIFESTS / "monitoring.yaml").read_text())
    texts = [document["data"] for document in documents if document["kind"] == "ConfigMap"]
    configuration = yaml.safe_load(next(text["prometheus.yml"] for text in texts if "prometheus.yml" in text))
    pods = next(job for job in configuration["scrape_configs"] if job["job_name"] == "pods")
    discovery = {"role": "pod", "kubeconfig_file": str(kubeconfig), "namespaces": {"names": [OUTAGE]}}
    pods["kubernetes_sd_configs"] = [discovery]
    server = binaries.find_programs(binaries.prometheus_build())["prometheus"]
    content = {"global": configuration["global"], "scrape_configs": [pods]}
    return PrometheusServer(yaml.safe_dump(content), server=server)


@pytest.fixture(scope="session")
def stores(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Everything deployed; leaks need minutes to grow into incidents."""
    with _own_prometheus(scene.cluster.kubeconfig) as prometheus:
        made = Stores(scene, tmp_path_factory.mktemp("operator"), Audit(scene.cluster.audit_log), prometheus)
        try:
            made.open()
            yield made
        finally:
            made.close()
