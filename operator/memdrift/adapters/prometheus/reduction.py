"""Writes the PromQL that reduces series to blocks inside the query engine, so that raw samples never travel.

One question per kind of series; the bands of one kind share an answer and are told apart by a label. The text depends
on the store and the block length only, never on the time or on the pods of the moment, so that answers can be cached by
it. Must not send anything.

A question's scope is a list of matchers: today one store's namespace and pods, later several stores at once, because
answers are taken apart by namespace and pod anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import promql_parser as promql

from memdrift.adapters.prometheus import presets
from memdrift.adapters.prometheus.promql import LabelMatcher, aggregated, first_of, marked, selector, span
from memdrift.api.administration import Source

BAND = "memdrift_band"
BANDS = {"p10": "0.1", "p50": "0.5", "p90": "0.9"}
COUNT = "count"
STARTED_EARLIEST, STARTED_LATEST = "started_earliest", "started_latest"
RUNTIME_LIMIT, CONTAINER_LIMIT = "runtime_limit", "container_limit"

RATE_SCRAPES = 4
"""A rate looks back over at least this many scrapes, so that a missed one leaves three."""

Matchers = tuple[LabelMatcher, ...]


@dataclass(frozen=True, slots=True)
class Reduction:
    """Everything the text of a question depends on.

    Attributes:
        matchers: the scope of presets: namespace, fixed matchers, pods. Custom queries carry theirs already.
        name_first: whether a metric's name is written as its first matcher. The engine tries matchers in their order
            and gives up at the first without series: a metric that nobody has costs nothing then, however many pods
            are asked about.
    """

    source: Source
    block_seconds: int
    matchers: Matchers
    name_first: bool = False

    @property
    def container_labels(self) -> tuple[str, str, str]:
        """What tells containers apart."""
        return self.source.labels.namespace, self.source.labels.pod, self.source.labels.container

    @property
    def pod_labels(self) -> tuple[str, str]:
        """What tells pods apart."""
        return self.source.labels.namespace, self.source.labels.pod

    def memory(self, metrics: Sequence[str], extra: Matchers = ()) -> dict[str, str]:
        """Bands of the first of these gauges that a container has, by name."""
        window = span(self.block_seconds)
        return self._bands([f"{self._selector(metric, self.matchers + extra)}[{window}]" for metric in metrics])

    def working_set(self, metrics: Sequence[str]) -> dict[str, str]:
        """The same for the kubelet's series, without the sums over a pod and without the pause container."""
        container = self.source.labels.container
        return self.memory(metrics, (LabelMatcher(container, "", "!="), LabelMatcher(container, "POD", "!=")))

    def custom_memory(self, expression: promql.Expr) -> str:
        """Bands of a confined custom query."""
        return self.union(self._bands([self._range_of(expression)]))

    def facts(self) -> str:
        """When each container's process started (two values where a block holds two lives), and its two limits.

        The container's own limit is told by kube-state-metrics, where it keeps the labels of the pods it speaks of.
        """
        window = span(self.block_seconds)
        started = f"{self._selector(presets.PROCESS_START, self.matchers)}[{window}]"
        limit = f"{self._selector(presets.RUNTIME_LIMIT, self.matchers)}[{window}]"
        bytes_of_memory = LabelMatcher("resource", "memory")
        hard = f"{self._selector(presets.CONTAINER_LIMIT, (*self.matchers, bytes_of_memory))}[{window}]"
        parts = {
            STARTED_EARLIEST: aggregated("min", self.container_labels, f"min_over_time({started})"),
            STARTED_LATEST: aggregated("max", self.container_labels, f"max_over_time({started})"),
            RUNTIME_LIMIT: aggregated("max", self.container_labels, f"max_over_time({limit})"),
            CONTAINER_LIMIT: aggregated("max", self.container_labels, f"max_over_time({hard})"),
        }
        return self.union(parts)

    def union(self, parts: dict[str, str]) -> str:
        """Several answers in one, told apart by the band."""
        return first_of(self.pieces(parts))

    def pieces(self, parts: dict[str, str]) -> tuple[str, ...]:
        """The same as an answer each."""
        return tuple(marked(text, BAND, band, self.source.labels.pod) for band, text in parts.items())

    def load(self, counters: Sequence[str]) -> str:
        """Events per second and pod, from the first of these counters that the pod has."""
        return first_of(
            aggregated("sum", self.pod_labels, self._without_replicas(f"rate({self._rate_range(counter)})"))
            for counter in counters
        )

    def custom_load(self, expression: promql.Expr) -> str:
        """Mean of a confined custom query over the block, summed per pod."""
        average = f"avg_over_time({self._valid_range_of(expression)})"
        return aggregated("sum", self.pod_labels, self._without_replicas(average))

    def latency(self, buckets: str, quantile: str, *, per_pod: bool) -> str:
        """The quantile in seconds from a histogram, per pod or over all pods in scope."""
        labels = (*(self.pod_labels if per_pod else self.pod_labels[:1]), "le")
        rates = self._without_replicas(f"rate({self._rate_range(buckets)})")
        return f"histogram_quantile({quantile}, {aggregated('sum', labels, rates)})"

    def bounds(self, buckets: str) -> str:
        """One series for every bucket bound that a pod's histogram has; the bound is its band."""
        labels = (*self.pod_labels, "le")
        exists = aggregated(
            "group", labels, f"last_over_time({self._selector(buckets, self.matchers)}[{span(self.block_seconds)}])"
        )
        return f'label_replace({exists}, "{BAND}", "$1", "le", "(.*)")'

    def slow_fraction(self, buckets: str, bound: str, *, per_pod: bool) -> str:
        """The share of the requests above a bucket's bound, per pod or over all pods in scope."""
        labels = self.pod_labels if per_pod else self.pod_labels[:1]

        def counted(le: str) -> str:
            matchers = (*self.matchers, LabelMatcher("le", le))
            rate = f"rate({self._rate_range(buckets, matchers)})"
            return aggregated("sum", labels, self._without_replicas(rate))

        return f"1 - {counted(bound)} / ({counted('+Inf')} > 0)"

    def custom_latency(self, expression: promql.Expr, *, per_pod: bool) -> str:
        """Median of a confined custom query over the block, in seconds; the worst series of a pod counts."""
        labels = self.pod_labels if per_pod else self.pod_labels[:1]
        return aggregated("max", labels, f"quantile_over_time(0.5, {self._valid_range_of(expression)})")

    def _bands(self, ranges: Sequence[str]) -> dict[str, str]:
        def reduced(call: str) -> str:
            return first_of(aggregated("max", self.container_labels, f"{call}{each})") for each in ranges)

        parts = {band: reduced(f"quantile_over_time({quantile}, ") for band, quantile in BANDS.items()}
        return {**parts, COUNT: reduced("count_over_time(")}

    def _selector(self, metric: str, matchers: Matchers) -> str:
        return selector(metric, matchers, name_first=self.name_first)

    def _range_of(self, expression: promql.Expr) -> str:
        """The samples of a plain selector; any other expression is evaluated once per scrape."""
        plain = isinstance(expression, promql.VectorSelector) and expression.offset is None
        if plain:
            return f"{expression.prettify()}[{span(self.block_seconds)}]"
        return self._valid_range_of(expression)

    def _valid_range_of(self, expression: promql.Expr) -> str:
        # The comparison drops NaN, which would otherwise spoil a whole block; none of these figures is negative.
        step = f"{self.source.scrape_interval_seconds}s"
        return f"(({expression.prettify()}) >= 0)[{span(self.block_seconds)}:{step}]"

    def _rate_range(self, metric: str, matchers: Matchers | None = None) -> str:
        seconds = max(self.block_seconds, RATE_SCRAPES * self.source.scrape_interval_seconds)
        return f"{self._selector(metric, self.matchers if matchers is None else matchers)}[{span(seconds)}]"

    def _without_replicas(self, expression: str) -> str:
        replicas = self.source.replica_labels
        return f"max without ({', '.join(replicas)}) ({expression})" if replicas else expression
