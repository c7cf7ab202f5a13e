"""What trackers are told: the marker is the leak's, the occurrence the incident's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memdrift.api.filing import ASSIGNEES, OWNER_CONTACT, OWNER_TEAM, FilingSpec, Owner
from memdrift.reconcile.tickets import addressed
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


def test_the_spec_says_whose_leak_it_is_before_any_annotation() -> None:
    spec = FilingSpec(tracker="log", owner=Owner(team="features"), assignees=["kim"])

    assert addressed(spec, {OWNER_TEAM: "other", ASSIGNEES: "lee"}) == spec


def test_what_the_spec_leaves_out_says_the_store_else_its_workload() -> None:
    of_store = {OWNER_TEAM: " features ", OWNER_CONTACT: "#features"}
    of_workload = {OWNER_TEAM: "platform", ASSIGNEES: "kim, lee,, kim"}

    told = addressed(FilingSpec(tracker="log"), of_store, of_workload)

    assert told.owner == Owner(team="features", contact="#features")
    assert told.assignees == ["kim", "lee"]
    assert addressed(FilingSpec(tracker="log"), {}, {OWNER_CONTACT: "#nobody"}).owner is None


def test_annotations_that_are_too_long_are_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    hostile = {OWNER_TEAM: "x" * 129, ASSIGNEES: ",".join(str(number) for number in range(9))}

    told = addressed(FilingSpec(tracker="log"), hostile, {OWNER_TEAM: "platform", ASSIGNEES: "kim"})

    assert (told.owner, told.assignees) == (Owner(team="platform"), ["kim"])
    assert len([record for record in caplog.records if "owners" in record.message]) == 2


async def test_owners_by_annotation_stand_in_the_ticket_as_text() -> None:
    universe = Universe()
    assert universe.store is not None
    universe.store = universe.store.replace(
        metadata=universe.store.metadata.replace(annotations={OWNER_TEAM: "@all `![](https://evil.example)"})
    )
    universe.target = replace(universe.target, ownership=((ASSIGNEES, "kim"),))
    await universe.live(7200, until=lambda: bool(universe.tickets))
    (filing,) = universe.tickets.values()

    assert filing.assignees == ("kim",)
    assert "* Owner: `@all  ![](https://evil.example)`" in filing.body_markdown
