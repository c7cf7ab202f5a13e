"""Pages of incidents whose archive is slow, away or broken: each says what it lacks, and delays no other."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from memdrift.api.driftincident import DriftIncident
from memdrift.errors import ArchiveUnavailable
from memdrift.report import exhibit as exhibits
from memdrift.web.incidents import FRESH_SECONDS, KEPT_AT_MOST, IncidentPages, PageLimits
from tests.report.exhibits import whole_view
from tests.web.fakes import HandClock
from tests.web.people import Cluster, ReadArchive, ReadIncidents, ReadStores, holding, incident_document

SECRET = "bucket-of-somebody-else"
SOON_SECONDS = 20.0
"""Far more than what is tried takes, and far less than for ever."""


@dataclass
class SlowArchive(ReadArchive):
    """Answers only once it is `open`, and remembers how many waited at once."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    slow: set[str] = field(default_factory=set)
    broken_links: bool = False
    waiting: int = 0
    most_waiting: int = 0

    async def read(self, key_or_uri: str) -> bytes:
        self.asked.release()
        if key_or_uri in self.slow:
            self.waiting += 1
            self.most_waiting = max(self.waiting, self.most_waiting)
            try:
                await self.open.wait()
            finally:
                self.waiting -= 1
        return await super().read(key_or_uri)

    async def link(self, key_or_uri: str) -> str:
        if self.broken_links:
            raise ArchiveUnavailable("ArchiveForbidden", f"{SECRET}: 403")
        return await super().link(key_or_uri)


@dataclass
class Room:
    """Incidents, each with an exhibit of its own."""

    names: tuple[str, ...]
    limits: PageLimits = field(default_factory=lambda: PageLimits(archive_seconds=SOON_SECONDS))
    cluster: Cluster = field(default_factory=Cluster)
    clock: HandClock = field(default_factory=HandClock)

    def __post_init__(self) -> None:
        self.archive = SlowArchive(self.cluster)
        content = exhibits.encode(whole_view().exhibit)
        for name in self.names:
            self.cluster.objects[uri(name)] = content
            self.change(name)
        self.pages = IncidentPages(
            ReadIncidents(self.cluster), ReadStores(self.cluster), self.archive, self.clock, self.limits
        )

    def change(self, name: str, **status: Any) -> None:
        stored = {"uri": uri(name), "sha256": "0" * 64}
        document = incident_document(name, **{"exhibit": stored, **holding(50), **status})
        self.cluster.incidents["market", name] = DriftIncident.model_validate(document)

    async def html(self, name: str) -> str:
        text = await self.pages.html("market", name, with_store=False)
        assert text is not None
        return text


def uri(name: str) -> str:
    return f"file:///archive/{name}.json"


async def test_a_slow_archive_delays_one_page_and_no_other() -> None:
    room = Room(("features-1", "features-2", "features-3"))
    room.archive.slow = {uri("features-1")}
    slow = asyncio.create_task(room.html("features-1"))
    async with asyncio.timeout(SOON_SECONDS):
        await room.archive.asked.acquire()
        for name in ("features-2", "features-3"):
            assert 'class="chart"' in await room.html(name)
        assert not slow.done()
        room.archive.open.set()
        assert 'class="chart"' in await slow


async def test_many_readers_of_one_incident_ask_for_it_once() -> None:
    room = Room(("features-1",))
    room.archive.slow = {uri("features-1")}
    readers = [asyncio.create_task(room.html("features-1")) for _ in range(20)]
    async with asyncio.timeout(SOON_SECONDS):
        await room.archive.asked.acquire()
        room.archive.open.set()
        texts = {await each for each in readers}
    assert len(texts) == 1
    assert room.archive.most_waiting == 1
    assert room.cluster.reads == 1


async def test_an_archive_that_does_not_answer_in_time_leaves_pages_that_say_so() -> None:
    names = tuple(f"features-{number}" for number in range(1, 9))
    room = Room(names, PageLimits(archive_seconds=0.2, archive_reads=3))
    room.archive.slow = {uri(name) for name in names}
    async with asyncio.timeout(SOON_SECONDS):
        texts = await asyncio.gather(*(room.html(name) for name in names))
    assert room.archive.most_waiting == 3
    assert room.archive.waiting == 0
    for text in texts:
        assert "The measured series and the growing stacks cannot be read at the moment: ArchiveTimedOut." in text
        assert "features grows by" in text, "what the resource holds is shown"
        assert "go tool pprof" in text


async def test_what_was_missing_is_looked_for_again_soon_and_a_whole_page_is_kept() -> None:
    room = Room(("features-1",), PageLimits(archive_seconds=0.1))
    room.archive.slow = {uri("features-1")}
    assert "ArchiveTimedOut" in await room.html("features-1")
    room.archive.open.set()
    assert "ArchiveTimedOut" in await room.html("features-1"), "not at every reload"
    room.clock.passed += FRESH_SECONDS + 1
    whole = await room.html("features-1")
    assert "ArchiveTimedOut" not in whole
    assert 'class="chart"' in whole
    room.cluster.objects.clear()
    room.clock.passed += FRESH_SECONDS + 1
    assert await room.html("features-1") == whole


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "ObjectNotFound"), (b"{}", "ExhibitInvalid"), (b"\xff\x00", "ExhibitInvalid")]
)
async def test_an_exhibit_that_is_gone_or_broken_is_named_with_its_reason(content: bytes | None, reason: str) -> None:
    room = Room(("features-1",))
    del room.cluster.objects[uri("features-1")]
    if content is not None:
        room.cluster.objects[uri("features-1")] = content
    text = await room.html("features-1")
    assert f"cannot be read at the moment: {reason}." in text
    assert "features grows by" in text
    assert "https://archive.example/" in text, "links are there all the same"


async def test_links_that_cannot_be_signed_leave_the_rest_and_tell_no_details(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    room = Room(("features-1",))
    room.archive.broken_links = True
    text = await room.html("features-1")
    assert "Links to the stored profiles cannot be read at the moment: ArchiveForbidden." in text
    assert 'class="chart"' in text
    assert SECRET not in text
    assert any(getattr(record, "problem", "") == f"{SECRET}: 403" for record in caplog.records)


async def test_what_is_remembered_is_bounded() -> None:
    names = tuple(f"features-{number}" for number in range(1, KEPT_AT_MOST + 6))
    room = Room(names)
    for name in names:
        await room.html(name)
    assert len(room.pages._kept) == KEPT_AT_MOST
    assert len(room.pages._turns) == 0, "a lock lives as long as somebody waits for it"
