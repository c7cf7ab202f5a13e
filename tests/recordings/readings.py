"""What Prometheus saw of one program, second by second.

Exists so that the figures of a recording are query results, as memdrift's own are. Must not write a file.
"""

import json
import math
import urllib.parse
import urllib.request
from collections.abc import Mapping

COLUMNS = ("t", "memory", "live_heap", "resident", "working_set", "load", "latency")
"""Seconds since the start; bytes (`memory` is `resident`); requests per second; seconds (99th percentile)."""

# A scrape that failed is an empty cell, not the value before it: a sample counts for two seconds only.
QUERIES = {
    "live_heap": 'last_over_time(go_gc_heap_live_bytes{behaviour="BEHAVIOUR"}[2s])',
    "resident": 'last_over_time(process_resident_memory_bytes{behaviour="BEHAVIOUR"}[2s])',
    "working_set": 'last_over_time(container_memory_working_set_bytes{behaviour="BEHAVIOUR"}[2s])',
    "load": 'sum(rate(http_requests_total{behaviour="BEHAVIOUR"}[5s]))',
    "latency": (
        'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{behaviour="BEHAVIOUR"}[10s])))'
    ),
}
BYTES = ("live_heap", "resident", "working_set")
ROUNDED_TO_BYTES = 4096

Rows = list[dict[str, str]]


def rows_of(url: str, behaviour: str, start: int, seconds: int) -> Rows:
    """One row of cells per second from `start`; an empty cell where nothing is known."""
    series = {
        column: _range(url, query.replace("BEHAVIOUR", behaviour), start, seconds) for column, query in QUERIES.items()
    }
    rows = []
    for second in range(seconds):
        cells = {column: _cell(column, values.get(start + second, math.nan)) for column, values in series.items()}
        rows.append({"t": str(second), "memory": cells["resident"], **cells})
    return rows


def limit_bytes(url: str, behaviour: str, at: int) -> float:
    """The runtime's own limit as the program exported it."""
    query = f'last_over_time(go_gc_gomemlimit_bytes{{behaviour="{behaviour}"}}[1m])'
    return _range(url, query, at, 1)[at]


def _cell(column: str, value: float) -> str:
    if math.isnan(value):
        return ""
    if column in BYTES:
        return str(round(value / ROUNDED_TO_BYTES) * ROUNDED_TO_BYTES)
    return f"{value:.1f}" if column == "load" else f"{value:.3g}"


def _range(url: str, query: str, start: int, seconds: int) -> Mapping[int, float]:
    asked = {"query": query, "start": str(start), "end": str(start + seconds - 1), "step": "1"}
    address = f"{url}/api/v1/query_range?{urllib.parse.urlencode(asked)}"
    with urllib.request.urlopen(address, timeout=60) as answer:
        result = json.load(answer)["data"]["result"]
    return {int(moment): float(value) for moment, value in result[0]["values"]} if result else {}
