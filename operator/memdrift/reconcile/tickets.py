"""What a tracker is told of an incident.

Exists so that marker and occurrence are made in one place: the marker is the leak's, so that the same leak in another
incident, store or cluster finds its ticket; the occurrence is the incident's, so that it is told once. Must not send.
"""

from __future__ import annotations

from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import FilingSpec
from memdrift.ports import Attachment, Filing
from memdrift.report import ticket
from memdrift.report.markdown import code
from memdrift.report.view import IncidentView


def marker_of(incident: DriftIncident) -> str:
    """By the fingerprint; an incident without one is its own leak, as far as anybody knows."""
    return incident.status.fingerprint or occurrence_of(incident)


def occurrence_of(incident: DriftIncident) -> str:
    """By the incident's UID: names come again in other namespaces and clusters."""
    return f"incident-{incident.metadata.uid}"


def filing_of(view: IncidentView, spec: FilingSpec) -> Filing:
    """The filing of an incident; its chart is attached, its profiles never are."""
    incident = view.incident
    body, chart = ticket.ticket_markdown(view), ticket.chart_svg(view)
    name = f"{incident.metadata.name}-{ticket.CHART_NAME}"
    where = code(f"{incident.metadata.namespace}/{incident.metadata.name}")
    return Filing(
        marker=marker_of(incident),
        occurrence=occurrence_of(incident),
        title=ticket.ticket_title(view),
        body_markdown=body,
        recurrence_markdown=f"The same leak again, in incident {where}.\n\n{body}",
        document={
            "incident": incident.metadata.name,
            "namespace": incident.metadata.namespace,
            "status": incident.status.to_wire(),
        },
        labels=tuple(spec.labels),
        assignees=tuple(spec.assignees),
        project=spec.project,
        attachments=(Attachment(name, ticket.CHART_TYPE, chart),) if chart is not None else (),
    )
