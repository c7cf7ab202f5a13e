"""What trackers are told: the marker is the leak's, the occurrence the incident's."""

from __future__ import annotations

from tests.fakes import Universe


async def test_a_ticket_is_marked_by_the_leak_and_tells_of_the_incident() -> None:
    universe = Universe()
    await universe.live(7200, until=lambda: bool(universe.tickets))
    incident = next(iter(universe.incidents.values()))
    ((marker, filing),) = universe.tickets.items()
    assert marker == incident.status.fingerprint
    assert filing.occurrence == f"incident-{incident.metadata.uid}"
    assert incident.metadata.name in filing.recurrence_markdown
    assert all(attachment.name.endswith(".svg") for attachment in filing.attachments)
