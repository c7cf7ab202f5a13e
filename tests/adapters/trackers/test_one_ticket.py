"""Exactly one ticket per leak, whatever is lost, repeated or done at once: on every issue tracker."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from memdrift.adapters.leases.turns import LeaseTurns
from memdrift.errors import MemdriftError, NotAllowed, TrackerUnavailable
from memdrift.ports import Attachment, Filing, Remark
from tests.adapters.scripted import HandClock
from tests.adapters.trackers.leases import Leases
from tests.adapters.trackers.sites import Site

MARKER = "fp1-0a1b2c3d4e5f"


def filing(site: Site, incident: int = 1, **changes: object) -> Filing:
    plain = Filing(
        marker=MARKER,
        occurrence=f"incident-{incident}",
        title="Memory drift in market-store: async v0.0.3, 26Mi/h",
        body_markdown="**It leaks.** See `async.Run`.\n\n| a | b |\n|---|---|\n| `x` | `y` |",
        recurrence_markdown=f"The same leak again, in incident {incident}.",
        document={},
        labels=("leak",),
        project=site.project,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


async def test_a_leak_has_one_ticket_with_label_marker_and_picture(site: Site) -> None:
    chart = Attachment("market-store-1-chart.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    asked = filing(site, assignees=("memdrift" if site.entry["kind"] == "Gitea" else "anna",), attachments=(chart,))
    async with site.process() as tracker:
        url = await tracker.file(asked)
        assert await tracker.file(asked) == url
    (ticket,) = site.tickets()
    assert {"memdrift", "leak"} <= set(ticket.labels)
    assert url.startswith("http")
    assert "It leaks." in ticket.body
    assert "incident-1" in ticket.body
    assert len(ticket.files) == (0 if site.entry["kind"] == "GitHub" else 1)
    assert site.faults.creations == 1


async def test_a_recurrence_is_one_comment_and_opens_what_was_closed(site: Site) -> None:
    async with site.process() as tracker:
        url = await tracker.file(filing(site))
        site.close(1)
        for _ in range(2):
            assert await tracker.file(filing(site, 2)) == url
    (ticket,) = site.tickets()
    assert ticket.is_open
    assert len([each for each in ticket.comments if "The same leak again, in incident 2." in each]) == 1


@pytest.mark.parametrize("fault", ["500 after", "cut after", "hang after", "429 before", "503 before"])
async def test_a_lost_answer_makes_no_second_ticket(site: Site, fault: str) -> None:
    site.faults.coming.append(fault)
    async with site.process(timeoutSeconds=1 if fault == "hang after" else 10) as tracker:
        with pytest.raises(TrackerUnavailable) as caught:
            await tracker.file(filing(site))
    assert caught.value.retry_after_seconds is not None
    assert caught.value.retry_after_seconds >= (60 if "Jira" in site.entry["kind"] else 5)
    async with site.process() as tracker:
        for _ in range(4 if "after" in fault else 1):  # Jira's search is slow to see; the time to ask again covers it
            if site.tickets():
                site.tickets()[0].unseen = 0
        assert await tracker.file(filing(site))
    assert len(site.tickets()) == 1


async def test_fifty_incidents_at_once_are_one_ticket(site: Site) -> None:
    async with site.process() as tracker:
        urls = await asyncio.gather(*(tracker.file(filing(site, incident)) for incident in range(1, 51)))
    assert len(set(urls)) == 1
    (ticket,) = site.tickets()
    told = [each for each in ticket.comments if "The same leak again" in each]
    assert len(told) == 49
    assert site.faults.creations == 1


async def test_two_processes_at_once_make_one_ticket(site: Site) -> None:
    leases, clock = Leases(), HandClock()

    async def one(identity: str) -> str:
        async with site.process(LeaseTurns(leases, "memdrift", clock, identity)) as tracker:
            for _ in range(200):
                try:
                    return await tracker.file(filing(site))
                except TrackerUnavailable:
                    await asyncio.sleep(0.05)
        raise AssertionError("never filed")

    first, second = await asyncio.gather(one("a"), one("b"))
    assert first == second
    assert site.faults.creations == 1
    assert len(site.tickets()) == 1


async def test_fifty_incidents_at_once_in_two_processes_are_one_ticket(site: Site) -> None:
    leases, clock = Leases(), HandClock()

    async def filed(identity: str, incidents: range) -> set[str]:
        async with site.process(LeaseTurns(leases, "memdrift", clock, identity)) as tracker:

            async def one(incident: int) -> str:
                for _ in range(600):
                    try:
                        return await tracker.file(filing(site, incident))
                    except TrackerUnavailable:  # as the tick does, at another time
                        await asyncio.sleep(0.05)
                raise AssertionError("never filed")

            return set(await asyncio.gather(*(one(incident) for incident in incidents)))

    first, second = await asyncio.gather(filed("a", range(1, 26)), filed("b", range(26, 51)))
    assert first == second
    assert len(first) == 1
    (ticket,) = site.tickets()
    assert len([each for each in ticket.comments if "The same leak again" in each]) == 49
    assert site.faults.creations == 1


async def test_of_two_that_were_created_the_older_stays(site: Site) -> None:
    """Clusters know nothing of each other's turns."""
    async with site.process() as one, site.process() as other:
        await asyncio.gather(one.file(filing(site, 1)), other.file(filing(site, 2)), return_exceptions=True)
        await one.file(filing(site, 1))
        await other.file(filing(site, 2))
    opened = [ticket for ticket in site.tickets() if ticket.is_open]
    assert len(opened) == 1
    assert opened[0].number == 1


async def test_a_process_killed_after_the_creation_is_followed_by_one_that_finds_it(site: Site) -> None:
    leases, clock = Leases(), HandClock()
    site.faults.coming.append("hang after")
    doomed = LeaseTurns(leases, "memdrift", clock, "first")
    async with site.process(doomed) as tracker:
        task = asyncio.create_task(tracker.file(filing(site)))
        await asyncio.wait_for(site.faults.taken.wait(), 10)
        held = dict(leases.objects)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    leases.objects = held  # who is killed gives nothing back
    async with site.process(LeaseTurns(leases, "memdrift", clock, "second")) as tracker:
        with pytest.raises(TrackerUnavailable, match="another process"):
            await tracker.file(filing(site))
        clock.pass_seconds(61)
        for ticket in site.tickets():
            ticket.unseen = 0
        assert await tracker.file(filing(site))
    assert len(site.tickets()) == 1
    assert site.faults.creations == 1


async def test_a_renamed_project_is_followed(site: Site) -> None:
    async with site.process() as tracker:
        await tracker.file(filing(site))
        site.rename()
        assert await tracker.file(filing(site, 2))
        assert await tracker.file(filing(site, 3, marker="another-leak"))
    assert sorted(len(ticket.comments) for ticket in site.tickets()) == [0, 1]


async def test_somebody_unknown_is_not_assigned_and_the_ticket_is_filed(site: Site) -> None:
    async with site.process() as tracker:
        assert await tracker.file(filing(site, assignees=("nobody-of-that-name",)))
    assert len(site.tickets()) == 1


async def test_a_remark_is_made_once_and_only_where_there_is_a_ticket(site: Site) -> None:
    remark = Remark(MARKER, "fixed-15", "Absent for 48 h at comparable load since revision 15.", {}, site.project)
    async with site.process() as tracker:
        await tracker.remark(remark)
        assert site.tickets() == []
        await tracker.file(filing(site))
        for _ in range(2):
            await tracker.remark(remark)
    (ticket,) = site.tickets()
    assert len([each for each in ticket.comments if "Absent for 48 h" in each]) == 1


async def test_a_project_that_nobody_allowed_is_refused(site: Site) -> None:
    async with site.process() as tracker:
        with pytest.raises(NotAllowed) as caught:
            await tracker.file(filing(site, project="market/secret"))
    assert caught.value.reason == "TrackerNotAllowed"
    assert site.faults.creations == 0


async def test_a_wrong_token_is_a_refusal_that_does_not_name_it(site: Site) -> None:
    site.change_token("quite-another-secret")
    async with site.process() as tracker:
        with pytest.raises(MemdriftError) as caught:
            await tracker.file(filing(site))
    assert caught.value.reason == "TrackerRefused"
    assert "quite-another-secret" not in str(caught.value)
