"""TokenReview and SubjectAccessReview, with answers as an API server gives them."""

from __future__ import annotations

import json

import pytest

from memdrift.adapters.reviews import KubernetesReviews
from memdrift.errors import ClusterUnavailable
from memdrift.ports import Person
from tests.adapters.scripted import ScriptedCalls

USER = {"username": "ada", "uid": "u", "groups": ["g"], "extra": {"pod": ["a", "b"]}}
ADA = Person("ada", "u", ("g",), (("pod", ("a", "b")),))


def answering(*statuses: object) -> tuple[KubernetesReviews, ScriptedCalls]:
    answers = [json.dumps({"spec": {"token": "secret"}, "status": status}).encode() for status in statuses]
    calls = ScriptedCalls(list(answers))
    return KubernetesReviews(calls), calls


async def test_a_token_is_somebodys() -> None:
    reviews, calls = answering({"authenticated": True, "user": USER})
    assert await reviews.identify("secret") == ADA
    (call,) = calls.made
    assert (call.method, call.path) == ("POST", ("apis", "authentication.k8s.io", "v1", "tokenreviews"))
    assert call.body["spec"] == {"token": "secret"}  # type: ignore[index]


@pytest.mark.parametrize(
    "status",
    [{}, {"authenticated": False, "error": "expired"}, {"authenticated": True, "user": {}}, {"user": USER},
     {"authenticated": False, "user": USER}],
)  # fmt: skip
async def test_everything_else_is_nobody(status: object) -> None:
    reviews, _ = answering(status)
    assert await reviews.identify("secret") is None


@pytest.mark.parametrize(
    ("status", "allowed"),
    [({"allowed": True}, True), ({"allowed": False}, False), ({}, False), ({"allowed": True, "denied": True}, False),
     ({"allowed": False, "evaluationError": "x"}, False)],
)  # fmt: skip
async def test_a_right_is_there_only_where_it_is_said_to_be(status: object, allowed: bool) -> None:
    reviews, calls = answering(status, status)
    assert await reviews.allowed(ADA, "get", "featurestores", "market") is allowed
    assert await reviews.allowed(ADA, "get", "featurestores", "") is allowed
    one, every = (call.body["spec"] for call in calls.made)  # type: ignore[index]
    assert one["resourceAttributes"] == {
        "group": "memdrift.io",
        "resource": "featurestores",
        "verb": "get",
        "namespace": "market",
    }
    assert "namespace" not in every["resourceAttributes"]
    assert (one["user"], one["uid"], one["groups"], one["extra"]) == ("ada", "u", ["g"], {"pod": ["a", "b"]})


async def test_an_answer_that_cannot_be_read_is_not_repeated() -> None:
    reviews, _ = answering({"authenticated": "secret"}, [])
    with pytest.raises(ClusterUnavailable) as failed:
        await reviews.identify("secret")
    assert failed.value.reason == "AnswerUnreadable"
    assert "secret" not in str(failed.value)
    assert failed.value.__cause__ is None
    with pytest.raises(ClusterUnavailable):
        await reviews.allowed(ADA, "get", "featurestores", "market")
