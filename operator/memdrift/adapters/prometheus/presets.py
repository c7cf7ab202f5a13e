"""The series behind each preset: names that exporters really use.

Exists so that the names are in one place. Must not hold PromQL.

Sources of the names: client_golang's Go and process collectors (`go_gc_heap_live_bytes` and `go_gc_gomemlimit_bytes`
need its runtime metrics), the kubelet's `/metrics/resource` and cAdvisor (`container_memory_working_set_bytes`),
kube-state-metrics (`kube_pod_container_resource_limits`), go-grpc-middleware (`grpc_server_*`), and the Feast Python
feature server, `sdk/python/feast/metrics.py` (histogram `feast_feature_server_request_latency_seconds`, counter
`feast_feature_server_request_total`).
"""

from __future__ import annotations

from dataclasses import dataclass

from memdrift.api.metrics import LatencyPreset, LoadPreset, MemoryPreset

RUNTIME_LIMIT = "go_gc_gomemlimit_bytes"
PROCESS_START = "process_start_time_seconds"
CONTAINER_LIMIT = "kube_pod_container_resource_limits"
UNLIMITED_BYTES = 2.0**62
"""The Go runtime reports the largest 64-bit integer where no soft limit is set."""


@dataclass(frozen=True, slots=True)
class MemorySeries:
    """Metric names per memory series; of several the first that a container has counts."""

    live_heap: tuple[str, ...]
    resident: tuple[str, ...]
    working_set: tuple[str, ...]


_RESIDENT = ("process_resident_memory_bytes",)
_WORKING_SET = ("container_memory_working_set_bytes",)

MEMORY = {
    MemoryPreset.GO: MemorySeries(
        live_heap=("go_gc_heap_live_bytes", "go_memstats_heap_inuse_bytes"),
        resident=_RESIDENT,
        working_set=_WORKING_SET,
    ),
    MemoryPreset.PROCESS: MemorySeries(live_heap=(), resident=_RESIDENT, working_set=_WORKING_SET),
}

LATENCY_BUCKETS = {
    LatencyPreset.HTTP_SERVER: "http_request_duration_seconds_bucket",
    LatencyPreset.GRPC_SERVER: "grpc_server_handling_seconds_bucket",
    LatencyPreset.FEAST: "feast_feature_server_request_latency_seconds_bucket",
}

LOAD_COUNTERS = {
    LoadPreset.HTTP_SERVER: ("http_request_duration_seconds_count", "http_requests_total"),
    LoadPreset.GRPC_SERVER: ("grpc_server_handled_total", "grpc_server_handling_seconds_count"),
    LoadPreset.FEAST: ("feast_feature_server_request_total", "feast_feature_server_request_latency_seconds_count"),
}
