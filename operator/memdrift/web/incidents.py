"""The page of one incident, made when somebody asks and kept while nothing changed.

Exists so that many readers of one incident cost two small reads every few seconds, and one rendering per change,
outside the event loop. Must not know who asks.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass

from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import FeatureStore
from memdrift.errors import ArchiveUnavailable, MemdriftError, SpecInvalid
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


@dataclass(slots=True)
class _Kept:
    """A page; `versions` are those of the resources that it was made from."""

    html: str
    versions: tuple[str, str]
    made_at: float
    looked_at: float


class IncidentPages:
    """Makes the pages of incidents, one at a time."""

    def __init__(self, incidents: IncidentReader, stores: Stores, archive: Archive, clock: Clock) -> None:
        self._incidents = incidents
        self._stores = stores
        self._archive = archive
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str, bool], _Kept] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    async def html(self, namespace: str, name: str, *, with_store: bool) -> str | None:
        """The page; None where there is no such incident. `with_store` shows what its store's status knows.

        Raises:
            ClusterUnavailable: it could not be read.
        """
        key = namespace, name, with_store
        async with self._one_at_a_time:
            now, kept = self._clock.monotonic(), self._kept.get(key)
            if kept is not None and now - kept.looked_at < FRESH_SECONDS:
                return kept.html
            incident = await self._incidents.read(namespace, name)
            if incident is None:
                self._kept.pop(key, None)
                return None
            store = await self._store(incident) if with_store else None
            versions = incident.metadata.resource_version, store.metadata.resource_version if store else ""
            if kept is None or kept.versions != versions or now - kept.made_at > KEPT_SECONDS:
                view = await self._view(incident, store)
                kept = _Kept(await asyncio.to_thread(incident_page, view, live=True), versions, now, now)
            kept.looked_at = now
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

    async def _view(self, incident: DriftIncident, store: FeatureStore | None) -> IncidentView:
        links: dict[str, str] = {}
        for profile in incident.status.profiles:
            try:
                links[profile.uri] = await self._archive.link(profile.uri)
            except MemdriftError as error:
                _log.warning("no link to a profile", extra={"incident": incident.metadata.name, "reason": error.reason})
                break
        shown = await self._exhibit(incident)
        return IncidentView(incident, store, shown, links=links, written_at=self._clock.now())

    async def _exhibit(self, incident: DriftIncident) -> Exhibit:
        stored = incident.status.exhibit
        if stored is None:
            return Exhibit()
        try:
            return await asyncio.to_thread(exhibits.decode, await self._archive.read(stored.uri))
        except (ArchiveUnavailable, ValueError):
            return Exhibit(stacks_are="What was stored for this page cannot be read at the moment.")
