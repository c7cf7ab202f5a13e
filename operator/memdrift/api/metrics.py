"""Where the figures of a store come from: `spec.metrics` of a FeatureStore.

Exists so that an owner names series without naming a server. Must not hold a URL or a credential: those are the
administrator's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from memdrift.api.wire import Label, WireModel, rules

PromQL = Annotated[str, Field(min_length=1, max_length=2048)]

_PRESET_XOR_QUERY = "has(self.preset) != has(self.query)"


class MemoryPreset(StrEnum):
    """Known sets of memory series."""

    GO = "go"
    """The Go runtime's live heap, the process's resident memory, the container's working set."""
    PROCESS = "process"
    """Resident memory and working set of any process."""


class LatencyPreset(StrEnum):
    """Known latency histograms."""

    HTTP_SERVER = "http-server"
    GRPC_SERVER = "grpc-server"
    FEAST = "feast"


class LoadPreset(StrEnum):
    """Known request counters."""

    HTTP_SERVER = "http-server"
    GRPC_SERVER = "grpc-server"
    FEAST = "feast"


class LatencyScope(StrEnum):
    """Whose latency the series tell."""

    POD = "Pod"
    STORE = "Store"


class MemoryMetrics(WireModel):
    """The memory series: a preset, or queries of your own."""

    model_config = rules(
        (
            "has(self.preset) != (has(self.liveHeap) || has(self.resident) || has(self.workingSet))",
            "`memory` needs either `preset` or queries (`liveHeap`, `resident`, `workingSet`), not both, not neither",
        ),
        (
            "has(self.preset) || has(self.liveHeap) || has(self.resident)",
            "`memory` needs `liveHeap` or `resident`: `workingSet` alone contains page cache and is never judged",
        ),
    )

    preset: MemoryPreset | None = None
    """A known set of series. `go`: live heap, resident memory and working set of a Go process that serves the metrics
    of the Go client library. `process`: resident memory and working set of any process."""
    live_heap: PromQL | None = None
    """PromQL for the live heap in bytes, one series per container. Without it growth of the heap cannot be told from
    growth outside it."""
    resident: PromQL | None = None
    """PromQL for the resident memory (RSS) in bytes, one series per container."""
    working_set: PromQL | None = None
    """PromQL for the working set in bytes, one series per container. It only serves for the time to the limit at
    which the kernel kills, because it contains page cache."""


class LatencyMetrics(WireModel):
    """The latency series: a preset or a query of your own."""

    model_config = rules((_PRESET_XOR_QUERY, "`latency` needs either `preset` or `query`, not both, not neither"))

    scope: LatencyScope = LatencyScope.POD
    """Whose latency the series tell. `Pod` (default): one series per pod. `Store`: only one for the whole service
    exists; then no pod can be told from another, and mode `Enforce` counts as `Approve`."""
    preset: LatencyPreset | None = None
    """A known histogram of request durations."""
    query: PromQL | None = None
    """PromQL for the latency in seconds at the quantile of `objective.quantile`, one series per pod (or one in all
    with scope `Store`)."""


class LoadMetrics(WireModel):
    """One load series: a preset or a query of your own."""

    model_config = rules((_PRESET_XOR_QUERY, "`load` needs either `preset` or `query`, not both, not neither"))

    preset: LoadPreset | None = None
    """A known counter of requests."""
    query: PromQL | None = None
    """PromQL for the load per second (requests, items, bytes), one series per pod."""


class MetricsSpec(WireModel):
    """Where memory, latency and load are read."""

    source: Label
    """The name of a metrics source that the administrator configured and allows for this namespace; never a URL."""
    memory: MemoryMetrics
    """The memory series."""
    latency: LatencyMetrics
    """The latency series that `objective` speaks about."""
    load: Annotated[list[LoadMetrics], Field(min_length=1, max_length=4)]
    """The load series, one to four. Growth that any of them explains is not called drift."""
