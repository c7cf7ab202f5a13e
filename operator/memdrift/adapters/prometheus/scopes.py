"""Whose pods a question is about: the pods of one workload, or of many at once, and back again to one.

Exists so that one query can cover many stores although no store may see another's pods: the query's matchers are wide
(they cover all namespaces and all beginnings of names), and its answer is taken apart strictly. Must not send anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from memdrift.adapters.prometheus.answers import SeriesKey, Table
from memdrift.adapters.prometheus.parts import Named, Part
from memdrift.adapters.prometheus.promql import LabelMatcher, any_of, literal
from memdrift.api.administration import SourceLabels
from memdrift.remedy.target import Target

_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters of generated names: no vowels, so that words of other workloads' names seldom fit."""
_POD_SUFFIX = {
    "Deployment": f"-{_SAFE}{{1,10}}-{_SAFE}{{5}}",
    "Rollout": f"-{_SAFE}{{1,10}}-{_SAFE}{{5}}",
    "DaemonSet": f"-{_SAFE}{{5}}",
    "StatefulSet": "-[0-9]+",
}
_SUFFIX = {kind: re.compile(suffix) for kind, suffix in _POD_SUFFIX.items()}
_ANY_SUFFIX = re.compile("-.+")
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Scope:
    """The pods of one workload, past ones included.

    Attributes:
        workload: its name, with which its pods' names begin.
        strangers: names of pods that do not follow the rule: very long ones are cut by Kubernetes.
        expected_pods: how many there may be; a guess, for the size of answers.
    """

    namespace: str
    workload: str
    kind: str
    strangers: tuple[str, ...] = ()
    expected_pods: int = field(default=1, compare=False)

    @property
    def name(self) -> str:
        """Namespace and workload."""
        return f"{self.namespace}/{self.workload}"

    @property
    def pattern(self) -> str:
        """A regular expression for exactly these pods' names."""
        pattern = re.escape(self.workload) + _POD_SUFFIX.get(self.kind, "-.+")
        return "|".join([pattern, any_of(self.strangers)]) if self.strangers else pattern

    @property
    def beginnings(self) -> str:
        """A regular expression that covers them and is cheap to look for among thousands of others."""
        return "|".join([f"{literal(self.workload)}-.+", *(literal(each) for each in self.strangers)])

    def names(self, pod: str) -> bool:
        """Whether a pod of that name is meant."""
        # Compiled once per kind: thousands of stores have their own pattern.
        suffix = _SUFFIX.get(self.kind, _ANY_SUFFIX)
        regular = pod.startswith(self.workload) and suffix.fullmatch(pod, len(self.workload)) is not None
        return regular or pod in self.strangers


def scope_of(namespace: str, target: Target) -> Scope:
    """The workload's pods.

    It does not change with the pods of the moment, so that answers stay comparable; only names that do not follow the
    pattern are added one by one.
    """
    plain = Scope(namespace, target.name, target.kind)
    strangers = tuple(sorted(pod.name for pod in target.pods if not plain.names(pod.name)))
    return Scope(namespace, target.name, target.kind, strangers, max(1, len(target.pods)))


def matchers_of(scopes: Sequence[Scope], labels: SourceLabels) -> tuple[LabelMatcher, LabelMatcher]:
    """The matchers that cover one exactly, or all of them and more: a namespace of one with the names of another."""
    if len(scopes) == 1:
        return LabelMatcher(labels.namespace, scopes[0].namespace), LabelMatcher(labels.pod, scopes[0].pattern, "=~")
    namespaces = sorted({scope.namespace for scope in scopes})
    return (
        LabelMatcher(labels.namespace, any_of(namespaces), "=~"),
        LabelMatcher(labels.pod, "|".join(dict.fromkeys(scope.beginnings for scope in scopes)), "=~"),
    )


def taken_apart(table: Table, scopes: Sequence[Scope]) -> list[Part]:
    """Each scope's own series, in the order of the scopes; what is nobody's is dropped."""
    finder = Finder()
    for scope in scopes:
        finder.add(scope)
    found: list[list[int]] = [[] for _ in scopes]
    for place, key in enumerate(table.keys):
        for number in finder.owners(key.namespace, key.pod):
            found[number].append(place)
    return [_part(table, places) for places in found]


def own_part(table: Table, namespace: str) -> Part:
    """The series of a query that was confined to the namespace; it may have dropped the label, but not changed it."""
    rows: dict[Named, int] = {}
    for wanted in ("", namespace):
        rows |= {_named(key): row for row, key in enumerate(table.keys) if key.namespace == wanted}
    return _part(table, list(rows.values()))


def ordered(keys: Sequence[SeriesKey]) -> tuple[Mapping[Named, int], Indices]:
    """The row of each series in the order of the names, and which of the series stands in each row."""
    chosen = {_named(key): place for place, key in enumerate(keys)}
    names = sorted(chosen)
    places = np.array([chosen[name] for name in names], dtype=np.intp)
    return {name: row for row, name in enumerate(names)}, places


class Finder:
    """Finds the scopes which mean a pod, by the beginnings of its name instead of by trying all patterns."""

    def __init__(self) -> None:
        self._scopes: list[Scope] = []
        self._by_beginning: dict[str, dict[str, list[int]]] = {}

    def add(self, scope: Scope) -> int:
        """The scope's number: they are counted from 0."""
        number = len(self._scopes)
        self._scopes.append(scope)
        for beginning in (scope.workload, *scope.strangers):
            self._by_beginning.setdefault(scope.namespace, {}).setdefault(beginning, []).append(number)
        return number

    def owners(self, namespace: str, pod: str) -> tuple[int, ...]:
        """Numbers of the scopes, each once."""
        known = self._by_beginning.get(namespace, {})
        candidates = [number for beginning in _beginnings(pod) for number in known.get(beginning, ())]
        return tuple([number for number in dict.fromkeys(candidates) if self._scopes[number].names(pod)])


def _beginnings(pod: str) -> Iterable[str]:
    """The name, and what stands before each of its hyphens."""
    yield pod
    place = pod.find("-")
    while place >= 0:
        yield pod[:place]
        place = pod.find("-", place + 1)


def _part(table: Table, places: list[int]) -> Part:
    rows, order = ordered([table.keys[place] for place in places])
    return Part(table.grid, rows, table.values[np.array(places, dtype=np.intp)[order]])


def _named(key: SeriesKey) -> Named:
    return key.pod, key.container, key.band
