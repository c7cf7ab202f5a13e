"""Anybody may copy a marker: only tickets of ours, and of people who may label, are believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from memdrift.adapters.trackers.markers import hidden, shown
from memdrift.errors import NotAllowed
from memdrift.ports import Attachment
from tests.adapters.trackers.sites import SUCCESSOR, Site, known_account, published, real_gitea, token_of
from tests.adapters.trackers.test_one_ticket import MARKER, filing
from tests.gitea.server import GiteaServer

COPIED = f"It leaks!\n\n{hidden(MARKER)}\n{shown(MARKER)}\n{hidden('incident-2')}\n"
ITS_LABELS = ["memdrift", f"memdrift-{MARKER}", "leak"]


async def test_a_strangers_copy_does_not_swallow_the_ticket(site: Site) -> None:
    site.strange(COPIED, ITS_LABELS)
    async with site.process() as tracker:
        url = await tracker.file(filing(site))
        assert await tracker.file(filing(site, 2)) == url
    copy, ours = sorted(site.tickets(), key=lambda ticket: ticket.number)
    assert copy.title == "a copy"
    assert (copy.comments, copy.is_open) == ([], True)
    assert ours.is_open
    assert len(ours.comments) == 1


async def test_a_copy_beside_our_ticket_is_neither_told_of_a_recurrence_nor_opened(site: Site) -> None:
    async with site.process() as tracker:
        await tracker.file(filing(site))
        site.strange(COPIED, ITS_LABELS)
        site.close(2)
        await tracker.file(filing(site, 2))
        await tracker.file(filing(site, 3))
    ours, copy = sorted(site.tickets(), key=lambda ticket: ticket.number)
    assert (copy.comments, copy.is_open) == ([], False)
    assert len(ours.comments) == 2


async def test_a_strangers_comment_does_not_swallow_a_recurrence(site: Site) -> None:
    async with site.process() as tracker:
        await tracker.file(filing(site))
        site.say(1, f"me too\n{hidden('incident-2')}\n{shown('incident-2')}")
        for _ in range(2):
            await tracker.file(filing(site, 2))
    (ticket,) = site.tickets()
    assert len([each for each in ticket.comments if "The same leak again, in incident 2." in each]) == 1


async def test_a_token_of_another_account_finds_the_ticket(site: Site) -> None:
    """By its label; in Jira where the administrator named the account of the former token."""
    async with site.process() as tracker:
        url = await tracker.file(filing(site))
    site.rotate()
    changes: dict[str, Any] = {"trustedAuthors": ["memdrift"]} if "Jira" in site.entry["kind"] else {}
    async with site.process(**changes) as tracker:
        assert await tracker.file(filing(site, 2)) == url
        assert await tracker.file(filing(site, 2)) == url
        await tracker.file(filing(site, 3, marker="another-leak"))
    first, second = sorted(site.tickets(), key=lambda ticket: ticket.number)
    assert (first.author, second.author) == ("memdrift", SUCCESSOR)
    assert len(first.comments) == 1


@pytest.mark.parametrize("site", ["GitHub", "GitLab", pytest.param("Gitea", marks=pytest.mark.servers)], indirect=True)
async def test_a_ticket_without_its_label_is_found_by_its_author(site: Site) -> None:
    """Not in Jira, where the marker is a label."""
    site.strange(COPIED, ITS_LABELS)
    async with site.process() as tracker:
        url = await tracker.file(filing(site))
        site.unlabel(2)
        assert await tracker.file(filing(site, 2)) == url
    assert len(site.tickets()) == 2


@pytest.mark.parametrize("kind", ["GitHub", "GitLab", "JiraCloud"])
async def test_a_token_that_may_not_know_its_account_files_one_ticket(tmp_path: Path, kind: str) -> None:
    async with published(kind, tmp_path) as site:
        site.api.knows_itself = False
        site.strange(COPIED, ITS_LABELS)
        async with site.process() as tracker:
            url = await tracker.file(filing(site))
            for incident in (2, 2, 3):
                assert await tracker.file(filing(site, incident)) == url
        assert [len(ticket.comments) for ticket in site.tickets()] == [0, 2]


@pytest.mark.servers
async def test_gitea_without_the_scope_to_ask_believes_the_label(gitea_server: GiteaServer, tmp_path: Path) -> None:
    chart = Attachment("chart.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    async with real_gitea(gitea_server, tmp_path) as site:
        site.change_token(token_of(gitea_server, "memdrift", "write:issue", "read:repository"))
        site.strange(COPIED, ITS_LABELS)
        async with site.process() as tracker:
            url = await tracker.file(filing(site, attachments=(chart,)))
            for incident in (2, 2):
                assert await tracker.file(filing(site, incident, attachments=(chart,))) == url
        assert sorted(len(ticket.comments) for ticket in site.tickets()) == [0, 1]


@pytest.mark.servers
async def test_gitea_of_an_account_that_may_only_write_issues(gitea_server: GiteaServer, tmp_path: Path) -> None:
    """It cannot label: its tickets are found by their author, or, where that is not known either, not filed at all."""
    poor = known_account(gitea_server, "poor-bot")
    async with real_gitea(gitea_server, tmp_path) as site:
        site.change_token(token_of(gitea_server, poor, "write:issue", "read:repository", "read:user"))
        async with site.process() as tracker:
            url = await tracker.file(filing(site))
            assert await tracker.file(filing(site, 2)) == url
        (ticket,) = site.tickets()
        assert (ticket.labels, len(ticket.comments)) == ([], 1)
        site.change_token(token_of(gitea_server, poor, "write:issue", "read:repository"))
        async with site.process() as tracker:
            with pytest.raises(NotAllowed, match="answered 403"):
                await tracker.file(filing(site, 3, marker="another"))
        assert len(site.tickets()) == 1
