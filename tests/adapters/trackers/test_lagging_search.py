"""A search that does not show yet what was created: no second ticket, and nobody else looks too early."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from memdrift.adapters.leases.turns import LEASE, LeaseTurns, LocalTurns
from memdrift.adapters.trackers.desk import Ticket
from memdrift.adapters.trackers.once import Created, OneTicketPerLeak
from memdrift.errors import TrackerUnavailable
from memdrift.ports import Attachment, Filing
from tests.adapters.scripted import HandClock
from tests.adapters.trackers.leases import Leases


@dataclass
class Forgetful:
    """Implements `Desk`; its search never shows a ticket, and fails right after one was created."""

    lag_seconds: float = 60.0
    tickets: list[Ticket] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    failing: bool = False

    async def arrive(self) -> None:
        self.failing = False

    async def find(self, marker: str) -> Sequence[Ticket]:
        if self.failing:
            raise TrackerUnavailable("TrackerUnavailable", f"no search for {marker} now")
        return ()

    async def create(self, filing: Filing) -> Ticket:
        self.failing = True
        number = len(self.tickets) + 1
        self.tickets.append(Ticket(str(number), number, f"https://tracker.example/{filing.marker}/{number}", True))
        return self.tickets[-1]

    async def remarked(self, ticket: Ticket, occurrence: str) -> bool:
        return f"{ticket.key} {occurrence}" in self.remarks

    async def remark(self, ticket: Ticket, markdown: str, occurrence: str) -> None:
        assert markdown
        self.remarks.append(f"{ticket.key} {occurrence}")

    async def reopen(self, ticket: Ticket) -> None:
        raise AssertionError(ticket)

    async def close_as_duplicate(self, ticket: Ticket) -> None:
        raise AssertionError(ticket)

    async def attach(self, ticket: Ticket, attachment: Attachment, occurrence: str) -> None:
        raise AssertionError((ticket, attachment))


async def test_what_was_created_a_moment_ago_is_known_without_a_search() -> None:
    desk, told = Forgetful(), list[str]()
    created: Created = OrderedDict()

    async def tell(filing: Filing, url: str) -> None:
        told.append(f"{filing.occurrence} {url}")

    async def file(incident: int) -> str:
        tracker = OneTicketPerLeak("issues", lambda asked: asked, lambda _: desk, LocalTurns(), tell, created)
        return await tracker.file(Filing("fp1", "t", "body", {}, occurrence=f"incident-{incident}"))

    first, again, other = await file(1), await file(1), await file(2)
    assert first == again == other
    assert len(desk.tickets) == 1
    assert desk.remarks == ["1 incident-2"]
    assert told == [f"incident-1 {first}", f"incident-1 {first}", f"incident-2 {first}"]


class Deadline(Forgetful):
    """The time of the filing ends in this request."""

    def __init__(self, ends_in: str) -> None:
        super().__init__()
        self.ends_in = ends_in

    async def find(self, marker: str) -> Sequence[Ticket]:
        if self.ends_in == "find":
            raise TimeoutError
        return self.tickets

    async def attach(self, ticket: Ticket, attachment: Attachment, occurrence: str) -> None:
        raise TimeoutError


async def test_a_picture_for_which_no_time_is_left_does_not_make_the_ticket_unfiled() -> None:
    told: list[str] = []

    async def tell(_: Filing, url: str) -> None:
        told.append(url)

    def tracker(desk: Deadline) -> OneTicketPerLeak:
        return OneTicketPerLeak("issues", lambda asked: asked, lambda _: desk, LocalTurns(), tell)

    chart = Attachment("chart.svg", "image/svg+xml", b"<svg/>")
    asked = Filing("fp1", "t", "body", {}, occurrence="incident-1", attachments=(chart,))
    with pytest.raises(TrackerUnavailable, match="did not finish"):
        await tracker(Deadline("find")).file(asked)
    assert told == []
    assert await tracker(Deadline("attach")).file(asked) == "https://tracker.example/fp1/1"
    assert told == ["https://tracker.example/fp1/1"]


@pytest.mark.parametrize("failure", [asyncio.CancelledError(), TrackerUnavailable("TrackerUnavailable", "cut")])
async def test_the_lease_is_kept_where_the_last_request_may_yet_arrive(failure: BaseException) -> None:
    leases, clock = Leases(), HandClock()
    one, other = LeaseTurns(leases, "memdrift", clock, "one"), LeaseTurns(leases, "memdrift", clock, "other")
    with pytest.raises(type(failure)):
        async with one.turn("a"):
            raise failure
    assert leases.objects[LEASE]["spec"]["holderIdentity"] == "one"
    with pytest.raises(TrackerUnavailable):
        async with other.turn("a"):
            pass
    clock.pass_seconds(61)
    async with other.turn("a"):
        pass
    async with one.turn("a"):
        pass
    assert leases.objects[LEASE]["spec"]["holderIdentity"] == ""
