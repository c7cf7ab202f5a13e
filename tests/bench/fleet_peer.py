"""The obvious script for the same question: a client library's range queries, a table per pod, a trend test per pod."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
import pymannkendall
from prometheus_api_client import PrometheusConnect

from tests.bench.fleet_history import END, INTERVAL_SECONDS, LATENCY, LOAD, MEMORY, namespace, workload

SIGNIFICANT = 0.001
LEAST_GROWTH = 0.05


@dataclass(frozen=True)
class Found:
    """What the script calls drifting, and how many pods it looked at."""

    drifting: int
    pods: int


def scan(url: str, stores: Iterable[int], hours: int) -> Found:
    """These stores' pods, judged by Mann-Kendall and Sen's slope of their memory over the last hours."""
    prometheus = PrometheusConnect(url)
    first, last = datetime.fromtimestamp(END - hours * 3600 + INTERVAL_SECONDS, UTC), datetime.fromtimestamp(END, UTC)
    drifting = looked_at = 0
    for store in stores:
        own = f'namespace="{namespace(store)}",pod=~"{workload(store)}-.*"'
        queries = {
            "memory": f"{MEMORY}{{{own}}}",
            "load": f"sum by (pod) (rate({LOAD}{{{own}}}[5m]))",
            "latency": f"histogram_quantile(0.99, sum by (pod, le) (rate({LATENCY}{{{own}}}[5m])))",
        }
        columns = {
            name: prometheus.custom_query_range(query, first, last, f"{INTERVAL_SECONDS}s")
            for name, query in queries.items()
        }
        for pod, table in _tables(columns).items():
            memory = table["memory"].dropna().to_numpy()
            test, sen = pymannkendall.original_test(memory), pymannkendall.sens_slope(memory)
            grown = sen.slope * len(memory) / memory[0]
            drifting += int(test.trend == "increasing" and test.p < SIGNIFICANT and grown > LEAST_GROWTH)
            looked_at += bool(pod)
    return Found(drifting, looked_at)


def _tables(columns: dict[str, list[dict[str, object]]]) -> dict[str, pd.DataFrame]:
    """One table per pod, indexed by time."""
    series: dict[str, dict[str, pd.Series]] = {}
    for name, found in columns.items():
        for one in found:
            values = pd.Series({float(at): float(value) for at, value in one["values"]})  # type: ignore[attr-defined]
            series.setdefault(one["metric"]["pod"], {})[name] = values  # type: ignore[index]
    return {pod: pd.DataFrame(own) for pod, own in series.items()}
