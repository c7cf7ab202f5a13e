"""The CRD files, generated from the models: `python -m memdrift.api.crds [--check] DIRECTORY`.

Exists so that names, bounds, defaults and descriptions are written once. Must not add a rule of its own to a field.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from memdrift.api.driftincident import DriftIncident, DriftIncidentStatus
from memdrift.api.featurestore import FeatureStore, FeatureStoreStatus
from memdrift.api.schema import Schema, structural_schema
from memdrift.api.wire import GROUP, VERSION

_HEADER = "# Generated from the models in memdrift.api by `make crds`. Edits here are overwritten.\n"
_USAGE = "usage: python -m memdrift.api.crds [--check] DIRECTORY\n"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`.

    Attributes:
        wide: shown only with `-o wide`.
    """

    name: str
    path: str
    description: str
    type: str = "string"
    wide: bool = False

    def to_wire(self) -> dict[str, Any]:
        """The column as the CRD spells it."""
        column = {"name": self.name, "jsonPath": self.path, "description": self.description, "type": self.type}
        return {**column, "priority": 1} if self.wide else column


@dataclass(frozen=True, slots=True)
class Resource:
    """What a CRD says beside its schema."""

    model: type[BaseModel]
    status: type[BaseModel]
    plural: str
    short_name: str
    columns: tuple[Column, ...]


_AGE = Column("Age", ".metadata.creationTimestamp", "When the object was created.", "date")

FEATURE_STORES = Resource(
    FeatureStore,
    FeatureStoreStatus,
    "featurestores",
    "fst",
    (
        Column("Ready", '.status.conditions[?(@.type=="Ready")].status', "Whether the store can be judged."),
        Column("Drift", ".status.verdict", "The verdict on the worst container."),
        Column("Growth", ".status.growthPerHour", "Growth of memory per hour in the worst pod."),
        Column("Latency", ".status.latencyMilliseconds", "Latency of the worst pod in milliseconds.", "integer"),
        Column("To-Limit", ".status.secondsToLimit", "Seconds until a pod reaches its limit.", "integer"),
        Column("Remediation", '.status.conditions[?(@.type=="Remediating")].reason', "What is done, or why nothing."),
        Column("Mode", ".spec.mode", "How far memdrift may go.", wide=True),
        Column("Incident", ".status.incident", "The open incident.", wide=True),
        _AGE,
    ),
)

DRIFT_INCIDENTS = Resource(
    DriftIncident,
    DriftIncidentStatus,
    "driftincidents",
    "drift",
    (
        Column("Store", ".spec.storeRef.name", "The store that drifts."),
        Column("Stage", '.status.conditions[?(@.type=="Remediating")].reason', "What is done, or why nothing."),
        Column("Suspect", ".status.findings.suspects[0].module", "The module that owns most of the growth."),
        Column("Growth", ".status.growthPerHour", "Growth of memory per hour in the worst pod."),
        Column("Ticket", ".status.ticket.url", "Where the owners read about it."),
        Column("Outcome", ".status.outcome", "How it ended."),
        Column("Container", ".spec.container", "The container that drifts.", wide=True),
        _AGE,
    ),
)

RESOURCES = (FEATURE_STORES, DRIFT_INCIDENTS)


def definition(resource: Resource) -> dict[str, Any]:
    """The CustomResourceDefinition of a resource as an object."""
    kind = resource.model.__name__
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [column.to_wire() for column in resource.columns],
        "schema": {"openAPIV3Schema": _root(resource)},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": resource.plural,
                "singular": kind.lower(),
                "shortNames": [resource.short_name],
                "categories": ["memdrift"],
            },
            "versions": [version],
        },
    }


def _root(resource: Resource) -> Schema:
    """The API server checks version, kind and metadata itself, so the schema only names them."""
    whole = structural_schema(resource.model, defaults=True)
    return {
        **{key: whole[key] for key in ("description", "x-kubernetes-validations") if key in whole},
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"`{GROUP}/{VERSION}`."},
            "kind": {"type": "string", "description": f"`{resource.model.__name__}`."},
            "metadata": {"type": "object"},
            "spec": whole["properties"]["spec"],
            "status": structural_schema(resource.status, defaults=False),
        },
    }


def rendered(resource: Resource) -> str:
    """The CRD file of a resource; the same models always give the same bytes."""
    return _HEADER + yaml.safe_dump(definition(resource), sort_keys=True, width=120, allow_unicode=True)


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` say which differ; the exit status."""
    check = "--check" in arguments
    folders = [argument for argument in arguments if argument != "--check"]
    if len(folders) != 1 or folders[0].startswith("-"):
        sys.stderr.write(_USAGE)
        return 2
    stale = []
    for resource in RESOURCES:
        file, content = Path(folders[0]) / f"{resource.plural}.yaml", rendered(resource)
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != content:
            stale.append(file)
    for file in stale:
        sys.stderr.write(f"{file} is not what the models generate; run `make crds` and commit the result\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
