"""What is read out of an Alertmanager's payload, and what is not."""

from __future__ import annotations

import json

import pytest

from memdrift.adapters import alertmanager
from memdrift.adapters.alertmanager import Notification, StoreReference
from memdrift.errors import SpecInvalid
from tests.web.notifications import alert, labelled, notification


def parsed(*alerts: object, **changes: object) -> Notification:
    return alertmanager.parse(json.dumps(notification(*alerts, **changes)).encode())


def test_labels_name_the_store_and_the_token_is_fingerprint_and_start() -> None:
    (nomination,) = parsed(alert()).nominations
    assert nomination.store == StoreReference("market", "market-store")
    assert nomination.token == "1a30ba71cca2921f@2025-03-01T01:02:03.123456Z"
    assert nomination.firing


def test_the_token_is_the_same_in_every_time_zone() -> None:
    (here,) = parsed(alert(startsAt="2025-03-01T02:02:03+01:00")).nominations
    (there,) = parsed(alert(startsAt="2025-03-01T01:02:03Z")).nominations
    assert here.token == there.token


def test_an_annotation_names_the_store_when_no_label_does() -> None:
    (nomination,) = parsed(alert(labels={"alertname": "A"}, annotations={"featurestore": "market/twin"})).nominations
    assert nomination.store == StoreReference("market", "twin")


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": {"alertname": "A", "pod": "market-store-1", "namespace": "market"}},
        {"labels": {"featurestore": "market-store"}},
        {"labels": {"featurestore": "../etc", "namespace": "market"}},
        {"labels": {"featurestore": "a" * 254, "namespace": "market"}},
        {"labels": {"featurestore": "x", "namespace": "kube.system"}},
        {"labels": {"featurestore": "x\n", "namespace": "market"}},
        {"labels": {}, "annotations": {"featurestore": "market"}},
        {"labels": {}, "annotations": {"featurestore": "a/b/c"}},
        {"labels": {}, "annotations": {"summary": "featurestore market/market-store is slow"}},
        # A label that is there but incomplete is a mistake, not a reason to look elsewhere.
        {"labels": {"featurestore": "x"}, "annotations": {"featurestore": "market/market-store"}},
    ],
)
def test_nothing_is_guessed(changes: dict[str, object]) -> None:
    (nomination,) = parsed(alert(**changes)).nominations
    assert nomination.store is None
    assert "featurestore" in nomination.problem


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"version": "3"}, "version"),
        ({"version": 4}, "version"),
        ({"version": "4", "alerts": "many"}, "alerts"),
        ({"groupKey": None}, "groupKey"),
        ({"truncatedAlerts": -1}, "truncatedAlerts"),
        ({"alerts": [{}] * 10_001}, "alerts"),
    ],
)
def test_another_payload_is_refused_by_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(SpecInvalid) as caught:
        alertmanager.parse(json.dumps(notification() | changes).encode())
    assert caught.value.message.startswith(f"`{field}`")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff\xfe", b'{"version": "4"}', b"[" * 100_000])
def test_what_is_no_payload_is_refused(body: bytes) -> None:
    with pytest.raises(SpecInvalid):
        alertmanager.parse(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": "not hex"},
        {"fingerprint": "a" * 65},
        {"startsAt": "yesterday"},
        {"startsAt": "2025-03-01T01:02:03"},
        {"labels": ["a"]},
        {"labels": {f"label{number}": "" for number in range(257)}},
        {"status": "pending"},
    ],
)
def test_a_malformed_alert_does_not_hide_the_others(changes: dict[str, object]) -> None:
    bad, good = parsed(alert(**changes), labelled("market", "twin")).nominations
    assert not bad.token
    assert bad.problem.startswith("`")
    assert good.store == StoreReference("market", "twin")


def test_an_alert_that_is_no_object_is_malformed() -> None:
    assert not parsed("fire", None, 7).nominations[0].token


def test_fields_of_later_alertmanagers_are_ignored() -> None:
    assert parsed(alert(severityScore=3), notificationReason="new").nominations[0].store
