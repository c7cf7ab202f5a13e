"""The prometheus-client objects for the table, with bounded label values.

Exists so that the rest names a metric by its name and cannot misspell a label. Must not know what a figure means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from memdrift.adapters.telemetry.table import TABLE, Measure

OTHER = "Other"
VALUES_PER_LABEL_AT_MOST = 100
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/+-]{0,127}")
_UNBOUNDED_HERE = frozenset({"namespace", "store", "incident"})  # bounded by the number of stores instead


class Families:
    """One family per row of the table, in a registry of its own."""

    def __init__(self, table: Sequence[Measure] = TABLE) -> None:
        # The creation time of each counter would double the number of series, and no query here needs it.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)
        self._gauges: dict[str, Gauge] = {}
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._labels = {row.name: row.labels for row in table}
        self._values: dict[tuple[str, str], set[str]] = {}
        for row in table:
            if row.kind == "gauge":
                self._gauges[row.name] = Gauge(row.name, row.help, row.labels, registry=self.registry)
            elif row.kind == "counter":
                self._counters[row.name] = Counter(row.name, row.help, row.labels, registry=self.registry)
            else:
                self._histograms[row.name] = Histogram(
                    row.name, row.help, row.labels, registry=self.registry, buckets=row.buckets
                )

    def set(self, name: str, value: float | None, **labels: str) -> None:
        """Set a gauge; None removes the series, so that an old figure is not shown for a new one."""
        gauge = self._gauges[name]
        bounded = self._bounded(name, labels)
        if value is not None:
            (gauge.labels(**bounded) if bounded else gauge).set(value)
        elif bounded:
            gauge.remove(*(bounded[label] for label in self._labels[name]))

    def count(self, name: str, amount: int = 1, **labels: str) -> None:
        """Add to a counter."""
        counter = self._counters[name]
        bounded = self._bounded(name, labels)
        (counter.labels(**bounded) if bounded else counter).inc(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Add an observation to a histogram."""
        histogram = self._histograms[name]
        bounded = self._bounded(name, labels)
        (histogram.labels(**bounded) if bounded else histogram).observe(value)

    def _bounded(self, name: str, labels: dict[str, str]) -> dict[str, str]:
        return {label: self._word(name, label, value) for label, value in labels.items()}

    def _word(self, name: str, label: str, value: str) -> str:
        if label in _UNBOUNDED_HERE:
            return value
        known = self._values.setdefault((name, label), {OTHER})
        if value in known or value == "":
            return value
        if len(known) >= VALUES_PER_LABEL_AT_MOST or not _WORD.fullmatch(value):
            return OTHER
        known.add(value)
        return value
