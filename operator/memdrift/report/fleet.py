"""The fleet as one HTML page: stores, open incidents with why nothing is done, recent outcomes, the ledger.

Exists so that one look says what drifts, what memdrift does about it, why it does not, and when it looks again. Bounded
in size whatever the fleet's. Must not fetch, and must not know who may see what: it is given what may be shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from memdrift.api.storestatus import LedgerEntry
from memdrift.drift.phrases import span_of
from memdrift.report import page
from memdrift.report.board import IncidentRow, StoreRow

SCRIPTS = ("live.js",)
"""For the header of whoever serves the page: `page.policy(SCRIPTS, live=True)`."""
STORES_PER_PAGE = 50
INCIDENTS_AT_MOST = 50
CLOSED_AT_MOST = 20
LEDGER_AT_MOST = 30
VERDICTS = ("DriftingWithImpact", "Drifting", "Unknown", "Steady")
"""In the order of the page: what needs somebody first."""
_TEXT_CHARACTERS = 100
_SEVERITY = {"DriftingWithImpact": "alarm", "Drifting": "warn", "Steady": "good"}


@dataclass(frozen=True, slots=True)
class Query:
    """Which part is asked for; pages count from 1."""

    text: str = ""
    verdict: str = ""
    page: int = 1

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> Query:
        """From the address; what makes no sense counts as not said."""
        verdict, number = values.get("verdict", ""), values.get("page", "1")
        chosen = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
        text = values.get("q", "").strip()[:_TEXT_CHARACTERS]
        return cls(text, verdict if verdict in VERDICTS else "", max(chosen, 1))

    @property
    def address(self) -> str:
        """The same as an address on this page."""
        said = {"q": self.text, "verdict": self.verdict, "page": str(self.page) if self.page > 1 else ""}
        known = {name: value for name, value in said.items() if value}
        return f"/fleet?{urlencode(known)}" if known else "/fleet"

    def names(self, *names: str) -> bool:
        """Whether the text is in one of the names."""
        return not self.text or any(self.text.lower() in name.lower() for name in names)


@dataclass(frozen=True, slots=True)
class FleetView:
    """What one person may see.

    Attributes:
        person: who looks.
        unasked_namespaces: in how many it is not known yet whether they may look; nothing of them is shown.
        namespaces: how many have stores or incidents.
        hidden: which of `featurestores` and `driftincidents` they may read nowhere.
    """

    stores: Sequence[StoreRow]
    open_incidents: Sequence[IncidentRow]
    closed_incidents: Sequence[IncidentRow]
    query: Query
    person: str
    now: datetime
    unasked_namespaces: int = 0
    namespaces: int = 0
    hidden: Sequence[str] = ()


def fleet_page(view: FleetView) -> str:
    """The whole page."""
    query, matching = view.query, _matching(view)
    pages = max(math.ceil(len(matching) / STORES_PER_PAGE), 1)
    query = replace(query, page=min(query.page, pages))
    first = (query.page - 1) * STORES_PER_PAGE
    opened = [row for row in view.open_incidents if query.names(row.namespace, row.store, row.suspect)]
    closed = [row for row in view.closed_incidents if query.names(row.namespace, row.store, row.suspect)]
    return page.render(
        "fleet.html",
        scripts=SCRIPTS,
        live=True,
        view=view,
        query=query,
        tallies=_tallies(view),
        stores=matching[first : first + STORES_PER_PAGE],
        first=first + 1,
        found=len(matching),
        pages=pages,
        before=replace(query, page=query.page - 1).address if query.page > 1 else "",
        after=replace(query, page=query.page + 1).address if query.page < pages else "",
        incidents=opened[:INCIDENTS_AT_MOST],
        more_incidents=max(len(opened) - INCIDENTS_AT_MOST, 0),
        closed=closed[:CLOSED_AT_MOST],
        ledger=_ledger(matching)[:LEDGER_AT_MOST],
        verdicts=VERDICTS,
        severity=_SEVERITY,
        in_words=span_of,
        ahead=lambda at: span_of((at - view.now).total_seconds()) if at > view.now else "",
        ago=lambda at: span_of(max((view.now - at).total_seconds(), 0)),
    )


def _matching(view: FleetView) -> list[StoreRow]:
    query = view.query
    rows = (
        row
        for row in view.stores
        if query.verdict in ("", row.verdict) and query.names(row.namespace, row.name, f"{row.namespace}/{row.name}")
    )
    return sorted(rows, key=_order)


def _order(row: StoreRow) -> tuple[int, bool, str, str]:
    rank = VERDICTS.index(row.verdict) if row.verdict in VERDICTS else VERDICTS.index("Unknown")
    return rank, not row.problem[0], row.namespace, row.name


def _tallies(view: FleetView) -> list[tuple[str, int, str, str]]:
    """Name, number, severity and address of each tile."""
    counted = {verdict: sum(row.verdict == verdict for row in view.stores) for verdict in VERDICTS}
    unjudged = sum(not row.verdict for row in view.stores)
    tiles = [
        (verdict, counted[verdict] + (unjudged if verdict == "Unknown" else 0), _SEVERITY.get(verdict, ""),
         replace(view.query, verdict=verdict, page=1).address)
        for verdict in VERDICTS
    ]  # fmt: skip
    stalled = sum(bool(row.problem[0]) for row in view.stores)
    recent = view.now - timedelta(hours=24)
    restarts = sum(entry.started_time > recent for _, entry in _ledger(view.stores))
    return [
        ("All stores", len(view.stores), "", replace(view.query, verdict="", page=1).address),
        *tiles,
        ("Need a person", stalled, "warn" if stalled else "", ""),
        ("Open incidents", len(view.open_incidents), "", "#incidents"),
        ("Stopgaps in 24 h", restarts, "", "#ledger"),
    ]


def _ledger(rows: Iterable[StoreRow]) -> list[tuple[StoreRow, LedgerEntry]]:
    """The stopgaps of all stores, the newest first."""
    entries = [(row, entry) for row in rows for entry in row.ledger]
    return sorted(entries, key=lambda each: each[1].started_time, reverse=True)
