"""A tenant's query sees its own namespace and nothing else, however it is written."""

from __future__ import annotations

from contextlib import nullcontext, suppress

import promql_parser as promql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memdrift.adapters.prometheus import PrometheusMetrics
from memdrift.adapters.prometheus.confinement import confined
from memdrift.adapters.prometheus.connections import Connections
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.promql import LabelMatcher
from memdrift.errors import MetricsUnavailable, SpecInvalid
from tests.adapters.prometheus import scenes
from tests.adapters.prometheus.history import END, INTERVAL
from tests.adapters.prometheus_server import PrometheusServer

FIELD = "spec.metrics.memory.resident"
OWN = (LabelMatcher("namespace", "shop"), LabelMatcher("cluster", "eu"))
SECRET = 42.0

CONFINABLE = {
    "plain": "secret_bytes",
    "regular expression of names": '{__name__=~".+"}',
    "quoted name": '{"secret_bytes"}',
    "comment that hides a brace": 'secret_bytes # {namespace="shop"}\n',
    "comment before the selector": '# }\nsecret_bytes{pod!="" # , namespace="shop"}\n}',
    "brace inside a value": 'secret_bytes{pod!="}"} or secret_bytes{pod!=`{namespace="shop"}`}',
    "quote inside a value": 'secret_bytes{pod!="\\",namespace=\\"bank"}',
    "single quotes": "secret_bytes{pod!='namespace=\"shop\"'}",
    "matrix": "max_over_time(secret_bytes[5m])",
    "matrix with offset": "max_over_time(secret_bytes[5m] offset 1m)",
    "negative offset": "secret_bytes offset -30s",
    "subquery": "max_over_time(secret_bytes[10m:1m])",
    "subquery of a sum": "max_over_time((sum by (pod) (secret_bytes))[10m:1m] offset 1m)",
    "nested subqueries": "max_over_time(max_over_time(secret_bytes[5m:1m])[10m:1m])",
    "label_replace to the own namespace": 'label_replace(secret_bytes, "namespace", "shop", "pod", ".*")',
    "label_join": 'label_join(secret_bytes, "namespace", "", "pod")',
    "or a constant": "secret_bytes or vector(1)",
    "binary both sides": "secret_bytes + on (pod) group_left (namespace) secret_bytes",
    "unless": "secret_bytes unless on () absent(secret_bytes)",
    "scalar": "vector(scalar(secret_bytes))",
    "absent": "absent(secret_bytes)",
    "parameter of an aggregation": "topk(scalar(secret_bytes), secret_bytes)",
    "parameter of a function": "clamp_max(secret_bytes, scalar(secret_bytes))",
    "count_values into the label": 'count_values("namespace", secret_bytes)',
    "without": "sum without (namespace) (secret_bytes)",
    "unary and parentheses": "-(((secret_bytes)))",
    "the matcher already there": 'secret_bytes{namespace="shop"}',
    "the matcher there twice": 'secret_bytes{namespace="shop",namespace="shop"}',
    "escaped label name": 'secret_bytes{"name\\u0073pace"="shop"}',
    "trailing comma": 'secret_bytes{pod!="",}',
}

REFUSED = {
    "another namespace": 'secret_bytes{namespace="bank"}',
    "not the own": 'secret_bytes{namespace!="shop"}',
    "not another": 'secret_bytes{namespace!="x"}',
    "regular expression": 'secret_bytes{namespace=~"shop|bank"}',
    "regular expression of the own": 'secret_bytes{namespace=~"shop"}',
    "negative regular expression": 'secret_bytes{namespace!~"kube-.*"}',
    "empty": 'secret_bytes{namespace=""}',
    "own and another": 'secret_bytes{namespace="shop",namespace="bank"}',
    "own and a regular expression": 'secret_bytes{namespace="shop",namespace=~".*"}',
    "in the second selector": 'secret_bytes + on (pod) secret_bytes{namespace="bank"}',
    "in a subquery": 'max_over_time(secret_bytes{namespace="bank"}[5m:1m])',
    "escaped value": 'secret_bytes{namespace="\\u0062ank"}',
    "quoted label name": 'secret_bytes{"namespace"="bank"}',
    "escaped label name": 'secret_bytes{"name\\u0073pace"="bank"}',
    "single quotes": "secret_bytes{namespace='bank'}",
    "back quotes": "secret_bytes{namespace=`bank`}",
    "or between matchers": 'secret_bytes{namespace="shop" or namespace="bank"}',
    "or between other matchers": 'secret_bytes{pod="a" or pod="b"}',
    "a label called or": 'secret_bytes{or="b"}',
    "the administrator's matcher": 'secret_bytes{cluster="us"}',
    "info": "info(secret_bytes)",
    "info with a selector": 'info(secret_bytes, {k8s_cluster_name=~".+"})',
    "absent of another namespace": 'absent(secret_bytes{namespace="bank"})',
}

INVALID = {
    "not PromQL": "sum(",
    "empty selector": "{}",
    "a number": "1 + 1",
    "a time": "time()",
    "a text": '"secret_bytes"',
    "a range": "secret_bytes[5m]",
    "a scalar": "scalar(secret_bytes)",
    "a moment": "secret_bytes @ 1700000000",
    "the end of the question": "secret_bytes @ end()",
    "a moment of a subquery": "max_over_time(secret_bytes[5m:1m] @ start())",
    "two statements": "secret_bytes; secret_bytes",
    "a control character": "secret_bytes\x00",
    "a template of another engine": "WITH (x = secret_bytes) x",
    "a variable": "rate(secret_bytes[$__interval])",
    "too many parts": "+".join(["a"] * 200),
    "many words": " or ".join(["a"] * 300),
    "many signs": "-" * 2000 + "a",
    "many signs behind a quote in a comment": '# "\n' + "-" * 2000 + 'a # "',
    "too deep": "abs(" * 400 + "a" + ")" * 400,
    "deep parentheses": "(" * 1000 + "a" + ")" * 1000,
    "too long": 'secret_bytes{pod="' + "x" * 3000 + '"}',
}


def selectors(expression: promql.Expr) -> list[promql.VectorSelector]:
    found: list[promql.VectorSelector] = []
    promql.walk(expression, lambda node: found.append(node) if isinstance(node, promql.VectorSelector) else None)
    return found


@pytest.mark.parametrize("query", CONFINABLE.values(), ids=CONFINABLE.keys())
def test_every_selector_carries_every_matcher(query: str) -> None:
    text = confined(query, FIELD, OWN).prettify()

    found = selectors(promql.parse(text))
    assert len(found) == len(selectors(promql.parse(query))) > 0
    for selector in found:
        matchers = {(matcher.name, str(matcher.op), matcher.value) for matcher in selector.matchers.matchers}
        assert {(own.label, "MatchOp.Equal", own.value) for own in OWN} <= matchers


@pytest.mark.parametrize("query", CONFINABLE.values(), ids=CONFINABLE.keys())
@pytest.mark.servers
async def test_a_real_engine_gives_nothing_of_another_namespace(
    query: str, shop_prometheus: PrometheusServer, clock: scenes.StillClock
) -> None:
    connection = Connections(lambda: [scenes.source(shop_prometheus.url)], clock, print).to("main", "shop")
    text = confined(query, FIELD, OWN[:1]).prettify()
    series = []
    # Quoted names belong to newer engines; this one refuses them, which gives nothing away.
    with suppress(MetricsUnavailable) if '{"' in query else nullcontext():
        series = await connection.ask_range(text, Grid(INTERVAL, END - 10 * INTERVAL, END))
    connection.close()
    seen = {abs(value) for one in series for _, value in one.values}
    assert not seen & {SECRET, 2 * SECRET}
    assert "bank" not in {one.metric.get("namespace") for one in series}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED.keys())
def test_a_selector_that_says_otherwise_is_refused_by_name(query: str) -> None:
    with pytest.raises(SpecInvalid) as refused:
        confined(query, FIELD, OWN)
    assert refused.value.reason == "QueryNotConfined"
    assert f"`{FIELD}`" in refused.value.message


@pytest.mark.parametrize("query", INVALID.values(), ids=INVALID.keys())
def test_what_is_no_vector_is_refused_by_name(query: str) -> None:
    with pytest.raises(SpecInvalid) as refused:
        confined(query, FIELD, OWN)
    assert refused.value.reason == "QueryInvalid"
    assert f"`{FIELD}`" in refused.value.message


@given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_no_value_can_leave_its_quotes(value: str) -> None:
    matcher = LabelMatcher("cluster", value)
    (selector,) = selectors(confined("secret_bytes", FIELD, (OWN[0], matcher)))
    found = {each.name: each.value for each in selector.matchers.matchers}
    assert found == {"namespace": "shop", "cluster": value}


@pytest.mark.servers
async def test_a_wrong_query_is_found_before_anything_is_asked(metrics: PrometheusMetrics) -> None:
    with pytest.raises(SpecInvalid, match="QueryNotConfined"):
        await metrics.windows(scenes.request({"load": [{"query": 'secret_bytes{namespace="bank"}'}]}))
    assert metrics.health()[0].age_seconds is None
