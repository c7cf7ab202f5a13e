"""The trackers that the administrator configured.

Exists so that a store names a tracker and never an address. The file is asked at every use, so a changed one counts at
once. Must not know what an incident is: it is given a `Filing`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import aiohttp

from memdrift.adapters.trackers.log import Log
from memdrift.adapters.trackers.webhook import Webhook
from memdrift.api.administration import Administration, TrackerKind
from memdrift.errors import NotAllowed
from memdrift.ports import Tracker

__all__ = ["ConfiguredTrackers", "Log", "Webhook"]


class ConfiguredTrackers:
    """Implements `ports.Trackers`; create and close it in the event loop.

    Args:
        administration: the newest valid administrator's file.
    """

    def __init__(self, administration: Callable[[], Administration]) -> None:
        self._administration = administration
        self._filed_in_log: OrderedDict[str, None] = OrderedDict()
        self._session: aiohttp.ClientSession | None = None

    def named(self, name: str, namespace: str) -> Tracker:
        """The tracker of that name.

        Raises:
            NotAllowed: not configured, or not for this namespace; both with the same words, so that a tenant learns
                nothing of the other trackers.
        """
        configured = self._administration().tracker_named(name)
        if configured is None or not configured.allows(namespace):
            raise NotAllowed(
                "TrackerNotAllowed",
                f"`spec.filing.tracker`: the administrator's file has no tracker `{name}` for namespace `{namespace}`",
            )
        if configured.kind is TrackerKind.LOG:
            return Log(name, self._filed_in_log)
        return Webhook(configured, self._http_session())

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _http_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._session
