"""One ticket per leak, whatever is lost on the way.

Exists because a tracker has no "create unless it exists": the ticket is looked for before it is created, nobody else
creates meanwhile (`Turns`), and after the creation it is waited for until a search sees it, so that whoever comes next
finds it. Should two exist nevertheless, the older one stays. Must not know a tracker.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from memdrift.adapters.trackers.desk import Desk, Ticket
from memdrift.errors import MemdriftError, NotAllowed, TrackerUnavailable
from memdrift.ports import Filing, Remark, Turns

_log = logging.getLogger(__name__)

FILING_SECONDS_AT_MOST = 45.0
"""Less than after which a turn is taken over, so that nobody files behind the back of another."""
VISIBLE_SECONDS_AT_MOST = 15.0
REMEMBERED_SECONDS = 300.0
"""Longer than any search lags."""
_REMEMBERED_AT_MOST = 1000
_FIRST_POLL_SECONDS = 0.5
_LONGEST_POLL_SECONDS = 4.0

Created = OrderedDict[str, tuple[Ticket, str, float]]
"""The ticket, the occurrence that its body tells of, and until when a search is not believed to know better."""

OpenDesk = Callable[[str], Desk]
Told = Callable[[Filing, str], Awaitable[None]]


class OneTicketPerLeak:
    """Implements `ports.Tracker` on a desk.

    Args:
        name: of the tracker in the administrator's file.
        project_for: the project that a store may file into, from the one it asks for; None where it may not.
        open_desk: the desk of a project.
        turns: who may create tickets now.
        told: called with the ticket's address once a ticket tells of an incident; again where filing is repeated.
        created: tickets created by this process, by key; shared by all trackers of the process.
    """

    def __init__(
        self,
        name: str,
        project_for: Callable[[str], str | None],
        open_desk: OpenDesk,
        turns: Turns,
        told: Told,
        created: Created | None = None,
    ) -> None:
        self._name = name
        self._project_for = project_for
        self._open_desk = open_desk
        self._turns = turns
        self._told = told
        self._created: Created = OrderedDict() if created is None else created
        self._lag_seconds = 0.0

    async def file(self, filing: Filing) -> str:
        """The URL of the leak's ticket, which tells of this incident.

        Raises:
            TrackerUnavailable: not confirmed; filing again is safe.
            NotAllowed: the project is not for this store, or the tracker refused.
        """
        project = self._project(filing.project)
        ticket: Ticket | None = None
        try:
            async with asyncio.timeout(FILING_SECONDS_AT_MOST), self._turns.turn(self._key(project, filing.marker)):
                desk = self._open_desk(project)
                self._lag_seconds = desk.lag_seconds
                await desk.arrive()
                ticket = await self._filed(desk, filing, self._key(project, filing.marker))
                await self._attach(desk, ticket, filing)
        except TimeoutError as error:
            if ticket is None:
                raise self._late() from error
            _log.warning("the time of a filing ended with its ticket told", extra={"tracker": self._name})
        # Also where the ticket told of it before: whoever told it may have died before anybody was notified.
        await self._told(filing, ticket.url)
        return ticket.url

    async def remark(self, remark: Remark) -> None:
        """Say something on the leak's ticket, once; nothing where it has none.

        Raises:
            TrackerUnavailable: not confirmed; saying it again is safe.
            NotAllowed: as for `file`.
        """
        project = self._project(remark.project)
        try:
            async with asyncio.timeout(FILING_SECONDS_AT_MOST), self._turns.turn(self._key(project, remark.marker)):
                desk = self._open_desk(project)
                await desk.arrive()
                ticket = _oldest(await desk.find(remark.marker))
                if ticket is not None and not await desk.remarked(ticket, remark.occurrence):
                    await desk.remark(ticket, remark.body_markdown, remark.occurrence)
        except TimeoutError as error:
            raise self._late() from error

    async def _filed(self, desk: Desk, filing: Filing, key: str) -> Ticket:
        """The ticket, which tells of this incident."""
        ticket = _oldest(await desk.find(filing.marker)) or self._remembered(key)
        if ticket is None:
            created = await self._create(desk, filing)
            self._remember(key, created, filing.occurrence)
            ticket = await self._settled(desk, filing, created)
            if ticket == created:
                return ticket
            self._created.pop(key, None)
        if self._told_at_birth(key, ticket, filing.occurrence) or await desk.remarked(ticket, filing.occurrence):
            return ticket
        if not ticket.is_open:
            await desk.reopen(ticket)
        await desk.remark(ticket, filing.recurrence_markdown or filing.body_markdown, filing.occurrence)
        return ticket

    def _remember(self, key: str, ticket: Ticket, occurrence: str) -> None:
        until = asyncio.get_running_loop().time() + REMEMBERED_SECONDS
        self._created[key] = ticket, occurrence, until
        while len(self._created) > _REMEMBERED_AT_MOST:
            self._created.popitem(last=False)

    def _remembered(self, key: str) -> Ticket | None:
        """What this process created a moment ago, where no search shows it yet."""
        ticket, _, until = self._created.get(key, (None, "", 0.0))
        return ticket if asyncio.get_running_loop().time() < until else None

    def _told_at_birth(self, key: str, ticket: Ticket, occurrence: str) -> bool:
        created, first, _ = self._created.get(key, (None, "", 0.0))
        return created is not None and (created.key, first) == (ticket.key, occurrence)

    async def _create(self, desk: Desk, filing: Filing) -> Ticket:
        try:
            return await desk.create(filing)
        except TrackerUnavailable as error:
            # It may be there: whoever asks again must not do so before a search can see it.
            seconds = max(error.retry_after_seconds or 0.0, desk.lag_seconds)
            raise TrackerUnavailable(error.reason, error.message, seconds) from error

    async def _settled(self, desk: Desk, filing: Filing, created: Ticket) -> Ticket:
        """The ticket that stays, once a search sees the new one; the new one is closed where an older one exists."""
        deadline = asyncio.get_running_loop().time() + VISIBLE_SECONDS_AT_MOST
        pause = _FIRST_POLL_SECONDS
        try:
            found = await desk.find(filing.marker)
            while all(each.key != created.key for each in found) and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_POLL_SECONDS)
                found = await desk.find(filing.marker)
            stays = _oldest([*found, created]) or created
            if stays.key == created.key:
                return created
            await desk.remark(created, f"The same leak has a ticket already: {stays.url}", f"{filing.marker}-duplicate")
            await desk.close_as_duplicate(created)
        except MemdriftError as error:
            _log.warning("a new ticket was not looked at again", extra={"tracker": self._name, "why": error.message})
            return created
        return stays

    async def _attach(self, desk: Desk, ticket: Ticket, filing: Filing) -> None:
        """A ticket without its picture is a ticket."""
        for attachment in filing.attachments:
            try:
                await desk.attach(ticket, attachment, filing.occurrence)
            except MemdriftError as error:
                _log.warning("nothing was attached", extra={"tracker": self._name, "why": error.message})

    def _project(self, asked: str) -> str:
        project = self._project_for(asked)
        if project is None:
            raise NotAllowed(
                "TrackerNotAllowed",
                f"`spec.filing.project` `{asked}` is not among the `allowedProjects` of tracker `{self._name}`",
            )
        return project

    def _key(self, project: str, marker: str) -> str:
        return f"{self._name}/{project}/{marker}"

    def _late(self) -> TrackerUnavailable:
        return TrackerUnavailable(
            "TrackerUnavailable",
            f"tracker `{self._name}` did not finish within {FILING_SECONDS_AT_MOST:.0f} s",
            self._lag_seconds or None,
        )


def _oldest(tickets: Sequence[Ticket]) -> Ticket | None:
    return min(tickets, key=lambda ticket: ticket.age_order, default=None)
