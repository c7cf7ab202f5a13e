"""A namespace with hand-made resources, and the command line as different people run it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from memdrift.api.driftincident import DriftIncidentStatus
from memdrift.api.featurestore import FeatureStoreStatus
from memdrift.cli import main
from tests.api import specs
from tests.cli.resources import incident
from tests.cluster.clusters import Cluster

PERSON = "sre"
ONLOOKER = "onlooker"


def run(kubeconfig: Path, *arguments: str) -> Result:
    """The command line with a kubeconfig, in this process."""
    return CliRunner(env={"KUBECONFIG": str(kubeconfig)}).invoke(main, list(arguments), catch_exceptions=False)


@dataclass(frozen=True)
class Desk:
    """One namespace.

    Attributes:
        people: kubeconfigs by the name of their service account.
    """

    cluster: Cluster
    namespace: str
    people: dict[str, Path]

    def memdrift(self, *arguments: str, by: str = PERSON) -> Result:
        """The command line as somebody, in this namespace."""
        return run(self.people[by], *arguments, "-n", self.namespace)

    def kubectl(self, *arguments: str, document: object = None) -> str:
        """kubectl as the administrator, in this namespace."""
        text = None if document is None else json.dumps(document)
        return self.cluster.kubectl("-n", self.namespace, *arguments, input=text)

    def write_store(self, name: str, status: FeatureStoreStatus | None) -> None:
        """A store, with a status where the operator has looked at it."""
        document = specs.changed(specs.STORE, ("metadata.name", name), ("spec.mode", "Approve"))
        self.kubectl("apply", "-f", "-", document=document)
        if status is not None:
            self._write_status("featurestores.memdrift.io", name, status.to_wire())

    def write_incident(self, store: str, number: int, status: DriftIncidentStatus) -> str:
        """An incident with its status; returns its name."""
        document = incident(store, number)
        self.kubectl("apply", "-f", "-", document=document)
        name: str = document["metadata"]["name"]
        self._write_status("driftincidents", name, status.to_wire())
        return name

    def approval(self, incident_name: str) -> dict[str, Any] | None:
        """What the API server has of a person's answer."""
        found: dict[str, Any] = json.loads(self.kubectl("get", "driftincidents", incident_name, "-o", "json"))["spec"]
        return found.get("approval")

    def _write_status(self, kind: str, name: str, status: dict[str, Any]) -> None:
        patch = json.dumps({"status": status})
        self.kubectl("patch", kind, name, "--subresource=status", "--type=merge", f"--patch={patch}")
