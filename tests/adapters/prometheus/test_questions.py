"""Which queries a store asks: stable in time, limited to its own pods, broken by no name."""

from __future__ import annotations

import re

import promql_parser as promql
import pytest

from memdrift.adapters.prometheus.questions import pods_pattern, questions_of
from tests.adapters.prometheus import scenes
from tests.adapters.prometheus.history import A

SOURCE = scenes.source("http://127.0.0.1:9090")

POD_NAMES = [
    ("Deployment", "api", "api-6d5f7c9b4d-x2k4p", True),
    ("Deployment", "api", "api-gateway-6d5f7c9b4d-x2k4p", False),
    ("Deployment", "api", "api-gateway-x2k4p", False),
    ("Deployment", "api", "my-api-6d5f7c9b4d-x2k4p", False),
    ("Deployment", "a.p", "axp-6d5f7c9b4d-x2k4p", False),
    ("Rollout", "api", "api-6d5f7c9b4d-x2k4p", True),
    ("StatefulSet", "db", "db-0", True),
    ("StatefulSet", "db", "db-12", True),
    ("StatefulSet", "db", "db-6d5f7c9b4d-x2k4p", False),
    ("StatefulSet", "db", "db-2-0", False),
    ("DaemonSet", "agent", "agent-x2k4p", True),
    ("DaemonSet", "agent", "agent-6d5f7c9b4d-x2k4p", False),
]


@pytest.mark.parametrize(("kind", "name", "pod", "own"), POD_NAMES)
def test_the_pattern_fits_the_workloads_pods_and_no_others(kind: str, name: str, pod: str, own: bool) -> None:
    pattern = pods_pattern(scenes.target(kind=kind, name=name))
    assert bool(re.fullmatch(pattern, pod)) is own


def test_a_name_that_kubernetes_cut_is_added() -> None:
    cut = scenes.pod("very-long-name-6d5f7x2k4p", scenes.container(0.0))
    pattern = pods_pattern(scenes.target(scenes.pod(A, scenes.container(0.0)), cut))
    assert re.fullmatch(pattern, cut.name)
    assert re.fullmatch(pattern, A)
    assert not re.fullmatch(pattern, "very-long-name-6d5f7x2k4q")


def test_the_queries_do_not_change_with_the_pods_or_the_time() -> None:
    one = scenes.request(of=scenes.target(scenes.pod(A, scenes.container(0.0))))
    other = scenes.request(of=scenes.target(), now=scenes.END + 9000)
    assert questions_of(one, SOURCE, 450) == questions_of(other, SOURCE, 450)


@pytest.mark.parametrize("preset", ["http-server", "grpc-server", "feast"])
@pytest.mark.parametrize("memory", ["go", "process"])
@pytest.mark.parametrize("scope", ["Pod", "Store"])
def test_every_selector_of_a_preset_is_confined(preset: str, memory: str, scope: str) -> None:
    source = scenes.source("http://127.0.0.1:9090", fixed_matchers={"cluster": 'e"u'}, replica_labels=["replica", "pr"])
    spec = {
        "memory": {"preset": memory},
        "latency": {"preset": preset, "scope": scope},
        "load": [{"preset": preset}],
    }
    asked = questions_of(scenes.request(spec), source, 450)
    for query in asked.queries.values():
        found: list[promql.VectorSelector] = []
        promql.walk(promql.parse(query), lambda node: _keep(found, node))  # noqa: B023 - used at once
        assert found
        for selector in found:
            matchers = {each.name: each.value for each in selector.matchers.matchers}
            assert matchers["namespace"] == "shop"
            assert matchers["cluster"] == 'e"u'
            assert "pod" in matchers
    assert ("live_heap" in asked.queries) is (memory == "go")
    assert "max without (replica, pr)" in asked.queries["load_0"]


def _keep(found: list[promql.VectorSelector], node: promql.Expr) -> None:
    if isinstance(node, promql.VectorSelector):
        found.append(node)
