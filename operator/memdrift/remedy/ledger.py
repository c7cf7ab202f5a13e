"""What stopgaps cost and bought, always derived from the incidents.

Exists so that budgets cannot be forgotten or counted twice: the incidents are the record, `status.ledger` is its
projection, kept only for incidents that were pruned. Must not store anything of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from memdrift.api.driftincident import DriftIncident, IncidentOutcome
from memdrift.api.featurestore import Budget, LedgerEntry

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
COUNTABLE = 20
"""As many stopgaps as are remembered for certain; a larger budget could not be counted."""


@dataclass(frozen=True, slots=True)
class Stopgap:
    """One restart action of one incident.

    Attributes:
        ended_at: None while it runs.
        leak: fingerprint of the growing stacks, or the container where there is none.
    """

    incident: str
    strategy: str
    pods: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    leak: str


def leak_of(incident: DriftIncident) -> str:
    """What tells one leak from another: the fingerprint, or the container where profiles named nothing."""
    return incident.status.fingerprint or f"container {incident.spec.container}"


def stopgaps(incidents: Sequence[DriftIncident], kept: Sequence[LedgerEntry]) -> tuple[Stopgap, ...]:
    """All stopgaps of a store, oldest first; `kept` adds those whose incidents were pruned."""
    rows = [
        Stopgap(
            incident=incident.metadata.name,
            strategy=str(incident.status.plan.strategy) if incident.status.plan else "",
            pods=len(incident.status.plan.pods if incident.status.plan else incident.status.pods_before),
            started_at=incident.status.restart_started_time,
            ended_at=incident.status.closed_time,
            outcome=str(incident.status.outcome or ""),
            leak=leak_of(incident),
        )
        for incident in incidents
        if incident.status.restart_started_time is not None
    ]
    known = {incident.metadata.name for incident in incidents}
    rows += [
        Stopgap(
            entry.incident,
            entry.strategy,
            entry.pods,
            entry.started_time,
            entry.ended_time,
            entry.outcome or "",
            entry.leak,
        )
        for entry in kept
        if entry.incident not in known
    ]
    return tuple(sorted(rows, key=lambda row: row.started_at))


def used_since(rows: Sequence[Stopgap], since: datetime) -> int:
    """How many stopgaps began after a moment."""
    return sum(1 for row in rows if row.started_at > since)


def frees_at(rows: Sequence[Stopgap], now: datetime, span: timedelta, maximum: int) -> datetime | None:
    """When a rolling budget has room again; None where it has room now."""
    if maximum == 0:  # never; told by the hour, so that an unchanged incident is not written at every look
        return now.replace(minute=0, second=0, microsecond=0) + span
    inside = [row.started_at for row in rows if row.started_at > now - span]
    return None if len(inside) < maximum else inside[len(inside) - maximum] + span


def consecutive(rows: Sequence[Stopgap], leak: str) -> int:
    """How many of the newest finished stopgaps in a row were for this leak."""
    count = 0
    for row in reversed([row for row in rows if row.ended_at is not None]):
        if row.leak != leak:
            break
        count += 1
    return count


def last_ineffective(rows: Sequence[Stopgap], leak: str) -> Stopgap | None:
    """The newest finished stopgap for this leak, where its check said that it did not help."""
    finished = [row for row in rows if row.ended_at is not None and row.leak == leak]
    return finished[-1] if finished and finished[-1].outcome == IncidentOutcome.NOT_RELIEVED else None


def last_disturbed_at(rows: Sequence[Stopgap], incidents: Sequence[DriftIncident]) -> datetime | None:
    """When pods were restarted last: by a stopgap, or by others while an incident was open."""
    moments = [row.started_at for row in rows]
    moments += [
        incident.status.closed_time
        for incident in incidents
        if incident.status.outcome == IncidentOutcome.SUPERSEDED and incident.status.closed_time is not None
    ]
    return max(moments, default=None)


def budget(rows: Sequence[Stopgap], now: datetime, leak: str) -> Budget:
    """The figures that status shows."""
    return Budget(
        used_last_24_hours=used_since(rows, now - DAY),
        used_last_7_days=used_since(rows, now - WEEK),
        consecutive=consecutive(rows, leak),
    )


def entries(
    incidents: Sequence[DriftIncident], rows: Sequence[Stopgap], kept: Sequence[LedgerEntry]
) -> list[LedgerEntry]:
    """`status.ledger`: one entry per stopgap, with how long the drift stayed away where the next one tells."""
    pruned = {entry.incident: entry for entry in kept}
    confirmed = sorted(
        incident.status.confirmed_time for incident in incidents if incident.status.confirmed_time is not None
    )
    finished = {incident.metadata.name: incident.status.restart_finished_time for incident in incidents}
    result = []
    for row in rows:
        end = finished.get(row.incident)
        again = next((moment for moment in confirmed if end is not None and moment > end), None)
        bought = int((again - end).total_seconds()) if again is not None and end is not None else None
        result.append(
            pruned[row.incident]
            if row.incident in pruned and row.incident not in finished
            else LedgerEntry(
                incident=row.incident,
                strategy=row.strategy or "None",
                pods=row.pods,
                leak=row.leak,
                started_time=row.started_at,
                ended_time=row.ended_at,
                outcome=row.outcome or None,
                bought_seconds=bought,
            )
        )
    return result
