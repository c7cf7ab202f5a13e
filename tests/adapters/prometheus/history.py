"""Six hours of a small shop as OpenMetrics text, and the same figures as arrays, to be reduced again by tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

END = 1_700_006_400 - 1_700_006_400 % 7200
"""An end on every grid used here."""
INTERVAL = 15
SAMPLES = 6 * 3600 // INTERVAL
TIMES = np.array([END - (SAMPLES - 1 - number) * INTERVAL for number in range(SAMPLES)])
AGE = np.arange(SAMPLES, dtype=float)
HOUR = 3600 // INTERVAL

A, B, GONE = "store-6d5f7c9b4d-x2k4p", "store-6d5f7c9b4d-z7w9q", "store-6d5f7c9b4d-gggg2"
MIB = 1024.0 * 1024.0

Values = np.ndarray


@dataclass
class History:
    """Series by metric; a NaN is a scrape that failed."""

    series: dict[str, list[tuple[dict[str, str], Values]]] = field(default_factory=dict)

    def add(self, metric: str, labels: dict[str, str], values: Values) -> None:
        self.series.setdefault(metric, []).append((labels, values))

    def text(self) -> str:
        lines = []
        for metric, rows in self.series.items():
            lines.append(f"# TYPE {metric} unknown")
            for labels, values in rows:
                inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
                lines += [
                    f"{metric}{{{inside}}} {value!r} {time}"
                    for time, value in zip(TIMES.tolist(), values.tolist(), strict=True)
                    if not np.isnan(value)
                ]
        return "\n".join([*lines, "# EOF", ""])

    def raw(self, metric: str, **labels: str) -> Values:
        """The values of one series."""
        found = [values for have, values in self.series[metric] if labels.items() <= have.items()]
        assert len(found) == 1
        return found[0]


def shop() -> History:
    """Two pods which run, one that is gone, and another namespace which must never be seen."""
    history = History()
    noise = np.random.default_rng(7).normal(0, 0.3, (3, SAMPLES))
    _pod(history, "shop", A, {"container": "app"}, lambda age: (40 + 0.02 * age + noise[0]) * MIB, first=0)
    _pod(history, "shop", B, {}, lambda age: (40 + noise[1]) * MIB, first=HOUR)
    _pod(history, "shop", GONE, {"container": "app"}, lambda age: (60 + noise[2]) * MIB, first=HOUR // 2, last=3 * HOUR)
    _pod(history, "bank", A, {"container": "app"}, lambda age: (900 + 0 * age) * MIB, first=0)
    history.add("secret_bytes", {"namespace": "bank", "pod": A}, np.full(SAMPLES, 42.0))
    history.add("secret_bytes", {"namespace": "shop", "pod": A}, np.full(SAMPLES, 1.0))
    return history


def _pod(
    history: History,
    namespace: str,
    pod: str,
    container: dict[str, str],
    live_heap: Callable[[Values], Values],
    first: int,
    last: int = SAMPLES,
) -> None:
    scraped = (np.arange(SAMPLES) >= first) & (np.arange(SAMPLES) < last)
    own = {"namespace": namespace, "pod": pod, **container, "instance": pod}
    kubelet = {"namespace": namespace, "pod": pod, "container": "app"}
    heap = live_heap(AGE)

    def add(metric: str, labels: dict[str, str], values: Values) -> None:
        history.add(metric, labels, np.where(scraped, values, np.nan))

    if pod != B:
        add("go_gc_heap_live_bytes", own, heap)
    add("go_memstats_heap_inuse_bytes", own, heap * 1.25)
    add("process_resident_memory_bytes", own, heap * 1.5)
    add("process_start_time_seconds", own, np.full(SAMPLES, TIMES[first] - 7.5))
    add("go_gc_gomemlimit_bytes", own, np.full(SAMPLES, 96 * MIB if pod == A else 2.0**63 - 1))
    add("container_memory_working_set_bytes", kubelet, heap * 2)
    add("container_memory_working_set_bytes", {**kubelet, "container": ""}, heap * 99)
    for code, share in (("200", 0.9), ("500", 0.1)):
        add("http_request_duration_seconds_count", {**own, "code": code}, (AGE - first) * INTERVAL * 40 * share)
        for bound, below in (("0.1", 0.90), ("0.2", 0.98), ("0.5", 1.0), ("+Inf", 1.0)):
            total = (AGE - first) * INTERVAL * 40 * share * below
            add("http_request_duration_seconds_bucket", {**own, "code": code, "le": bound}, total)
