"""What a leak's ticket is told after the leak was fixed.

Exists beside `tickets` because a remark is about the leak's end and has an occurrence of its own: the incident's, so
that the same leak may be gone once more after it came back. The ticket is that which was filed then, whatever findings
have said since, and other stores may have it too: so the first paragraph, which is all that some see, names the store,
and no more is said than was measured. Must not send.
"""

from __future__ import annotations

from memdrift.api.driftincident import DriftIncident
from memdrift.ports import Remark
from memdrift.reconcile.tickets import marker_of
from memdrift.remedy import absence
from memdrift.remedy.policy import Policy
from memdrift.remedy.target import Target
from memdrift.report.markdown import code, prose


def absence_of(incident: DriftIncident, policy: Policy, target: Target) -> Remark:
    """The remark that the leak is gone, for the ticket that the incident was filed in."""
    status, meta = incident.status, incident.metadata
    assert status.ticket is not None
    assert status.absence is not None
    said = absence.sentence(incident, policy)
    where = f"{code(f'{meta.namespace}/{incident.spec.store_ref.name}')}, {prose(target.kind)} {code(target.name)}"
    body = (
        f"The leak is gone from {where}: {prose(said)}{_image(incident, target)}. "
        "Nothing is said here of other stores with this leak.\n\n"
        f"{prose(absence.grounds(incident, policy))}\n\n"
        f"Last incident: {code(f'{meta.namespace}/{meta.name}')}. memdrift leaves it to you to close this ticket; "
        "if the leak comes back, that is told here."
    )
    return Remark(
        marker=status.ticket.marker or marker_of(incident),
        occurrence=f"absent-{meta.uid}",
        body_markdown=body,
        document={
            "incident": meta.name,
            "namespace": meta.namespace,
            "absence": status.absence.to_wire(),
        },
        project=status.ticket.project,
    )


def _image(incident: DriftIncident, target: Target) -> str:
    """The image that the leak is absent from, for a number alone says nothing after a rollback; "" where unknown."""
    record = incident.status.absence
    images = (dict(each.images) for each in target.revisions if record is not None and each.identity == record.revision)
    image = next(images, {}).get(incident.spec.container, "")
    return f" ({code(image)})" if image else ""
