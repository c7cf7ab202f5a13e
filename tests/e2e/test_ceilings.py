"""An edit of a FeatureStore grants nothing: every attempt to reach further is refused in words that name the field.

The namespace's ceiling is `Observe`, its only source is `main`, its only tracker `log`. What the API server's schema
can refuse it refuses; the rest is held, or lowered and said so, by the operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.errors import ClusterError
from tests.e2e.audit import touches
from tests.e2e.stores import BOUNDED, OBSERVED, Stores, condition
from tests.e2e.waiting import until


@dataclass(frozen=True)
class Attempt:
    """One edit.

    Attributes:
        spec: the parts of the spec that are replaced or merged.
        words: all of them are in the answer.
    """

    name: str
    spec: dict[str, Any]
    words: tuple[str, ...]


def memory(query: str) -> dict[str, Any]:
    """The store's memory by a query of its own."""
    return {"metrics": {"memory": {"resident": query}}}


BY_THE_API_SERVER = [
    Attempt("a source by its address", {"metrics": {"source": "http://10.0.0.1:9090"}}, ("spec.metrics.source",)),
    Attempt("a tracker by its address", {"filing": {"tracker": "http://10.0.0.1/"}}, ("spec.filing.tracker",)),
    Attempt("a path upwards", {"capture": {"basePath": "/debug/pprof/../.."}}, ("spec.capture.basePath",)),
    Attempt("a path with a query", {"capture": {"basePath": "/debug/pprof?gc=1"}}, ("spec.capture.basePath",)),
    Attempt("no port at all", {"capture": {"port": 0}}, ("spec.capture.port",)),
    Attempt("a profile that may tell secrets", {"capture": {"profiles": ["cmdline"]}}, ("spec.capture.profiles",)),
    Attempt("a workload elsewhere", {"targetRef": {"name": "somebody-else/app"}}, ("spec.targetRef.name",)),
    Attempt("a budget without bounds", {"remediation": {"maxPer24Hours": 1000}}, ("spec.remediation.maxPer24Hours",)),
]

BY_THE_OPERATOR = [
    Attempt("a source of others", {"metrics": {"source": "private"}}, ("`spec.metrics.source` `private`", "`main`")),
    Attempt("a source nobody has", {"metrics": {"source": "nobody"}}, ("`spec.metrics.source` `nobody`",)),
    Attempt("a tracker of others", {"filing": {"tracker": "private"}}, ("`spec.filing.tracker` `private`", "`log`")),
    Attempt("the service's port", {"capture": {"port": 8080}}, ("`spec.capture.port` 8080", "6060")),
    Attempt("the API server's port", {"capture": {"port": 16443}}, ("`spec.capture.port` 16443",)),
    Attempt("another path", {"capture": {"basePath": "/metrics"}}, ("`spec.capture.basePath` `/metrics`",)),
]

LOWERED = [
    Attempt("a further mode", {"mode": "Enforce"}, ("`spec.mode` Enforce counts as Observe", BOUNDED)),
    Attempt(
        "larger budgets",
        {"remediation": {"maxPer24Hours": 48, "maxPer7Days": 336}},
        ("`spec.remediation.maxPer24Hours` counts as 2", "`spec.remediation.maxPer7Days` counts as 6"),
    ),
    Attempt(
        "no cooldown, no probation",
        {"remediation": {"cooldownSeconds": 0, "probationSeconds": 0}},
        ("`spec.remediation.cooldownSeconds` counts as 21600", "`spec.remediation.probationSeconds` counts as 604800"),
    ),
    Attempt(
        "a restart without evidence",
        {"capture": {"whenEvidenceMissing": "Restart"}},
        ("`spec.capture.whenEvidenceMissing` Restart counts as Block",),
    ),
    Attempt(
        "a restart outside its windows",
        {
            "remediation": {
                "allowedWindows": [{"start": "03:00", "end": "04:00"}],
                "overrideWindowWhenLimitWithinSeconds": 600,
            }
        },
        ("`spec.remediation.overrideWindowWhenLimitWithinSeconds` is ignored",),
    ),
]

_METRIC = "process_resident_memory_bytes"
_OTHER = f'{_METRIC}{{namespace="{OBSERVED}"}}'
NOT_CONFINED = [
    Attempt("another namespace", memory(_OTHER), ("namespace",)),
    Attempt("every namespace", memory(f'{_METRIC}{{namespace=~".+"}}'), ("namespace",)),
    Attempt("all namespaces but one", memory(f'{_METRIC}{{namespace!="{BOUNDED}"}}'), ("namespace",)),
    Attempt("two matchers", memory(f'{_METRIC}{{namespace="{BOUNDED}",namespace=~".*"}}'), ("namespace",)),
    Attempt("a second branch", memory(f"{_METRIC} or {_OTHER}"), ("namespace",)),
    Attempt(
        "or between matchers",
        memory(f'{_METRIC}{{namespace="{BOUNDED}" or namespace="{OBSERVED}"}}'),
        ("`or` between matchers",),
    ),
    Attempt("a label renamed", memory(f'label_replace({_OTHER}, "namespace", "{BOUNDED}", "", "")'), ("namespace",)),
    Attempt("a subquery", memory(f"max_over_time({_OTHER}[5m:10s])"), ("namespace",)),
    Attempt("a join", memory(f"{_METRIC} * on () group_left () {_OTHER}"), ("namespace",)),
    Attempt("behind a comment", memory(f'{_METRIC}{{ # }}\nnamespace="{OBSERVED}"}}'), ("namespace",)),
    Attempt("without a name", memory(f'{{__name__=~"process_.+",namespace="{OBSERVED}"}}'), ("namespace",)),
    Attempt("joined labels", memory(f"info({_METRIC})"), ("`info()`", "cannot be confined")),
]
INVALID = [
    Attempt("another time", memory(f"{_METRIC} @ 0"), ("uses `@`",)),
    Attempt("no PromQL", memory(f"{_METRIC}{{"), ("is not valid PromQL",)),
    Attempt("more than a question", memory(" + ".join(["up"] * 200)), ("operators",)),
]


def _edit(stores: Stores, attempt: Attempt) -> None:
    """Apply the store with the attempt in it, as its owner would."""
    document = stores.bounded.store(mode="Observe")
    for part, value in attempt.spec.items():
        known = document["spec"].get(part)
        merged = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
        document["spec"][part] = merged
    stores.scene.apply(document)


def _answered(stores: Stores, kind: str) -> dict[str, Any]:
    """The operator's answer to the spec as it is now."""

    def told() -> dict[str, Any]:
        found = stores.scene.named("featurestores.memdrift.io", stores.bounded.name, BOUNDED)
        generation = found["metadata"]["generation"]
        answer = condition(found["status"], kind)
        return answer if found["status"]["observedGeneration"] == generation else {}

    return until(told, f"an answer about {kind}", seconds=30, every=0.2)


@pytest.fixture(autouse=True)
def _ready(stores: Stores) -> None:
    """The store is as it should be, and judged, before every edit."""
    stores.scene.apply(stores.bounded.store(mode="Observe"))
    until(lambda: _answered(stores, "Ready")["status"] == "True", "the store to be ready", seconds=90, every=0.2)


@pytest.mark.parametrize("attempt", BY_THE_API_SERVER, ids=lambda attempt: attempt.name)
def test_the_api_server_refuses(stores: Stores, attempt: Attempt) -> None:
    with pytest.raises(ClusterError) as refused:
        _edit(stores, attempt)

    for word in attempt.words:
        assert word in str(refused.value)


@pytest.mark.parametrize("attempt", BY_THE_OPERATOR, ids=lambda attempt: attempt.name)
def test_the_operator_stops_the_store(stores: Stores, attempt: Attempt) -> None:
    _edit(stores, attempt)

    for kind, status in (("Ready", "False"), ("Stalled", "True")):
        answer = _answered(stores, kind)
        assert (answer["status"], answer["reason"]) == (status, "NotAllowed")
        for word in attempt.words:
            assert word in answer["message"]


@pytest.mark.parametrize("attempt", LOWERED, ids=lambda attempt: attempt.name)
def test_the_operator_lowers_it_and_says_so(stores: Stores, attempt: Attempt) -> None:
    _edit(stores, attempt)

    answer = _answered(stores, "Ready")
    assert answer["status"] == "True"
    for word in attempt.words:
        assert word in answer["message"]


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [(each, "QueryNotConfined") for each in NOT_CONFINED] + [(each, "QueryInvalid") for each in INVALID],
    ids=lambda value: value.name if isinstance(value, Attempt) else "",
)
def test_a_query_sees_its_own_namespace_only(stores: Stores, attempt: Attempt, reason: str) -> None:
    _edit(stores, attempt)

    for kind, status in (("Ready", "False"), ("Stalled", "True")):
        answer = _answered(stores, kind)
        assert (answer["status"], answer["reason"]) == (status, "SpecInvalid")
        for word in (f"{reason}: ", "`spec.metrics.memory.resident`", *attempt.words):
            assert word in answer["message"]


def test_a_query_that_asks_for_its_own_is_answered(stores: Stores) -> None:
    _edit(stores, Attempt("its own", memory(_METRIC), ()))

    assert _answered(stores, "Ready")["status"] == "True"


def test_nothing_was_touched(stores: Stores) -> None:
    """Last in this file: after all attempts, also those that asked for `Enforce`."""
    assert touches(stores.calls(BOUNDED)) == []
