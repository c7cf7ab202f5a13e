"""The page of one incident, made when somebody asks and kept while nothing changed.

Exists so that many readers of one incident cost two small reads every few seconds, and one rendering per change,
outside the event loop; and so that what is slow for one incident delays no other. Must not know who asks.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import FeatureStore
from memdrift.errors import MemdriftError, SpecInvalid
from memdrift.ports import Archive, Clock, IncidentReader, Stores
from memdrift.report import exhibit as exhibits
from memdrift.report.exhibit import Exhibit
from memdrift.report.incident import incident_page
from memdrift.report.view import IncidentView

FRESH_SECONDS = 5.0
KEPT_SECONDS = 60.0
"""Signed links end, so a page is made again after this time even where nothing changed."""
KEPT_AT_MOST = 16
_log = logging.getLogger(__name__)

_Key = tuple[str, str, bool]


@dataclass(frozen=True, slots=True)
class PageLimits:
    """How long and how often the archive is asked for pages.

    Attributes:
        archive_seconds: for one page, waiting for a turn included; then it is shown without what the archive has.
        archive_reads: pages that read from it at once; an exhibit is held in memory meanwhile.
    """

    archive_seconds: float = 4.0
    archive_reads: int = 4


@dataclass(slots=True)
class _Kept:
    """A page; `versions` are those of the resources that it was made from, and `whole` says that nothing is missing."""

    html: str
    versions: tuple[str, str]
    whole: bool
    made_at: float
    looked_at: float


class IncidentPages:
    """Makes the pages of incidents: each once at a time, and one after the other where they cost the processor."""

    def __init__(
        self,
        incidents: IncidentReader,
        stores: Stores,
        archive: Archive,
        clock: Clock,
        limits: PageLimits | None = None,
    ) -> None:
        self._incidents = incidents
        self._stores = stores
        self._archive = archive
        self._clock = clock
        self._limits = limits or PageLimits()
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._turns: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()
        self._reading = asyncio.Semaphore(self._limits.archive_reads)
        self._drawing = asyncio.Lock()  # threads share one interpreter with the ticks

    async def html(self, namespace: str, name: str, *, with_store: bool) -> str | None:
        """The page; None where there is no such incident. `with_store` shows what its store's status knows.

        Raises:
            ClusterUnavailable: it could not be read.
        """
        key = namespace, name, with_store
        turn = self._turns.setdefault(key, asyncio.Lock())
        async with turn:
            now, kept = self._clock.monotonic(), self._kept.get(key)
            if kept is not None and now - kept.looked_at < FRESH_SECONDS:
                return kept.html
            incident = await self._incidents.read(namespace, name)
            if incident is None:
                self._kept.pop(key, None)
                return None
            store = await self._store(incident) if with_store else None
            versions = incident.metadata.resource_version, store.metadata.resource_version if store else ""
            if kept is None or not kept.whole or kept.versions != versions or now - kept.made_at > KEPT_SECONDS:
                kept = await self._made(incident, store, versions)
            kept.looked_at = self._clock.monotonic()
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_AT_MOST:
                self._kept.popitem(last=False)
            return kept.html

    async def _store(self, incident: DriftIncident) -> FeatureStore | None:
        try:
            found = await self._stores.read(incident.metadata.namespace, incident.spec.store_ref.name)
        except SpecInvalid:
            return None
        return found if found is not None and found.metadata.uid == incident.spec.store_ref.uid else None

    async def _made(self, incident: DriftIncident, store: FeatureStore | None, versions: tuple[str, str]) -> _Kept:
        gathering = _Gathering(self._archive, incident, self._limits.archive_seconds)
        await gathering.gather(self._reading)
        async with self._drawing:
            shown = await asyncio.to_thread(gathering.exhibit)
            missing = tuple(gathering.missing)
            view = IncidentView(
                incident, store, shown, links=gathering.links, written_at=self._clock.now(), missing=missing
            )
            html = await asyncio.to_thread(incident_page, view, live=True)
        return _Kept(html, versions, not missing, made_at=self._clock.monotonic(), looked_at=0.0)


class _Gathering:
    """What the archive has for one page, as far as it comes in time.

    Attributes:
        missing: what did not come, and why, in sentences for people; the error's own words stay in the log.
    """

    def __init__(self, archive: Archive, incident: DriftIncident, seconds: float) -> None:
        self._archive = archive
        self._incident = incident
        self._seconds = seconds
        self._content: bytes | None = None
        self.links: dict[str, str] = {}
        self.missing: list[str] = []

    async def gather(self, turns: asyncio.Semaphore) -> None:
        """The exhibit first: a link is a convenience."""
        what = "The measured series and the growing stacks"
        try:
            async with asyncio.timeout(self._seconds), turns:
                await self._tried(what, self._read_exhibit())
                what = "Links to the stored profiles"
                await self._tried(what, self._sign_links())
        except TimeoutError:
            why = f"the archive did not answer within {self._seconds:g} seconds"
            self._miss(what, "ArchiveTimedOut", why)

    def exhibit(self) -> Exhibit:
        """What was read; decoding costs, so ask outside the event loop."""
        if self._content is None:
            return Exhibit()
        try:
            return exhibits.decode(self._content)
        except ValueError as error:
            self._miss("The measured series and the growing stacks", "ExhibitInvalid", str(error))
            return Exhibit()

    async def _read_exhibit(self) -> None:
        stored = self._incident.status.exhibit
        if stored is not None:
            self._content = await self._archive.read(stored.uri)

    async def _sign_links(self) -> None:
        for profile in self._incident.status.profiles:
            self.links[profile.uri] = await self._archive.link(profile.uri)

    async def _tried(self, what: str, attempt: Awaitable[None]) -> None:
        try:
            await attempt
        except MemdriftError as error:
            self._miss(what, error.reason, error.message)

    def _miss(self, what: str, reason: str, why: str) -> None:
        name = self._incident.metadata.name
        _log.warning("a page lacks something", extra={"incident": name, "reason": reason, "problem": why})
        self.missing.append(f"{what} cannot be read at the moment: {reason}.")
