"""What is known of all stores and incidents at this moment, as rows of a page.

Exists so that looking at the pages costs the API server and the ticks nothing: the watch tells every change here, and
only what a page shows is kept. Bounded: of closed incidents the newest stay. Must not fetch, and must not decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from memdrift.api.driftincident import DriftIncident, Stage
from memdrift.api.faults import fault_of
from memdrift.api.featurestore import FeatureStore
from memdrift.api.storestatus import LedgerEntry
from memdrift.report.tables import condition

CLOSED_AT_MOST = 500
LEDGER_AT_MOST = 5
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StoreRow:
    """One store.

    Attributes:
        reason, message: why nothing is done, or what is (`Remediating`).
        problem: reason and message where it cannot be judged or a person is needed; ("", "") otherwise.
        ledger: the newest stopgaps, oldest first.
    """

    namespace: str
    name: str
    mode: str = ""
    verdict: str = ""
    growth_per_hour: str = ""
    latency_milliseconds: int | None = None
    objective_milliseconds: int | None = None
    seconds_to_limit: int | None = None
    reason: str = ""
    message: str = ""
    problem: tuple[str, str] = ("", "")
    incident: str = ""
    next_eligible_at: datetime | None = None
    evaluated_at: datetime | None = None
    ledger: tuple[LedgerEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident; `suspect` is a module with its version, or a function."""

    namespace: str
    name: str
    store: str
    stage: str
    verdict: str = ""
    outcome: str = ""
    reason: str = ""
    message: str = ""
    ask_again_at: datetime | None = None
    suspect: str = ""
    growth_per_hour: str = ""
    recommendation: str = ""
    ticket_url: str = ""
    confirmed_at: datetime | None = None
    closed_at: datetime | None = None


class Board:
    """All rows; every method returns at once."""

    def __init__(self) -> None:
        self._stores: dict[Key, StoreRow] = {}
        self._open: dict[Key, IncidentRow] = {}
        self._closed: dict[Key, IncidentRow] = {}

    def store_seen(self, document: Mapping[str, Any]) -> None:
        """A store as the API server has it now."""
        key = _key(document)
        try:
            self._stores[key] = store_row(FeatureStore.model_validate(document))
        except ValidationError as error:
            self._stores[key] = StoreRow(*key, problem=("SpecInvalid", fault_of(error)))

    def store_gone(self, namespace: str, name: str) -> None:
        """A store is no more, nor is any incident of it open."""
        self._stores.pop((namespace, name), None)
        for key in [key for key, row in self._open.items() if (row.namespace, row.store) == (namespace, name)]:
            del self._open[key]

    def incident_seen(self, document: Mapping[str, Any]) -> None:
        """An incident as the API server has it now."""
        key = _key(document)
        if self._is_history(document):
            self.incident_gone(*key)
            return
        try:
            row = incident_row(DriftIncident.model_validate(document))
        except ValidationError:
            return  # the tick says what is wrong, where its owner looks
        self.incident_gone(*key)
        if row.stage != Stage.CLOSED:
            self._open[key] = row
            return
        self._closed[key] = row
        if len(self._closed) > CLOSED_AT_MOST:
            del self._closed[min(self._closed, key=lambda each: _closed_key(self._closed[each]))]

    def _is_history(self, document: Mapping[str, Any]) -> bool:
        """Whether it was closed before everything that is kept: at the start most were, and need no reading."""
        closed_time = document.get("status", {}).get("closedTime")
        if len(self._closed) < CLOSED_AT_MOST or not isinstance(closed_time, str):
            return False
        oldest = min(map(_closed_key, self._closed.values()))
        try:
            return datetime.fromisoformat(closed_time).timestamp() < oldest
        except ValueError:
            return False

    def incident_gone(self, namespace: str, name: str) -> None:
        """An incident was pruned or deleted."""
        self._open.pop((namespace, name), None)
        self._closed.pop((namespace, name), None)

    @property
    def store_namespaces(self) -> frozenset[str]:
        """Where there are stores."""
        return frozenset(namespace for namespace, _ in self._stores)

    @property
    def incident_namespaces(self) -> frozenset[str]:
        """Where there are incidents to be shown."""
        return frozenset(namespace for rows in (self._open, self._closed) for namespace, _ in rows)

    def stores(self, visible: Callable[[str], bool]) -> tuple[StoreRow, ...]:
        """The stores of the namespaces that may be seen."""
        return tuple(row for row in self._stores.values() if visible(row.namespace))

    def open_incidents(self, visible: Callable[[str], bool]) -> tuple[IncidentRow, ...]:
        """The open incidents, the newest first."""
        rows = (row for row in self._open.values() if visible(row.namespace))
        return tuple(sorted(rows, key=lambda row: _moment_key(row.confirmed_at), reverse=True))

    def closed_incidents(self, visible: Callable[[str], bool]) -> tuple[IncidentRow, ...]:
        """The closed incidents that are remembered, the newest first."""
        rows = (row for row in self._closed.values() if visible(row.namespace))
        return tuple(sorted(rows, key=_closed_key, reverse=True))


def store_row(store: FeatureStore) -> StoreRow:
    """What a page shows of a store."""
    status = store.status
    ready, ready_reason, ready_message = condition(store, "Ready")
    _, stalled_reason, stalled_message = condition(store, "Stalled")
    _, reason, message = condition(store, "Remediating")
    problem = (stalled_reason, stalled_message) if stalled_reason else ("", "")
    if not problem[0] and ready_reason and ready != "True":
        problem = (ready_reason, ready_message)
    return StoreRow(
        store.metadata.namespace,
        store.metadata.name,
        mode=str(store.spec.mode),
        verdict=str(status.verdict or ""),
        growth_per_hour=str(status.growth_per_hour or ""),
        latency_milliseconds=status.latency_milliseconds,
        objective_milliseconds=store.spec.objective.latency_milliseconds,
        seconds_to_limit=status.seconds_to_limit,
        reason=reason,
        message=message,
        problem=problem,
        incident=status.incident or "",
        next_eligible_at=status.next_eligible_time,
        evaluated_at=status.last_evaluation_time,
        ledger=tuple(status.ledger[-LEDGER_AT_MOST:]),
    )


def incident_row(incident: DriftIncident) -> IncidentRow:
    """What a page shows of an incident."""
    status = incident.status
    suspect = status.findings.suspects[0] if status.findings and status.findings.suspects else None
    return IncidentRow(
        incident.metadata.namespace,
        incident.metadata.name,
        incident.spec.store_ref.name,
        str(status.stage),
        verdict=status.verdict.kind if status.verdict else "",
        outcome=str(status.outcome or ""),
        reason=status.reason or "",
        message=status.message or "",
        ask_again_at=status.ask_again_time,
        suspect=f"{suspect.module or suspect.function} {suspect.version}".strip() if suspect else "",
        growth_per_hour=str(status.growth_per_hour or ""),
        recommendation=str(status.recommendation or ""),
        ticket_url=status.ticket.url if status.ticket else "",
        confirmed_at=status.confirmed_time,
        closed_at=status.closed_time,
    )


def _key(document: Mapping[str, Any]) -> Key:
    return document["metadata"]["namespace"], document["metadata"]["name"]


def _moment_key(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _closed_key(row: IncidentRow) -> float:
    return _moment_key(row.closed_at or row.confirmed_at)
