"""The trackers that the administrator configured.

Exists so that a store names a tracker and never an address. The file is asked at every use, so a changed one counts at
once. Must not know what an incident is: it is given a `Filing`.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import aiohttp

from memdrift.adapters.trackers import gitea, github, gitlab, jira
from memdrift.adapters.trackers.desk import Desk
from memdrift.adapters.trackers.log import Log
from memdrift.adapters.trackers.notification import Notification
from memdrift.adapters.trackers.once import Created, OneTicketPerLeak
from memdrift.adapters.trackers.rest import Rest, basic
from memdrift.adapters.trackers.webhook import Webhook
from memdrift.api.administration import Administration, TrackerKind
from memdrift.api.administration import Tracker as Configured
from memdrift.errors import MemdriftError, NotAllowed
from memdrift.ports import Filing, Tracker, Turns

__all__ = ["ConfiguredTrackers", "Log", "Webhook"]

_log = logging.getLogger(__name__)


class ConfiguredTrackers:
    """Implements `ports.Trackers`; create and close it in the event loop.

    Args:
        administration: the newest valid administrator's file.
        turns: who may write tickets now.
    """

    def __init__(self, administration: Callable[[], Administration], turns: Turns) -> None:
        self._administration = administration
        self._turns = turns
        self._filed_in_log: OrderedDict[str, None] = OrderedDict()
        self._sent: OrderedDict[str, None] = OrderedDict()
        self._created: Created = OrderedDict()
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
        if configured.kind is TrackerKind.NOTIFICATION:
            return Notification(configured, self._sent)
        if configured.kind is TrackerKind.WEBHOOK:
            return Webhook(configured, self._http_session())
        opened = partial(_desk, configured, self._http_session())
        told = partial(self._notify, configured)
        return OneTicketPerLeak(name, configured.project_for, opened, self._turns, told, self._created)

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _notify(self, configured: Configured, filing: Filing, url: str) -> None:
        """A message that does not arrive is no reason to file again: the ticket is there."""
        for name in configured.notifications:
            messenger = self._administration().tracker_named(name)
            if messenger is not None and messenger.kind is TrackerKind.NOTIFICATION:
                try:
                    await Notification(messenger, self._sent).send(filing.occurrence, filing.title, url)
                except MemdriftError as error:
                    _log.warning("nobody was notified", extra={"tracker": name, "why": error.message})

    def _http_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._session


def _desk(configured: Configured, session: aiohttp.ClientSession, project: str) -> Desk:
    """The desk of one project of an issue tracker."""
    match configured.kind:
        case TrackerKind.GITHUB:
            return github.GitHub(Rest(configured, session, headers=github.HEADERS), project)
        case TrackerKind.GITLAB:
            return gitlab.GitLab(Rest(configured, session, gitlab.ROOT), project)
        case TrackerKind.GITEA:
            return gitea.Gitea(Rest(configured, session, gitea.ROOT), project)
        case TrackerKind.JIRA_CLOUD:
            authorization = basic(configured.username or "")
            rest = Rest(configured, session, jira.ROOT, authorization, jira.NO_CHECK)
            return jira.Jira(rest, project, configured)
        case _:
            return jira.Jira(Rest(configured, session, jira.ROOT, headers=jira.NO_CHECK), project, configured)
