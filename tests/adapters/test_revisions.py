"""Which templates are the same revision."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from memdrift.adapters.workloads import revisions, selectors, templates, wire
from memdrift.adapters.workloads.pods import default_container_of, memory_bytes

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "a"}, "creationTimestamp": None},
    "spec": {"containers": [{"name": "app", "image": "a:1"}], "volumes": []},
}


def changed(**metadata: dict[str, str]) -> dict[str, Any]:
    template = copy.deepcopy(TEMPLATE)
    for key, value in metadata.items():
        template["metadata"].setdefault(key, {}).update(value)
    return template


def image(name: str) -> dict[str, Any]:
    template = copy.deepcopy(TEMPLATE)
    template["spec"]["containers"][0]["image"] = name
    return template


def replica_set(uid: str, number: int, template: dict[str, Any]) -> wire.ReplicaSet:
    metadata = wire.Metadata(
        uid=uid, annotations={"n": str(number)}, creation_timestamp=datetime(2030, 1, number, tzinfo=UTC)
    )
    return wire.ReplicaSet(metadata=metadata, spec=wire.ReplicaSetSpec(template=template))


@pytest.mark.parametrize(
    "same",
    [
        changed(annotations={"memdrift.io/restarted-for": "a-1"}),
        changed(labels={"pod-template-hash": "12345"}),
        {**TEMPLATE, "$patch": "replace"},
        {
            "metadata": {"labels": {"app": "a"}, "annotations": {}},
            "spec": {"containers": TEMPLATE["spec"]["containers"]},
        },
    ],
)
def test_what_controllers_and_memdrift_add_is_not_a_change(same: dict[str, Any]) -> None:
    assert revisions.identity_of(same) == revisions.identity_of(TEMPLATE)


@pytest.mark.parametrize(
    "other", [image("a:2"), changed(labels={"b": "c"}), changed(annotations={"kubectl.kubernetes.io/restartedAt": "x"})]
)
def test_what_people_change_is_a_change(other: dict[str, Any]) -> None:
    assert revisions.identity_of(other) != revisions.identity_of(TEMPLATE)


def test_our_restart_makes_no_revision_and_a_rollback_moves_one_to_the_end() -> None:
    ours = changed(annotations={"memdrift.io/restarted-for": "a-1"})
    sets = [replica_set("u1", 1, TEMPLATE), replica_set("u2", 2, ours), replica_set("u3", 3, image("a:2"))]
    history = revisions.of_replica_sets(image("a:2"), sets, "n")
    assert [(held.number, held.images[0][1]) for held in history.revisions] == [(2, "a:1"), (3, "a:2")]
    assert history.revisions[0].created_at.day == 1
    assert history.by_owner["u1"] == history.by_owner["u2"] != history.by_owner["u3"]
    back = revisions.of_replica_sets(TEMPLATE, sets, "n")
    assert [held.images[0][1] for held in back.revisions] == ["a:2", "a:1"]


def test_a_template_without_a_replica_set_yet_is_the_newest_revision() -> None:
    history = revisions.of_replica_sets(image("a:9"), [replica_set("u1", 4, TEMPLATE)], "n")
    assert (history.revisions[-1].number, history.revisions[-1].images) == (5, (("app", "a:9"),))
    assert len(revisions.of_replica_sets(TEMPLATE, [], "n").revisions) == 1


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        (None, {"a": "b"}, False),
        ({}, {}, True),
        ({"matchLabels": {"a": "b"}}, {"a": "b", "c": "d"}, True),
        ({"matchLabels": {"a": "b"}}, {"a": "c"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}, {"a": "c"}, True),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {}, False),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {}, True),
    ],
)
def test_selectors_select_as_kubernetes_does(
    selector: dict[str, Any] | None, labels: dict[str, str], expected: bool
) -> None:
    parsed = None if selector is None else wire.LabelSelector.model_validate(selector)
    assert selectors.selects(parsed, labels) is expected


def test_a_selector_is_written_as_a_query() -> None:
    expressions = [
        {"key": "b", "operator": "In", "values": ["1", "2"]},
        {"key": "c", "operator": "NotIn", "values": ["3"]},
        {"key": "d", "operator": "Exists"},
        {"key": "e", "operator": "DoesNotExist"},
    ]
    selector = wire.LabelSelector.model_validate({"matchLabels": {"a": "x"}, "matchExpressions": expressions})
    assert selectors.query_of(selector) == "a=x,b in (1,2),c notin (3),d,!e"


@pytest.mark.parametrize(
    ("written", "bytes_"),
    [
        ("128Mi", 128 * 2**20),
        (1024, 1024),
        ("1e3", 1000),
        ("2000m", 2),
        ("1.5Gi", 3 * 2**29),
        (None, None),
        ("x", None),
    ],
)
def test_memory_in_every_form(written: str | int | None, bytes_: int | None) -> None:
    assert memory_bytes(written) == bytes_


def test_an_injected_container_is_no_default() -> None:
    template = changed(annotations={"kubectl.kubernetes.io/default-container": "istio-proxy"})
    assert default_container_of(template) == ""
    assert default_container_of(TEMPLATE) == "app"


CONFIGURED: dict[str, Any] = {
    "metadata": {"annotations": {"checksum/config": "abc", "memdrift.io/restarted-for": "a-1"}},
    "spec": {
        "containers": [
            {
                "name": "app",
                "args": ["--cache=1g"],
                "env": [
                    {"name": "PASSWORD", "value": "hunter2"},
                    {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "token-a", "key": "t"}}},
                ],
                "envFrom": [{"configMapRef": {"name": "settings-a"}}],
                "resources": {"limits": {"memory": "1Gi"}},
            }
        ],
        "volumes": [
            {"name": "keys", "secret": {"secretName": "keys-a"}},
            {"name": "all", "projected": {"sources": [{"configMap": {"name": "more-a"}}]}},
        ],
    },
}


def test_what_can_matter_of_a_template_is_kept_and_no_value_of_a_variable() -> None:
    settings = dict(templates.settings_of(CONFIGURED))
    assert settings["ConfigMap for all variables of app"] == "settings-a"
    assert settings["Secret for variable TOKEN of app"] == "token-a"
    assert settings["Secret of volume keys"] == "keys-a"
    assert settings["ConfigMap of volume all"] == "more-a"
    assert settings["memory limit of app"] == "1Gi"
    assert {"args of app", "annotation checksum/config", "variable PASSWORD of app"} <= set(settings)
    assert "hunter2" not in str(settings)
    assert not any("memdrift.io" in what for what in settings)


@pytest.mark.parametrize(
    "broken", [{}, {"spec": None}, {"spec": {"containers": "x", "volumes": [1]}}, {"metadata": []}]
)
def test_a_template_of_another_shape_has_no_settings(broken: dict[str, Any]) -> None:
    assert templates.settings_of(broken) == ()
