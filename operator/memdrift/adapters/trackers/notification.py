"""Messages to Slack, Teams, e-mail and whatever else apprise reaches; an optional extra of the package.

Exists for owners who look at a channel first. Services cannot be searched, so a message is sent once per process and
may come again after a restart of it. Must not hold an artefact: a sentence and the ticket's address. Must not log an
address of the file, which holds secrets.
"""

from __future__ import annotations

import asyncio
import importlib
from collections import OrderedDict
from typing import Protocol

from memdrift.adapters.trackers.credentials import secret
from memdrift.api.administration import Tracker
from memdrift.errors import NotAllowed, TrackerUnavailable
from memdrift.ports import Filing, Remark

_SENT_AT_MOST = 10_000
_SUMMARY_CHARACTERS = 600
_SECONDS_AT_MOST = 20.0


class Services(Protocol):
    """What is used of apprise."""

    def add(self, address: str) -> bool:
        """False where the address is no service's."""
        ...

    async def async_notify(self, *, title: str, body: str, body_format: str) -> object:
        """Something true where every service took the message."""
        ...


class Notification:
    """Implements `ports.Tracker` by messages.

    Args:
        configured: its entry in the administrator's file.
        sent: occurrences sent so far, shared by all trackers of this kind in the process.
    """

    def __init__(self, configured: Tracker, sent: OrderedDict[str, None]) -> None:
        self._configured = configured
        self._sent = sent

    async def file(self, filing: Filing) -> str:
        """Send the summary; there is no URL.

        Raises:
            TrackerUnavailable: a service did not take it; all of them get it again.
            NotAllowed: apprise is not installed, or the file names no service that it knows.
        """
        await self.send(filing.occurrence or filing.marker, filing.title, _summary(filing.body_markdown))
        return ""

    async def remark(self, remark: Remark) -> None:
        """Send it."""
        await self.send(remark.occurrence, "memdrift", _summary(remark.body_markdown))

    async def send(self, key: str, title: str, text: str) -> None:
        """One message, unless this process sent it already."""
        key = f"{self._configured.name}/{key}"
        if key in self._sent:
            return
        services = self._services()
        if not await self._notified(services, title, text):
            raise TrackerUnavailable(
                "TrackerUnavailable", f"tracker `{self._configured.name}`: not every service took the message"
            )
        self._sent[key] = None
        while len(self._sent) > _SENT_AT_MOST:
            self._sent.popitem(last=False)

    async def _notified(self, services: Services, title: str, text: str) -> bool:
        """Whether all took it in time; a service has no time-out of its own that holds for the whole message."""
        try:
            async with asyncio.timeout(_SECONDS_AT_MOST):
                return bool(await services.async_notify(title=title, body=text, body_format="markdown"))
        except TimeoutError:
            return False

    def _services(self) -> Services:
        name = self._configured.name
        try:
            apprise = importlib.import_module("apprise")  # here and not above: an optional extra, 46 MB once it is used
        except ImportError as error:
            raise NotAllowed(
                "TrackerRefused", f"tracker `{name}` needs the extra: install `memdrift[notification]`"
            ) from error
        services: Services = apprise.Apprise()
        text = secret(self._configured.urls_file or "", name, "urlsFile")
        addresses = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        wrong = [number for number, address in enumerate(addresses, 1) if not services.add(address)]
        if wrong or not addresses:
            which = f"address {wrong[0]} is unknown to apprise" if wrong else "it holds no address"
            raise NotAllowed("TrackerRefused", f"`urlsFile` of tracker `{name}`: {which}")
        return services


def _summary(markdown: str) -> str:
    """The first paragraph: the verdict's sentence."""
    first = markdown.strip().split("\n\n", 1)[0]
    return first[:_SUMMARY_CHARACTERS]
