"""The scene of demo and end-to-end tests: monitoring, the two stores, their load, and the operator, on a real cluster.

Exists so that the demo and the tests stand on the same ground. Everything is deployed by kubectl, as a user would.
"""

from __future__ import annotations

import copy
import json
import re
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import images, operator_image
from tests.cluster.clusters import Cluster
from tests.e2e.waiting import until
from tests.gitea.project import Project
from tests.market_store import build

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MANIFESTS = HERE / "manifests"
MARKET = "market-store"
TWIN = "market-store-twin"
NAMESPACES = ("market-store", "memdrift", "monitoring")
TICKETS_TOKEN_FILE = "/var/run/secrets/memdrift/tickets/token"
PEAK_SECONDS = 105
HEALTHY_SCHEDULE = "peak:44"
LEAK_SCHEDULE = f"peak:44x{PEAK_SECONDS}s,ebb:33"
LIMIT_MILLICORES, REQUEST_MILLICORES = 400, 200
"""Of a store on a machine that needs `build.REFERENCE_MILLISECONDS` for a request."""


def at_this_speed(manifests: str) -> str:
    """The stores' manifests with as much CPU as makes this machine as fast as the one that the load was made for.

    Latency follows memory only where collector and requests compete for the CPU: on a machine twice as fast the same
    leak under the same load would stay below its objective, and the story would not be told.
    """
    speed = build.milliseconds_per_request() / build.REFERENCE_MILLISECONDS
    found, count = re.subn(
        rf"cpu: ({LIMIT_MILLICORES}|{REQUEST_MILLICORES})m\n",
        lambda given: f"cpu: {max(round(int(given[1]) * speed), 1)}m\n",
        manifests,
    )
    assert count == 4, "the two stores' manifests have another CPU than the scene expects"
    return found


@dataclass
class Scene:
    """A cluster with everything in it.

    Attributes:
        archive: the folder that the operator's volume points at, on the node.
        operator_in_cluster: the operator runs from its image; otherwise a test runs it as a process of this machine.
        tickets: where incidents are filed, as tracker `gitea`; without it stores file into the operator's log.
    """

    cluster: Cluster
    archive: Path
    operator_in_cluster: bool = True
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    tickets: Project | None = None

    def kubectl(self, *arguments: str, document: object = None) -> str:
        """kubectl as the administrator; `document` goes to its standard input."""
        text = None
        if document is not None:
            text = document if isinstance(document, str) else json.dumps(document)
        return self.cluster.kubectl(*arguments, input=text)

    def apply(self, document: object) -> None:
        """Apply one manifest, or a text with several."""
        self.kubectl("apply", "-f", "-", document=document)

    def listed(self, kind: str, namespace: str = MARKET, selector: str = "") -> list[dict[str, Any]]:
        """Objects as the API server has them."""
        chosen = ["-l", selector] if selector else []
        items: list[dict[str, Any]] = json.loads(self.kubectl("get", kind, "-n", namespace, "-o", "json", *chosen))[
            "items"
        ]
        return items

    def named(self, kind: str, name: str, namespace: str = MARKET) -> dict[str, Any]:
        """One object."""
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json"))
        return found

    # Setting it

    def clear(self) -> None:
        """Whatever an earlier run left: namespaces, cluster-wide objects, the archive's content."""
        self.kubectl("delete", "namespace", *NAMESPACES, "--ignore-not-found", "--wait=true", "--timeout=120s")
        self.kubectl("delete", "persistentvolume", "memdrift-archive", "--ignore-not-found", "--wait=true")
        shutil.rmtree(self.archive, ignore_errors=True)
        self.archive.mkdir(parents=True)
        shutil.chown(self.archive, 65532, 65532)

    def load_images(self) -> dict[str, str]:
        """Build what is missing, import everything, and return references by name."""
        built = {"prometheus": images.prometheus_image(), "alertmanager": images.alertmanager_image()}
        if self.operator_in_cluster:
            built["memdrift"] = operator_image.operator_image()
        for image in [*built.values(), *build.build_images()]:
            self.cluster.load_image(image.archive)
        return {name: image.reference for name, image in built.items()}

    def deploy(self, references: dict[str, str]) -> None:
        """The ground and the demo's stores on the healthy version."""
        self.deploy_ground(references)
        self.apply(at_this_speed(self.kubectl("kustomize", str(ROOT / "tests/market_store/manifests"))))
        self.apply((MANIFESTS / "people.yaml").read_text())
        self.rolled(MARKET, MARKET)
        self.rolled(MARKET, TWIN)

    def deploy_ground(self, references: dict[str, str]) -> None:
        """Monitoring, and the operator or only its account and CRDs."""
        self.kubectl("create", "namespace", "memdrift")
        self._deploy_operator(references.get("memdrift", ""))
        text = (MANIFESTS / "monitoring.yaml").read_text()
        for name in ("prometheus", "alertmanager"):
            text = text.replace(f"image: registry.local/{name}\n", f"image: {references[name]}\n")
        self.kubectl("create", "namespace", "monitoring")
        self._secret("monitoring")
        self.apply(text)
        self.rolled("monitoring", "prometheus")
        self.rolled("monitoring", "alertmanager")

    def rolled(self, namespace: str, deployment: str, seconds: int = 180) -> None:
        """Wait until a Deployment is rolled out."""
        self.kubectl("rollout", "status", "-n", namespace, f"deployment/{deployment}", f"--timeout={seconds}s")

    def _secret(self, namespace: str, name: str = "memdrift-receiver", token: str = "") -> None:
        literal = f"--from-literal=token={token or self.token}"
        self.kubectl("create", "secret", "generic", name, "-n", namespace, literal)

    def _administration(self) -> str:
        """The administrator's file, which names the tracker where there is one."""
        text = (MANIFESTS / "administration.yaml").read_text()
        if self.tickets is None:
            return text
        document = yaml.safe_load(text)
        content = yaml.safe_load(document["data"]["administration.yaml"])
        content["trackers"].append(self.tickets.tracker("gitea", TICKETS_TOKEN_FILE, MARKET))
        document["data"]["administration.yaml"] = yaml.safe_dump(content, sort_keys=False)
        return yaml.safe_dump(document, sort_keys=False)

    def _deploy_operator(self, reference: str) -> None:
        self._secret("memdrift")
        self.apply((MANIFESTS / "volume.yaml").read_text().replace("${ARCHIVE}", str(self.archive)))
        overlay = ROOT / "build" / "scene" / "operator"
        overlay.mkdir(parents=True, exist_ok=True)
        (overlay / "administration.yaml").write_text(self._administration())
        kustomization: dict[str, Any] = {
            "resources": ["../../../manifests/operator"],
            "patches": [{"path": "administration.yaml"}],
        }
        if self.tickets is not None:
            self._secret("memdrift", "memdrift-tickets", self.tickets.token)
            shutil.copy(MANIFESTS / "tickets.yaml", overlay)
            kustomization["patches"].append({"path": "tickets.yaml"})
        if reference:
            name, _, tag = reference.rpartition(":")
            kustomization["images"] = [{"name": "registry.local/memdrift", "newName": name, "newTag": tag}]
        else:
            stopped = {"op": "replace", "path": "/spec/replicas", "value": 0}
            target = {"kind": "Deployment", "name": "memdrift"}
            kustomization["patches"].append({"target": target, "patch": yaml.safe_dump([stopped])})
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        self.kubectl("apply", "-k", str(overlay))
        if reference:
            self.rolled("memdrift", "memdrift")

    def store(self, name: str = MARKET, **spec: Any) -> dict[str, Any]:
        """The manifest of a store: the demo's, with another name and target and some parts of the spec replaced."""
        document: dict[str, Any] = yaml.safe_load((MANIFESTS / "store.yaml").read_text())
        document = copy.deepcopy(document)
        document["metadata"]["name"] = name
        document["spec"]["targetRef"]["name"] = name
        for part, value in spec.items():
            known = document["spec"].get(part)
            merged = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
            document["spec"][part] = merged
        return document

    def filed_store(self, name: str = MARKET) -> dict[str, Any]:
        """The same, with its incidents filed where people look: in the tracker, if there is one."""
        return self.store(name, filing={"tracker": "gitea" if self.tickets else "log"})

    # What happens in it

    def start_load(self, schedule: str) -> None:
        """Bounded load on both stores, from the beginning of a schedule."""
        self.kubectl("delete", "job", "load", "load-twin", "-n", MARKET, "--ignore-not-found", "--wait=true")
        folder = ROOT / "tests/market_store/manifests/load/load.yaml"
        text = folder.read_text().replace(f"value: {LEAK_SCHEDULE}", f"value: {schedule}")
        assert text.count(f"value: {schedule}\n") == 2, (
            "the load's manifest has another schedule than the scene expects"
        )
        self.apply(text)

    def change_version(self, tag: str) -> None:
        """Roll another build of the market store out: the change that brings, or ends, the leak."""
        self.kubectl(
            "set", "image", "-n", MARKET, f"deployment/{MARKET}", f"market-store=registry.local/market-store:{tag}"
        )
        self.rolled(MARKET, MARKET)

    def status(self, name: str = MARKET, namespace: str = MARKET) -> dict[str, Any]:
        """A store's status, empty before the first look."""
        status: dict[str, Any] = self.named("featurestores.memdrift.io", name, namespace).get("status", {})
        return status

    def incidents(self, store: str = MARKET, namespace: str = MARKET) -> list[dict[str, Any]]:
        """A store's incidents, oldest first."""
        found = [each for each in self.listed("driftincidents", namespace) if each["spec"]["storeRef"]["name"] == store]
        return sorted(found, key=lambda each: int(each["spec"]["number"]))

    def pods(self, name: str = MARKET, namespace: str = MARKET) -> list[dict[str, Any]]:
        """A store's pods that are not on their way out."""
        found = self.listed("pods", namespace, f"app.kubernetes.io/name={name}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def healthy_baseline(self) -> bool:
        """Whether the healthy revision was profiled and judged steady: from now on a change can be blamed."""
        return any(baseline.get("healthy") for baseline in self.status().get("baselines", []))

    def leak(self) -> None:
        """Wait for the healthy baseline, then roll the leaking version out under a fresh peak."""
        until(self.healthy_baseline, "a healthy baseline of the first version", seconds=300)
        self.change_version("async-v0.0.3")
        self.start_load(LEAK_SCHEDULE)
