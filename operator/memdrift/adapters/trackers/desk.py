"""What every issue tracker can do, by the few words that one ticket per leak needs.

Exists so that the rule "look first, then write" stands once, in `once`, and each tracker only says how. Must not decide
when something is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memdrift.ports import Attachment, Filing

LABEL = "memdrift"
"""On every ticket, so that tickets are found in a list: full-text indexes lag behind."""
TICKETS_AT_MOST = 2000
"""How many tickets with the label, or of our own, are looked at in a list; what is older is found by search."""
COMMENTS_AT_MOST = 2000


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket as its tracker knows it.

    Attributes:
        key: how its API addresses it.
        age_order: smaller for older ones.
    """

    key: str
    age_order: int
    url: str
    is_open: bool


class Desk(Protocol):
    """One project of one tracker, for the time of one filing."""

    @property
    def lag_seconds(self) -> float:
        """How long after its creation a ticket may be missing from what `find` sees."""
        ...

    async def arrive(self) -> None:
        """Find the project, under its present name where it was renamed. Called before anything else."""
        ...

    async def find(self, marker: str) -> Sequence[Ticket]:
        """All tickets that carry the marker and are believed (`belief`), open or closed."""
        ...

    async def create(self, filing: Filing) -> Ticket:
        """A new ticket which carries marker and occurrence."""
        ...

    async def remarked(self, ticket: Ticket, occurrence: str) -> bool:
        """Whether the ticket itself, or a comment that is believed, carries the occurrence."""
        ...

    async def remark(self, ticket: Ticket, markdown: str, occurrence: str) -> None:
        """A comment which carries the occurrence."""
        ...

    async def reopen(self, ticket: Ticket) -> None:
        """Open it again."""
        ...

    async def close_as_duplicate(self, ticket: Ticket) -> None:
        """Close one that was created beside another."""
        ...

    async def attach(self, ticket: Ticket, attachment: Attachment, occurrence: str, /) -> None:
        """Attach a file, unless one of its name is there, and show it where the tracker shows it in a text.

        Nothing where the API takes no files.
        """
        ...
