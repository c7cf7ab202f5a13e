"""An alert that two Alertmanagers repeat a hundred times is one request, by the API server's own log."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.e2e.stores import ALERTED, Stores
from tests.e2e.waiting import until

REPEATS = 50
ALERTMANAGERS = 2
TOKEN = "0a1b2c3d4e5f6071@2026-03-02T03:00:00Z"
ANNOTATION = "memdrift.io/requested-at"


@dataclass(frozen=True)
class Answer:
    """What the receiver said."""

    code: int
    results: tuple[str, ...] = ()


def notification(store: str, alertmanager: int = 0, **labels: str) -> dict[str, object]:
    """What an Alertmanager posts: version 4 of its payload, of one firing alert."""
    fingerprint, _, started = TOKEN.partition("@")
    named = {"alertname": "FeatureStoreMemoryRising", "namespace": ALERTED, "featurestore": store, **labels}
    alert = {
        "status": "firing",
        "labels": named,
        "annotations": {"summary": "memory rises"},
        "startsAt": started.replace("Z", ".000Z"),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": fingerprint,
    }
    return {
        "version": "4",
        "groupKey": f'{{}}:{{featurestore="{store}"}}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "memdrift",
        "groupLabels": {"featurestore": store},
        "commonLabels": named,
        "commonAnnotations": {},
        "externalURL": f"http://alertmanager-{alertmanager}",
        "alerts": [alert],
    }


def post(stores: Stores, body: dict[str, object], token: str | None = None) -> Answer:
    """Post it as an Alertmanager does; "" sends no token."""
    used = stores.scene.token if token is None else token
    headers = {"Content-Type": "application/json", "User-Agent": "Alertmanager/0.27.0"}
    if used:
        headers["Authorization"] = f"Bearer {used}"
    address = f"http://127.0.0.1:{stores.operator.port}/alerts"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            told = json.load(answer)["alerts"]
            return Answer(answer.status, tuple(each["result"] for each in told))
    except urllib.error.HTTPError as refused:
        return Answer(refused.code)


def test_a_hundred_repeats_are_one_request(stores: Stores) -> None:
    leaker = stores.alerted
    until(lambda: stores.looks(leaker) > 0, "the first look", seconds=60)
    looks = stores.looks(leaker)
    bodies = [notification(leaker.name, number) for number in range(ALERTMANAGERS) for _ in range(REPEATS)]

    with ThreadPoolExecutor(max_workers=10) as posting:
        answers = list(posting.map(lambda body: post(stores, body), bodies))

    assert {answer.code for answer in answers} == {200}
    results = [result for answer in answers for result in answer.results]
    assert sorted(results) == ["Recorded"] + ["Repeated"] * (REPEATS * ALERTMANAGERS - 1)
    until(lambda: leaker.status().get("lastHandledRequest") == TOKEN, "the request to be handled", seconds=30)
    found = stores.scene.named("featurestores.memdrift.io", leaker.name, ALERTED)
    assert found["metadata"]["annotations"][ANNOTATION] == TOKEN
    assert len(requests_recorded(stores)) == 1
    until(lambda: stores.looks(leaker) > looks, "the look to be logged, which follows its status", seconds=30)
    assert stores.looks(leaker) == looks + 1, "one request is one look"


def test_a_repeat_to_a_new_process_changes_nothing(stores: Stores) -> None:
    leaker = stores.alerted
    looks = stores.looks(leaker)
    assert stores.operator.stop() == 0
    stores.operator.start()
    until(lambda: stores.looks(leaker) > looks, "the first look of the new process", seconds=60)
    looks = stores.looks(leaker)

    answers = [post(stores, notification(leaker.name)) for _ in range(3)]

    assert [answer.results for answer in answers] == [("Recorded",), ("Repeated",), ("Repeated",)]
    stores.look_again(stores.bounded)
    assert stores.looks(leaker) == looks, "the store carries the request already"
    assert leaker.status()["lastHandledRequest"] == TOKEN


@pytest.mark.parametrize(("token", "code"), [("", 401), ("wrong", 403)])
def test_without_the_token_nobody_nominates(stores: Stores, token: str, code: int) -> None:
    assert post(stores, notification(stores.bounded.name, namespace=stores.bounded.namespace), token).code == code

    store = stores.scene.named("featurestores.memdrift.io", stores.bounded.name, stores.bounded.namespace)
    assert ANNOTATION not in store["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("labels", "result"),
    [
        ({"featurestore": "nobody"}, "UnknownStore"),
        ({"namespace": "e2e-no-such-namespace"}, "UnknownStore"),
        ({"featurestore": "../featurestores/x"}, "NoReference"),
    ],
)
def test_an_unknown_store_is_accepted_and_forgotten(stores: Stores, labels: dict[str, str], result: str) -> None:
    before = stores.operator.metric(f'memdrift_alerts_total{{result="{result}"}}')

    assert post(stores, notification(stores.alerted.name, 0, **labels)) == Answer(202, (result,))

    assert stores.operator.metric(f'memdrift_alerts_total{{result="{result}"}}') == before + 1


def requests_recorded(stores: Stores) -> list[str]:
    """The writes of the store itself that the receiver asked for."""
    calls = stores.calls(ALERTED)
    written = [call for call in calls if (call.verb, call.resource) == ("patch", "featurestores")]
    return [call.uri for call in written if "fieldManager=memdrift-requests" in call.uri]
