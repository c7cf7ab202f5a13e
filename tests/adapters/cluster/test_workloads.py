"""Workloads of the real cluster as targets, and the two ways to restart their pods."""

from __future__ import annotations

import json

import pytest

from memdrift.adapters.connection import Connection
from memdrift.adapters.workloads import KubernetesWorkloads
from memdrift.api.featurestore import TargetKind, TargetRef
from memdrift.errors import ClusterUnavailable, Conflict, NotAllowed, SpecInvalid, TargetNotFound
from tests.adapters.cluster.place import Place, until

pytestmark = pytest.mark.cluster

KINDS = [TargetKind.DEPLOYMENT, TargetKind.STATEFUL_SET, TargetKind.DAEMON_SET]


def reference(kind: str, name: str) -> TargetRef:
    return TargetRef(kind=TargetKind(kind), name=name)


@pytest.fixture
def workloads(connection: Connection) -> KubernetesWorkloads:
    return KubernetesWorkloads(connection)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_workload_is_observed_whole(place: Place, workloads: KubernetesWorkloads, kind: TargetKind) -> None:
    name = f"seen-{kind.lower()}"
    place.workload(kind, name)
    target = await workloads.observe(place.namespace, reference(kind, name))
    shown = place.pods(name)
    assert (target.kind, target.name, target.uid) == (kind, name, place.shown(kind, name)["metadata"]["uid"])
    assert target.desired_replicas == target.ready_replicas == target.updated_replicas == len(shown)
    assert not target.rolling
    assert not target.paused
    assert target.controller == target.restarted_for == target.autoscaler == ""
    assert (target.default_container, target.containers, target.ports) == ("guest", ("guest",), (("guest", 8080),))
    assert [(pod.name, pod.uid) for pod in target.pods] == [
        (item["metadata"]["name"], item["metadata"]["uid"]) for item in shown
    ]
    assert len(target.revisions) == 1
    assert target.revisions[0].images == (("guest", place.image),)
    for pod in target.pods:
        assert pod.ready
        assert not pod.deleting
        assert pod.node
        assert pod.revision == target.revision
        life = pod.container("guest")
        assert life is not None
        assert life.started_at is not None
        assert life.ready
        assert (life.memory_limit_bytes, life.memory_request_bytes) == (128 * 2**20, 32 * 2**20)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_annotation_twice_is_one_rollout_of_the_same_revision(
    place: Place, workloads: KubernetesWorkloads, kind: TargetKind
) -> None:
    name = f"again-{kind.lower()}"
    place.workload(kind, name)
    before = await workloads.observe(place.namespace, reference(kind, name))
    await workloads.annotate_template(place.namespace, reference(kind, name), before.uid, "store-1")
    place.rolled_out(kind.lower(), name)
    rolled = place.shown(kind, name)["metadata"]
    await workloads.annotate_template(place.namespace, reference(kind, name), before.uid, "store-1")
    again = place.shown(kind, name)["metadata"]
    assert (again["resourceVersion"], again["generation"]) == (rolled["resourceVersion"], rolled["generation"])
    after = await workloads.observe(place.namespace, reference(kind, name))
    assert after.restarted_for == "store-1"
    assert after.generation == before.generation + 1
    assert not {pod.uid for pod in before.pods} & {pod.uid for pod in after.pods}
    assert after.revision == before.revision
    assert len(after.revisions) == 1
    assert after.revisions[0].number == before.revisions[0].number + 1
    assert after.revisions[0].created_at == before.revisions[0].created_at


async def test_only_the_annotation_is_ours(place: Place, workloads: KubernetesWorkloads) -> None:
    place.workload("Deployment", "owned")
    before = place.shown("deployment", "owned")
    await workloads.annotate_template(
        place.namespace, reference("Deployment", "owned"), before["metadata"]["uid"], "store-7"
    )
    after = json.loads(place.kubectl("get", "deployment", "owned", "--output=json", "--show-managed-fields"))
    ours = next(field for field in after["metadata"]["managedFields"] if field["manager"] == "memdrift")
    annotations = {"f:annotations": {"f:memdrift.io/restarted-for": {}}}
    assert ours["fieldsV1"] == {"f:spec": {"f:template": {"f:metadata": annotations}}}
    assert after["spec"]["template"]["metadata"].pop("annotations") == {"memdrift.io/restarted-for": "store-7"}
    assert after["spec"] == before["spec"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_new_image_or_setting_is_a_new_revision(
    place: Place, workloads: KubernetesWorkloads, kind: TargetKind
) -> None:
    name = f"changed-{kind.lower()}"
    place.workload(kind, name)
    first = await workloads.observe(place.namespace, reference(kind, name))
    place.kubectl("set", "env", f"{kind.lower()}/{name}", "GOGC=50")
    place.rolled_out(kind.lower(), name)
    second = await workloads.observe(place.namespace, reference(kind, name))
    assert [revision.identity for revision in second.revisions] == [first.revision, second.revision]
    assert second.revision != first.revision
    assert {pod.revision for pod in second.pods} == {second.revision}
    place.kubectl("set", "env", f"{kind.lower()}/{name}", "GOGC-")
    place.rolled_out(kind.lower(), name)
    back = await workloads.observe(place.namespace, reference(kind, name))
    assert [revision.identity for revision in back.revisions] == [second.revision, first.revision]


async def test_a_rollout_under_way_is_rolling(place: Place, workloads: KubernetesWorkloads) -> None:
    place.workload("Deployment", "stuck")
    place.kubectl("set", "image", "deployment/stuck", "guest=registry.local/no-such-image:none")
    target = await workloads.observe(place.namespace, reference("Deployment", "stuck"))
    assert target.rolling
    place.kubectl("rollout", "undo", "deployment/stuck")
    place.rolled_out("deployment", "stuck")
    place.kubectl("rollout", "pause", "deployment/stuck")
    assert (await workloads.observe(place.namespace, reference("Deployment", "stuck"))).paused


async def test_pods_are_told_by_their_owner_not_by_their_labels(place: Place, workloads: KubernetesWorkloads) -> None:
    place.workload("Deployment", "family", replicas=1)
    stranger = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "stranger", "labels": {"app": "family-of-others", "team": "a"}},
        "spec": {"containers": [{"name": "guest", "image": place.image, "imagePullPolicy": "Never"}]},
    }
    place.apply(stranger)
    place.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"name": "cousin"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": "family", "cousin": "yes"}},
                "template": {
                    "metadata": {"labels": {"app": "family", "cousin": "yes"}},
                    "spec": stranger["spec"],
                },
            },
        }
    )
    until(lambda: len(place.pods("family")) == 2)
    target = await workloads.observe(place.namespace, reference("Deployment", "family"))
    assert [pod.name for pod in target.pods] == [
        item["metadata"]["name"] for item in place.pods("family") if "cousin" not in item["metadata"]["labels"]
    ]


async def test_budgets_and_autoscalers_of_the_workload_are_seen(place: Place, workloads: KubernetesWorkloads) -> None:
    place.workload("Deployment", "guarded")
    place.budget("guarded", "guarded", minimum_available=1)
    place.kubectl("autoscale", "deployment", "guarded", "--min=2", "--max=5", "--cpu-percent=80")
    until(
        lambda: place.shown("horizontalpodautoscaler", "guarded").get("status", {}).get("currentReplicas") == 2,
        seconds=90,
    )
    target = await workloads.observe(place.namespace, reference("Deployment", "guarded"))
    assert [(budget.name, budget.allowed) for budget in target.disruptions] == [("guarded", 1)]
    assert target.autoscaler == "guarded: 2/5"


async def test_injected_and_several_containers(place: Place, workloads: KubernetesWorkloads) -> None:
    place.workload("Deployment", "pair", replicas=1)
    extra = {"name": "side", "image": place.image, "imagePullPolicy": "Never", "args": ["-unused"]}
    patch = {"spec": {"template": {"spec": {"containers": [extra]}}}}
    place.kubectl("patch", "deployment", "pair", "--patch", json.dumps(patch))
    target = await workloads.observe(place.namespace, reference("Deployment", "pair"))
    assert set(target.containers) == {"guest", "side"}
    assert target.default_container == ""
    annotation = {"kubectl.kubernetes.io/default-container": "guest"}
    patch = {"spec": {"template": {"metadata": {"annotations": annotation}}}}
    place.kubectl("patch", "deployment", "pair", "--patch", json.dumps(patch))
    assert (await workloads.observe(place.namespace, reference("Deployment", "pair"))).default_container == "guest"


async def test_an_eviction_takes_exactly_one_pod(place: Place, workloads: KubernetesWorkloads) -> None:
    place.workload("Deployment", "evicted")
    first, second = place.pods("evicted")
    with pytest.raises(Conflict) as conflict:
        await workloads.evict(place.namespace, first["metadata"]["name"], second["metadata"]["uid"])
    assert conflict.value.reason == "PodReplaced"
    assert place.pods("evicted") == [first, second]
    await workloads.evict(place.namespace, first["metadata"]["name"], first["metadata"]["uid"])
    until(lambda: first["metadata"]["uid"] not in {pod["metadata"]["uid"] for pod in place.pods("evicted")})
    await workloads.evict(place.namespace, first["metadata"]["name"], first["metadata"]["uid"])
    place.rolled_out("deployment", "evicted")
    assert second["metadata"]["uid"] in {pod["metadata"]["uid"] for pod in place.pods("evicted")}


async def test_an_exhausted_budget_refuses_the_eviction(place: Place, workloads: KubernetesWorkloads) -> None:
    place.workload("Deployment", "kept")
    place.budget("kept", "kept", minimum_available=2)
    target = await workloads.observe(place.namespace, reference("Deployment", "kept"))
    assert [(budget.name, budget.allowed) for budget in target.disruptions] == [("kept", 0)]
    pods = place.pods("kept")
    with pytest.raises(ClusterUnavailable) as refused:
        await workloads.evict(place.namespace, pods[0]["metadata"]["name"], pods[0]["metadata"]["uid"])
    assert refused.value.reason == "DisruptionBudgetExhausted"
    assert [pod["metadata"]["uid"] for pod in place.pods("kept")] == [pod["metadata"]["uid"] for pod in pods]
    place.budget("kept-too", "kept", minimum_available=0)
    with pytest.raises(ClusterUnavailable) as several:
        await workloads.evict(place.namespace, pods[0]["metadata"]["name"], pods[0]["metadata"]["uid"])
    assert several.value.reason == "SeveralDisruptionBudgets"


async def test_another_workload_of_the_name_is_not_annotated(place: Place, workloads: KubernetesWorkloads) -> None:
    place.workload("Deployment", "reborn", replicas=1)
    uid = place.shown("deployment", "reborn")["metadata"]["uid"]
    place.kubectl("delete", "deployment", "reborn", "--wait")
    with pytest.raises(Conflict, match="TargetReplaced"):
        await workloads.annotate_template(place.namespace, reference("Deployment", "reborn"), uid, "store-1")
    assert "reborn" not in place.kubectl("get", "deployments", "--output=name")
    place.workload("Deployment", "reborn", replicas=1)
    with pytest.raises(Conflict, match="TargetReplaced"):
        await workloads.annotate_template(place.namespace, reference("Deployment", "reborn"), uid, "store-1")
    assert "annotations" not in place.shown("deployment", "reborn")["spec"]["template"]["metadata"]


async def test_what_is_not_there_or_not_ours_says_so(place: Place, workloads: KubernetesWorkloads) -> None:
    with pytest.raises(TargetNotFound, match=r"spec\.targetRef"):
        await workloads.observe(place.namespace, reference("Deployment", "nothing"))
    with pytest.raises(NotAllowed, match="serviceaccount"):
        await workloads.observe("kube-system", reference("Deployment", "nothing"))
    rollout = TargetRef(api_version="argoproj.io/v1alpha1", kind=TargetKind.ROLLOUT, name="nothing")
    with pytest.raises(TargetNotFound):
        await workloads.observe(place.namespace, rollout)
    with pytest.raises(SpecInvalid, match="name the object fully"):
        await workloads.evict(place.namespace, "..", "uid")
