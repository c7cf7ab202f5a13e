"""Argo Rollouts, read from what their controller writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from memdrift.adapters.workloads import KubernetesWorkloads
from memdrift.api.featurestore import TargetKind, TargetRef
from memdrift.errors import SpecInvalid
from tests.adapters.scripted import ScriptedCalls

REFERENCE = TargetRef(api_version="argoproj.io/v1alpha1", kind=TargetKind.ROLLOUT, name="shop")
EMPTY = json.dumps({"items": []}).encode()


def template(image: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [{"name": "app", "image": image}]}}


def rollout(**status: Any) -> dict[str, Any]:
    whole = {"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "observedGeneration": "7"}
    hashes = {"currentPodHash": "h2", "stableRS": "h2"}
    return {
        "metadata": {"name": "shop", "uid": "r", "generation": 7},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "shop"}}, "template": template("a:2")},
        "status": {**whole, **hashes, **status},
    }


def owned(uid: str, owner: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": uid, "uid": uid, "ownerReferences": [{"uid": owner, "kind": "x", "controller": True}]}
    return {"metadata": {**metadata, **more.pop("metadata", {})}, **more}


def items(*objects: dict[str, Any]) -> bytes:
    return json.dumps({"items": objects}).encode()


def replica_set(uid: str, number: str, image: str) -> dict[str, Any]:
    annotations = {"annotations": {"rollout.argoproj.io/revision": number}}
    return owned(uid, "r", metadata=annotations, spec={"template": template(image)})


SETS = items(replica_set("s1", "1", "a:1"), replica_set("s2", "2", "a:2"))


async def test_a_rollout_at_rest() -> None:
    pods = items(owned("p1", "s2"), owned("p2", "s2"), owned("stranger", "elsewhere"))
    calls = ScriptedCalls([json.dumps(rollout()).encode(), SETS, pods, EMPTY, EMPTY])
    target = await KubernetesWorkloads(calls).observe("shops", REFERENCE)
    assert not target.rolling
    assert [pod.name for pod in target.pods] == ["p1", "p2"]
    assert [(held.number, held.images) for held in target.revisions] == [(1, (("app", "a:1"),)), (2, (("app", "a:2"),))]


async def test_its_own_annotations_say_whose_it_is() -> None:
    annotated = rollout()
    annotated["metadata"]["annotations"] = {"memdrift.io/assignees": "kim", "other.example/owner": "lee"}
    calls = ScriptedCalls([json.dumps(annotated).encode(), SETS, EMPTY, EMPTY, EMPTY])
    target = await KubernetesWorkloads(calls).observe("shops", REFERENCE)
    assert target.ownership == (("memdrift.io/assignees", "kim"),)


@pytest.mark.parametrize(
    "status", [{"stableRS": "h1"}, {"observedGeneration": "6"}, {"updatedReplicas": 1}, {"replicas": 3}]
)
async def test_a_canary_is_rolling(status: dict[str, Any]) -> None:
    calls = ScriptedCalls([json.dumps(rollout(**status)).encode(), SETS, items(owned("p1", "s2")), EMPTY, EMPTY])
    assert (await KubernetesWorkloads(calls).observe("shops", REFERENCE)).rolling


async def test_a_pod_of_another_revision_means_rolling_whatever_the_counters_say() -> None:
    pods = items(owned("p1", "s1"), owned("p2", "s2"))
    calls = ScriptedCalls([json.dumps(rollout()).encode(), SETS, pods, EMPTY, EMPTY])
    assert (await KubernetesWorkloads(calls).observe("shops", REFERENCE)).rolling


async def test_a_rollout_without_a_template_is_not_supported_yet() -> None:
    borrowed = rollout()
    del borrowed["spec"]["template"]
    with pytest.raises(SpecInvalid, match="NotSupportedYet"):
        await KubernetesWorkloads(ScriptedCalls([json.dumps(borrowed).encode()])).observe("shops", REFERENCE)
