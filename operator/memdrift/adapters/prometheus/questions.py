"""Which questions a store has for one window, resolved from its spec before anything is sent.

Exists so that a wrong custom query is found without asking a server, and so that the queries can be shown as evidence.
Must not send anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import promql_parser as promql

from memdrift.adapters.prometheus import presets
from memdrift.adapters.prometheus.confinement import confined
from memdrift.adapters.prometheus.promql import LabelMatcher
from memdrift.adapters.prometheus.reduction import BANDS, Matchers, Reduction
from memdrift.adapters.prometheus.scopes import scope_of
from memdrift.api.administration import Source
from memdrift.api.metrics import LatencyMetrics, LatencyScope, LoadMetrics, MemoryMetrics
from memdrift.ports import BlocksRequest
from memdrift.remedy.target import Target

LIVE_HEAP, RESIDENT, WORKING_SET = "live_heap", "resident", "working_set"
FACTS, LATENCY, SLOW = "facts", "latency", "slow"
BOUNDS = "bounds"
USUAL_BUCKETS = 12

Write = Callable[[Reduction], str]
Pieces = Callable[[Reduction], tuple[str, ...]]
Parts = Callable[[Reduction], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """One query of one store.

    Attributes:
        kind: what it answers.
        query: as it reads for this store alone.
        shape: as it reads without any store's pods. Stores with the same one can be asked about together; "" for a
            query that speaks of its own store, which is asked alone.
        write: the query for other pods; None where there is no shape.
        pieces: the same as several queries whose answers together are its answer; None where it is one already.
        spec_field: where it stands in the spec, where the tenant wrote the query.
        bands: how many series it gives per container.
    """

    kind: str
    query: str
    shape: str = ""
    write: Write | None = field(default=None, compare=False)
    pieces: Pieces | None = field(default=None, compare=False)
    spec_field: str = ""
    bands: int = 1


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of one window; kinds of load are `load_` and a number from 0.

    Attributes:
        latency_per_pod: False where one latency series stands for the whole store.
    """

    asked: tuple[Question, ...]
    latency_per_pod: bool

    @property
    def queries(self) -> dict[str, str]:
        """Kind to PromQL."""
        return {question.kind: question.query for question in self.asked}

    @property
    def load_kinds(self) -> tuple[str, ...]:
        """The kinds of load, in the order of the spec."""
        return tuple(question.kind for question in self.asked if question.kind.startswith("load_"))


def questions_of(request: BlocksRequest, source: Source, block_seconds: int, slow_bound: str = "") -> Questions:
    """The store's questions for blocks of this length.

    Where `slow_bound` is the `le` of a bucket, the requests above it are counted too.

    Raises:
        SpecInvalid: a custom query is invalid or cannot be confined.
    """
    own = (LabelMatcher(source.labels.namespace, request.namespace), *fixed_matchers(source))
    pods = LabelMatcher(source.labels.pod, pods_pattern(request.target), "=~")
    writer = _Writer(Reduction(source, block_seconds, (*own, pods)), own, request.quantile)
    metrics = request.metrics
    writer.memory(metrics.memory)
    writer.latency(metrics.latency, slow_bound)
    for number, load in enumerate(metrics.load):
        writer.load(number, load)
    return Questions(tuple(writer.asked), metrics.latency.scope is LatencyScope.POD)


def bounds_of(request: BlocksRequest, source: Source, block_seconds: int) -> Question | None:
    """The question which buckets the store's latency histogram has; None where its latency is no preset's."""
    preset = request.metrics.latency.preset
    if preset is None:
        return None
    buckets = presets.LATENCY_BUCKETS[preset]
    own = LabelMatcher(source.labels.namespace, request.namespace)
    pods = LabelMatcher(source.labels.pod, pods_pattern(request.target), "=~")
    alone = Reduction(source, block_seconds, (own, *fixed_matchers(source), pods))
    bare = Reduction(source, block_seconds, ())
    return Question(
        BOUNDS, alone.bounds(buckets), bare.bounds(buckets), lambda each: each.bounds(buckets), bands=USUAL_BUCKETS
    )


def fixed_matchers(source: Source) -> Matchers:
    """What the administrator puts into every selector."""
    return tuple(LabelMatcher(label, value) for label, value in sorted(source.fixed_matchers.items()))


def pods_pattern(target: Target) -> str:
    """A regular expression for the names of the workload's pods, past ones included."""
    return scope_of("", target).pattern


class _Writer:
    """Collects the questions of a spec, kind by kind."""

    def __init__(self, reduction: Reduction, own: tuple[LabelMatcher, ...], quantile: str) -> None:
        self._reduction = reduction
        self._bare = Reduction(reduction.source, reduction.block_seconds, ())
        self._own = own
        self._quantile = quantile
        self.asked: list[Question] = []
        self._preset(FACTS, Reduction.facts, bands=4)

    def memory(self, memory: MemoryMetrics) -> None:
        """Live heap, resident memory and working set."""
        if memory.preset is not None:
            series = presets.MEMORY[memory.preset]
            if series.live_heap:
                self._bands(LIVE_HEAP, lambda each: each.memory(series.live_heap))
            self._bands(RESIDENT, lambda each: each.memory(series.resident))
            self._bands(WORKING_SET, lambda each: each.working_set(series.working_set))
            return
        custom = {
            LIVE_HEAP: (memory.live_heap, "spec.metrics.memory.liveHeap"),
            RESIDENT: (memory.resident, "spec.metrics.memory.resident"),
            WORKING_SET: (memory.working_set, "spec.metrics.memory.workingSet"),
        }
        for kind, (query, where) in custom.items():
            if query is not None:
                self._own_query(kind, self._reduction.custom_memory(self._confined(query, where)), where)

    def latency(self, latency: LatencyMetrics, slow_bound: str) -> None:
        """The objective's quantile; over all pods of the store it cannot be asked together with other stores."""
        per_pod = latency.scope is LatencyScope.POD
        if latency.preset is not None:
            buckets, quantile = presets.LATENCY_BUCKETS[latency.preset], self._quantile
            self._latency(LATENCY, lambda each: each.latency(buckets, quantile, per_pod=per_pod), per_pod=per_pod)
            if slow_bound:
                self._latency(
                    SLOW, lambda each: each.slow_fraction(buckets, slow_bound, per_pod=per_pod), per_pod=per_pod
                )
        elif latency.query is not None:
            where = "spec.metrics.latency.query"
            expression = self._confined(latency.query, where)
            self._own_query(LATENCY, self._reduction.custom_latency(expression, per_pod=per_pod), where)

    def load(self, number: int, load: LoadMetrics) -> None:
        """One load series."""
        kind = f"load_{number}"
        if load.preset is not None:
            counters = presets.LOAD_COUNTERS[load.preset]
            self._preset(kind, lambda each: each.load(counters))
        elif load.query is not None:
            where = f"spec.metrics.load[{number}].query"
            self._own_query(kind, self._reduction.custom_load(self._confined(load.query, where)), where)

    def _latency(self, kind: str, write: Write, *, per_pod: bool) -> None:
        if per_pod:
            self._preset(kind, write)
        else:
            self.asked.append(Question(kind, write(self._reduction)))

    def _preset(self, kind: str, write: Write, bands: int = 1, pieces: Pieces | None = None) -> None:
        self.asked.append(Question(kind, write(self._reduction), write(self._bare), write, pieces, bands=bands))

    def _bands(self, kind: str, parts: Parts) -> None:
        self._preset(kind, lambda each: each.union(parts(each)), len(BANDS) + 1, lambda each: each.pieces(parts(each)))

    def _own_query(self, kind: str, query: str, where: str) -> None:
        self.asked.append(Question(kind, query, spec_field=where))

    def _confined(self, query: str, where: str) -> promql.Expr:
        return confined(query, where, self._own)
