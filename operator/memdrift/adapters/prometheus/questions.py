"""Which queries a store needs for one window, resolved from its spec before anything is sent.

Exists so that a wrong custom query is found without asking a server, and so that the queries can be shown as evidence.
Must not send anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import promql_parser as promql

from memdrift.adapters.prometheus import presets
from memdrift.adapters.prometheus.confinement import confined
from memdrift.adapters.prometheus.promql import LabelMatcher, any_of
from memdrift.adapters.prometheus.reduction import Reduction
from memdrift.api.administration import Source
from memdrift.api.metrics import LatencyMetrics, LatencyScope, LoadMetrics, MemoryMetrics
from memdrift.ports import BlocksRequest
from memdrift.remedy.target import Target

LIVE_HEAP, RESIDENT, WORKING_SET = "live_heap", "resident", "working_set"
FACTS, LATENCY = "facts", "latency"

_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters of generated names: no vowels, so that words of other workloads' names seldom fit."""
_POD_SUFFIX = {
    "Deployment": f"-{_SAFE}{{1,10}}-{_SAFE}{{5}}",
    "Rollout": f"-{_SAFE}{{1,10}}-{_SAFE}{{5}}",
    "DaemonSet": f"-{_SAFE}{{5}}",
    "StatefulSet": "-[0-9]+",
}


@dataclass(frozen=True, slots=True)
class Questions:
    """The queries of one window by what they answer.

    Attributes:
        queries: kind to PromQL; kinds of load are `load_0`, `load_1`, …
        fields: kind to the spec's field, for kinds whose query the tenant wrote.
        latency_per_pod: False where one latency series stands for the whole store.
    """

    queries: dict[str, str]
    fields: dict[str, str]
    load_kinds: tuple[str, ...]
    latency_per_pod: bool


def questions_of(request: BlocksRequest, source: Source, block_seconds: int) -> Questions:
    """The store's queries for blocks of this length.

    Raises:
        SpecInvalid: a custom query is invalid or cannot be confined.
    """
    own = (
        LabelMatcher(source.labels.namespace, request.namespace),
        *(LabelMatcher(label, value) for label, value in sorted(source.fixed_matchers.items())),
    )
    pods = LabelMatcher(source.labels.pod, pods_pattern(request.target), "=~")
    writer = _Writer(Reduction(source, block_seconds, (*own, pods)), own, request.quantile)
    metrics = request.metrics
    writer.memory(metrics.memory)
    writer.latency(metrics.latency)
    for number, load in enumerate(metrics.load):
        writer.load(number, load)
    return Questions(
        queries=writer.queries,
        fields=writer.fields,
        load_kinds=tuple(kind for kind in writer.queries if kind.startswith("load_")),
        latency_per_pod=metrics.latency.scope is LatencyScope.POD,
    )


def pods_pattern(target: Target) -> str:
    """A regular expression for the names of the workload's pods, past ones included.

    It does not change with the pods of the moment, so that answers stay comparable; only names that do not follow the
    pattern (very long ones are cut by Kubernetes) are added one by one.
    """
    pattern = re.escape(target.name) + _POD_SUFFIX.get(target.kind, "-.+")
    strangers = sorted(pod.name for pod in target.pods if not re.fullmatch(pattern, pod.name))
    return "|".join([pattern, any_of(strangers)]) if strangers else pattern


class _Writer:
    """Collects the queries of a spec, kind by kind."""

    def __init__(self, reduction: Reduction, own: tuple[LabelMatcher, ...], quantile: str) -> None:
        self._reduction = reduction
        self._own = own
        self._quantile = quantile
        self.queries: dict[str, str] = {FACTS: reduction.facts()}
        self.fields: dict[str, str] = {}

    def memory(self, memory: MemoryMetrics) -> None:
        if memory.preset is not None:
            series = presets.MEMORY[memory.preset]
            if series.live_heap:
                self.queries[LIVE_HEAP] = self._reduction.memory(series.live_heap)
            self.queries[RESIDENT] = self._reduction.memory(series.resident)
            self.queries[WORKING_SET] = self._reduction.working_set(series.working_set)
            return
        custom = {
            LIVE_HEAP: (memory.live_heap, "spec.metrics.memory.liveHeap"),
            RESIDENT: (memory.resident, "spec.metrics.memory.resident"),
            WORKING_SET: (memory.working_set, "spec.metrics.memory.workingSet"),
        }
        for kind, (query, field) in custom.items():
            if query is not None:
                self.queries[kind] = self._reduction.custom_memory(self._confined(kind, query, field))

    def latency(self, latency: LatencyMetrics) -> None:
        per_pod = latency.scope is LatencyScope.POD
        if latency.preset is not None:
            buckets = presets.LATENCY_BUCKETS[latency.preset]
            self.queries[LATENCY] = self._reduction.latency(buckets, self._quantile, per_pod=per_pod)
        elif latency.query is not None:
            expression = self._confined(LATENCY, latency.query, "spec.metrics.latency.query")
            self.queries[LATENCY] = self._reduction.custom_latency(expression, per_pod=per_pod)

    def load(self, number: int, load: LoadMetrics) -> None:
        kind = f"load_{number}"
        if load.preset is not None:
            self.queries[kind] = self._reduction.load(presets.LOAD_COUNTERS[load.preset])
        elif load.query is not None:
            expression = self._confined(kind, load.query, f"spec.metrics.load[{number}].query")
            self.queries[kind] = self._reduction.custom_load(expression)

    def _confined(self, kind: str, query: str, field: str) -> promql.Expr:
        self.fields[kind] = field
        return confined(query, field, self._own)
