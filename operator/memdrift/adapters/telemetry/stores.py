"""The series of the stores: set by ticks, gone with their stores, bounded in number.

Exists so that the metrics of one store cannot outlive it. Must not keep more of a report than the words it showed.
"""

from __future__ import annotations

from dataclasses import dataclass

from memdrift.adapters.telemetry.families import Families
from memdrift.drift.verdict import VerdictKind
from memdrift.report.tick import TickReport, TickResult

_PLAIN_GAUGES = (
    "memdrift_store_growth_bytes_per_hour",
    "memdrift_store_seconds_to_limit",
    "memdrift_store_latency_milliseconds",
    "memdrift_store_objective_milliseconds",
    "memdrift_store_unknown_seconds",
    "memdrift_store_consecutive_stopgaps",
    "memdrift_store_evaluated_timestamp_seconds",
    "memdrift_store_evaluation_period_seconds",
)


@dataclass(slots=True)
class _Last:
    """What the previous tick of a store said; "" for nothing."""

    hold_reason: str = ""
    incident: str = ""
    stage: str = ""


class StoreSeries:
    """The gauges that are labelled with a store."""

    def __init__(self, families: Families, at_most: int) -> None:
        self._families = families
        self._last: dict[tuple[str, str], _Last] = {}
        self._at_most = at_most

    def observe(self, report: TickReport) -> None:
        """Show the report."""
        key = (report.namespace, report.store)
        last = self._last.get(key)
        if last is None and len(self._last) >= self._at_most:
            self._families.count("memdrift_telemetry_dropped_total")
            return
        if last is None:
            last = self._last[key] = _Last()
            self._evaluated(report)
        if report.hold_reason and report.hold_reason != last.hold_reason:
            self._families.count("memdrift_holds_total", reason=report.hold_reason)
        if report.result is TickResult.DONE or report.verdict is not None:
            self._evaluated(report)
            self._figures(report)
            self._verdict(report)
            self._stage(report, last)
        # A tick that failed knows nothing new: the figures stay, and the time of the last evaluation tells their age.
        self._hold(report, last)

    def forget(self, namespace: str, store: str) -> None:
        """Remove every series of a store."""
        last = self._last.pop((namespace, store), None)
        if last is None:
            return
        labels = {"namespace": namespace, "store": store}
        for name in _PLAIN_GAUGES:
            self._families.set(name, None, **labels)
        for kind in VerdictKind:
            self._families.set("memdrift_store_verdict", None, **labels, verdict=kind)
        if last.stage:
            self._families.set("memdrift_incident_stage", None, **labels, incident=last.incident, stage=last.stage)
        if last.hold_reason:
            self._families.set("memdrift_store_hold", None, **labels, reason=last.hold_reason)

    def _evaluated(self, report: TickReport) -> None:
        store = {"namespace": report.namespace, "store": report.store}
        self._families.set("memdrift_store_evaluated_timestamp_seconds", report.now.timestamp(), **store)

    def _figures(self, report: TickReport) -> None:
        values = {
            "memdrift_store_growth_bytes_per_hour": report.growth_bytes_per_hour,
            "memdrift_store_seconds_to_limit": report.seconds_to_limit,
            "memdrift_store_latency_milliseconds": report.latency_milliseconds,
            "memdrift_store_objective_milliseconds": report.objective_milliseconds,
            "memdrift_store_unknown_seconds": report.unknown_seconds,
            "memdrift_store_consecutive_stopgaps": report.consecutive_stopgaps,
            "memdrift_store_evaluation_period_seconds": report.evaluation_period_seconds,
        }
        for name, value in values.items():
            self._families.set(name, value, namespace=report.namespace, store=report.store)

    def _verdict(self, report: TickReport) -> None:
        store = {"namespace": report.namespace, "store": report.store}
        for kind in VerdictKind:
            value = None if report.verdict is None else float(kind is report.verdict)
            self._families.set("memdrift_store_verdict", value, **store, verdict=kind)

    # In these two the new series comes before the old one goes: a scrape in between must not find neither.

    def _stage(self, report: TickReport, last: _Last) -> None:
        store = {"namespace": report.namespace, "store": report.store}
        opened = (report.incident, report.stage) if report.stage and not report.outcome else ("", "")
        before = (last.incident, last.stage)
        if all(opened):
            self._families.set("memdrift_incident_stage", 1, **store, incident=opened[0], stage=opened[1])
        if all(before) and before != opened:
            self._families.set("memdrift_incident_stage", None, **store, incident=before[0], stage=before[1])
        last.incident, last.stage = opened

    def _hold(self, report: TickReport, last: _Last) -> None:
        store = {"namespace": report.namespace, "store": report.store}
        if report.hold_reason:
            self._families.set("memdrift_store_hold", 1, **store, reason=report.hold_reason)
        if last.hold_reason and last.hold_reason != report.hold_reason:
            self._families.set("memdrift_store_hold", None, **store, reason=last.hold_reason)
        last.hold_reason = report.hold_reason
