"""Translates what happened into metrics.

Exists so that callers report facts (`TickReport`, `Figure`) and know no metric names. Must not
read a clock or ask anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from prometheus_client import ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from memdrift.adapters.telemetry.families import Families
from memdrift.adapters.telemetry.stores import StoreSeries
from memdrift.report.health import Figure
from memdrift.report.tick import CaptureTold, FilingTold, RestartTold, TickReport

_FIGURE_GAUGES = {
    "scheduler_lag_seconds": ("memdrift_scheduler_lag_seconds", ""),
    "watch_age_seconds": ("memdrift_watch_age_seconds", "resource"),
    "source_lag_seconds": ("memdrift_source_age_seconds", "source"),
    "clock_skew_seconds": ("memdrift_clock_skew_seconds", "peer"),
}
_RESULTS = {
    "memdrift_ticks_total": ("Done", "Postponed", "Failed"),
    "memdrift_archive_puts_total": ("Stored", "Failed"),
}


class Telemetry:
    """The metrics of one process. Everything but `exposition` is cheap and is called from the event loop.

    Args:
        version: of memdrift, for `memdrift_build_info`.
        stores_at_most: series are kept for this many stores; reports of further ones only count in the totals.
    """

    CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self, version: str, stores_at_most: int = 10_000) -> None:
        self._families = Families()
        self._subjects: set[tuple[str, str]] = set()
        self._stores = StoreSeries(self._families, stores_at_most)
        ProcessCollector(registry=self._families.registry)
        self._families.set("memdrift_build_info", 1, version=version)
        for name, results in _RESULTS.items():
            # A counter must exist before it first grows, or `increase()` misses the first event.
            for result in results:
                self._families.count(name, 0, result=result)

    async def exposition(self) -> bytes:
        """The text format. Rendered in a thread: thousands of stores would block probes for a second."""
        return await asyncio.to_thread(generate_latest, self._families.registry)

    def observe_tick(self, report: TickReport) -> None:
        """All metrics that one tick changes."""
        self._families.count("memdrift_ticks_total", result=report.result)
        self._families.observe("memdrift_tick_seconds", report.seconds)
        self._effects(report)
        self._stores.observe(report)

    def forget(self, namespace: str, store: str) -> None:
        """Remove every series of a store that is gone."""
        self._stores.forget(namespace, store)

    def count_alerts(self, result: str, amount: int = 1) -> None:
        """Alerts received, by what became of them."""
        self._families.count("memdrift_alerts_total", amount, result=result)

    def count_capture(self, capture: CaptureTold) -> None:
        """One attempt to take one profile, for captures outside a tick."""
        self._families.count("memdrift_captures_total", result=capture.result, reason=capture.reason)
        if capture.seconds is not None:
            self._families.observe("memdrift_capture_seconds", capture.seconds)
        if capture.bytes is not None:
            self._families.observe("memdrift_profile_bytes", capture.bytes, kind=capture.kind)

    def administration_read(self, *, valid: bool) -> None:
        """The administrator's file was read: taken over, or refused."""
        self._families.set("memdrift_administration_valid", float(valid))

    def observe_health(self, figures: Iterable[Figure]) -> None:
        """The figures of `/readyz` as gauges; what is no longer among them is removed."""
        subjects = set()
        for figure in figures:
            if figure.name == "archive_unreachable":
                self._families.set("memdrift_archive_reachable", 0.0 if figure.value else 1.0)
            elif figure.name in _FIGURE_GAUGES:
                name, label = _FIGURE_GAUGES[figure.name]
                self._families.set(name, figure.value, **({label: figure.subject} if label else {}))
                subjects.add((figure.name, figure.subject))
        for figure_name, subject in self._subjects - subjects:
            name, label = _FIGURE_GAUGES[figure_name]
            if label:
                self._families.set(name, None, **{label: subject})
        self._subjects = subjects

    def _effects(self, report: TickReport) -> None:
        for capture in report.captures:
            self.count_capture(capture)
        for restart in report.restarts:
            self._restart(restart)
        for filing in report.filings:
            self._filing(filing)
        for result in report.archive_puts:
            self._families.count("memdrift_archive_puts_total", result=result)
        if report.outcome:
            self._families.count("memdrift_incidents_total", outcome=report.outcome)

    def _restart(self, restart: RestartTold) -> None:
        evidence = "Stored" if restart.evidenced else "Missing"
        self._families.count("memdrift_restarts_total", strategy=restart.strategy, evidence=evidence)
        if not restart.evidenced:
            self._families.count("memdrift_restarts_without_evidence_total")

    def _filing(self, filing: FilingTold) -> None:
        self._families.count("memdrift_filings_total", tracker=filing.tracker, result=filing.result)
