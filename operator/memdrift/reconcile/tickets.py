"""What a tracker is told of an incident.

Exists so that marker and occurrence are made in one place: the marker is the leak's, so that the same leak in another
incident, store or cluster finds its ticket; the occurrence is the incident's, so that it is told once. Whose leak it is
says the spec, else annotations of the store, else of its workload. Must not send.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import FilingSpec
from memdrift.api.filing import Owner, annotated_assignees
from memdrift.ports import Attachment, Filing
from memdrift.report import ticket
from memdrift.report.markdown import code
from memdrift.report.view import IncidentView

Read = TypeVar("Read")

_log = logging.getLogger(__name__)


def marker_of(incident: DriftIncident) -> str:
    """By the fingerprint; an incident without one is its own leak, as far as anybody knows."""
    return incident.status.fingerprint or occurrence_of(incident)


def occurrence_of(incident: DriftIncident) -> str:
    """By the incident's UID: names come again in other namespaces and clusters."""
    return f"incident-{incident.metadata.uid}"


def addressed(spec: FilingSpec, *annotations: Mapping[str, str]) -> FilingSpec:
    """The spec with owner and assignees; what it leaves out is taken from the first annotations that name it.

    Annotations that cannot be understood are logged and left out: a ticket for nobody is better than none.
    """
    owners = (_read(Owner.annotated, each) for each in annotations)
    people = (_read(annotated_assignees, each) for each in annotations)
    owner = spec.owner or next((each for each in owners if each is not None), None)
    assignees = spec.assignees or next((each for each in people if each), [])
    return spec.replace(owner=owner, assignees=assignees)


def _read(reading: Callable[[Mapping[str, str]], Read], annotations: Mapping[str, str]) -> Read | None:
    try:
        return reading(annotations)
    except ValueError as error:
        _log.warning("annotations that name owners were left out", extra={"why": str(error)[:500]})
        return None


def filing_of(view: IncidentView, spec: FilingSpec) -> Filing:
    """The filing of an incident; its chart is attached, its profiles never are."""
    if view.store is not None:
        view = replace(view, store=view.store.replace(spec=view.store.spec.replace(filing=spec)))
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
