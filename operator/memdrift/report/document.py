"""An incident's document for the archive, and its name in one line.

Exists so that the evidence reads without the operator and without the cluster. Must not fetch anything.
"""

from __future__ import annotations

import json

from memdrift.api.driftincident import DriftIncident
from memdrift.report.tables import plain


def encode(incident: DriftIncident) -> bytes:
    """The incident as it stands, as UTF-8 JSON with sorted keys; equal incidents give equal bytes.

    It can name whatever was stored before it, its report too. It cannot name itself, because its key is the digest of
    its content, and so neither can the report name it.
    """
    document = {
        "apiVersion": incident.api_version,
        "kind": incident.kind,
        "metadata": {
            "name": incident.metadata.name,
            "namespace": incident.metadata.namespace,
            "uid": incident.metadata.uid,
        },
        "spec": incident.spec.to_wire(),
        "status": incident.status.to_wire(),
    }
    return json.dumps(document, sort_keys=True, indent=1).encode()


def title(incident: DriftIncident) -> str:
    """One line for a ticket: store, suspect, growth."""
    status = incident.status
    suspect = status.findings.suspects[0] if status.findings and status.findings.suspects else None
    cause = f"{suspect.module or suspect.function} {suspect.version}".strip() if suspect else "cause not known"
    return f"Memory drift in {incident.spec.store_ref.name}: {plain(cause)}, {status.growth_per_hour or '?'}/h"
