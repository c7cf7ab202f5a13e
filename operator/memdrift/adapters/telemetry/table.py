"""Every metric that memdrift exposes, once: name, type, labels, help.

Exists so that the code, the dashboards, the alert rules and the README cannot disagree about a name. Labels are
bounded: a store is named by `namespace` and `store`, everything else is a word of a closed vocabulary or a name that
the administrator configured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

STORE = ("namespace", "store")


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric.

    Attributes:
        name: as a scrape shows it (counters end in `_total`).
        help: its meaning and unit, in one sentence.
        buckets: upper bounds of a histogram.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()


def _gauge(name: str, labels: tuple[str, ...], explanation: str) -> Measure:
    return Measure(name, "gauge", labels, explanation)


def _counter(name: str, labels: tuple[str, ...], explanation: str) -> Measure:
    return Measure(name, "counter", labels, explanation)


def _histogram(name: str, labels: tuple[str, ...], explanation: str, buckets: tuple[float, ...]) -> Measure:
    return Measure(name, "histogram", labels, explanation, buckets)


TABLE: tuple[Measure, ...] = (
    # one store
    _gauge("memdrift_store_verdict", (*STORE, "verdict"), "1 for the store's verdict, 0 for the other three."),
    _gauge("memdrift_store_growth_bytes_per_hour", STORE, "Growth of memory of the worst pod; absent while unknown."),
    _gauge("memdrift_store_seconds_to_limit", STORE, "Seconds until the first pod reaches its limit; absent without."),
    _gauge("memdrift_store_latency_milliseconds", STORE, "Latency of the worst pod at the objective's quantile."),
    _gauge("memdrift_store_objective_milliseconds", STORE, "The latency objective of the store."),
    _gauge("memdrift_store_unknown_seconds", STORE, "For how long the verdict has been Unknown; 0 while it is known."),
    _gauge("memdrift_store_consecutive_stopgaps", STORE, "Restart actions in a row for the same leak."),
    _gauge("memdrift_store_evaluated_timestamp_seconds", STORE, "Unix time of the last finished look at the store."),
    _gauge("memdrift_store_evaluation_period_seconds", STORE, "How often the store is to be looked at."),
    _gauge("memdrift_incident_stage", (*STORE, "incident", "stage"), "1 for the stage of the store's open incident."),
    _gauge("memdrift_store_hold", (*STORE, "reason"), "1 for the reason why memdrift does not act on the store now."),
    # what was done
    _counter("memdrift_incidents_total", ("outcome",), "Incidents that were closed."),
    _counter("memdrift_holds_total", ("reason",), "Times a store began to be held for this reason."),
    _counter("memdrift_captures_total", ("result", "reason"), "Profiles tried: Stored, or Failed with its reason."),
    _histogram("memdrift_capture_seconds", (), "How long a pod was asked for one profile.", (0.1, 0.3, 1, 3, 10, 30)),
    _histogram("memdrift_profile_bytes", ("kind",), "Size of stored profiles.", (1e4, 1e5, 3e5, 1e6, 3e6, 1e7, 3e7)),
    _counter("memdrift_restarts_total", ("strategy", "evidence"), "Pods evicted and rollouts begun."),
    _counter("memdrift_restarts_without_evidence_total", (), "Of these, without relevant evidence stored before."),
    _counter("memdrift_archive_puts_total", ("result",), "Objects written to the archive: Stored or Failed."),
    _counter(
        "memdrift_filings_total",
        ("tracker", "result"),
        "Answers of trackers: Filed, LeakAbsent, Refused or Unavailable.",
    ),
    _counter("memdrift_alerts_total", ("result",), "Alerts received, by what became of each."),
    # the operator itself
    _counter("memdrift_ticks_total", ("result",), "Looks at a store: Done, Postponed or Failed."),
    _histogram(
        "memdrift_tick_seconds", (), "How long one look at one store took.", (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
    ),
    _gauge("memdrift_scheduler_lag_seconds", (), "By how much the most overdue store is late."),
    _gauge("memdrift_watch_age_seconds", ("resource",), "Seconds since the watch of a resource was heard last."),
    _gauge("memdrift_source_age_seconds", ("source",), "For how long a metrics source has owed a usable answer."),
    _gauge("memdrift_clock_skew_seconds", ("peer",), "Clock of the API server, or of a source, minus ours."),
    _gauge("memdrift_archive_reachable", (), "1 while the last use of the archive worked; absent before the first."),
    _gauge(
        "memdrift_administration_valid", (), "0 while the administrator's file is refused and an older one is used."
    ),
    _counter("memdrift_telemetry_dropped_total", (), "Reports of stores beyond the number that metrics are kept for."),
    _gauge("memdrift_build_info", ("version",), "Always 1."),
)
