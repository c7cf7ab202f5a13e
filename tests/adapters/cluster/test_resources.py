"""memdrift's own resources, events and the slot, on the real API server, with the adapters' own verbs only."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from memdrift.adapters.clock import SystemClock
from memdrift.adapters.connection import Connection
from memdrift.adapters.events import KubernetesEvents
from memdrift.adapters.incidents import KubernetesIncidents
from memdrift.adapters.leases.slots import LEASE, LeaseSlots
from memdrift.adapters.requests import KubernetesRequests
from memdrift.adapters.stores import KubernetesStores
from memdrift.api.driftincident import DriftIncidentSpec, DriftIncidentStatus, ObjectRef, Stage
from memdrift.api.featurestore import Budget, Condition, ConditionStatus, FeatureStoreStatus, Hit
from memdrift.errors import Conflict, NotAllowed
from memdrift.ports import Resource
from tests.adapters.cluster.place import Place

pytestmark = pytest.mark.cluster

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def store(name: str) -> dict[str, Any]:
    metrics = {
        "source": "prometheus",
        "memory": {"preset": "go"},
        "latency": {"preset": "http-server"},
        "load": [{"preset": "http-server"}],
    }
    return {
        "apiVersion": "memdrift.io/v1alpha1",
        "kind": "FeatureStore",
        "metadata": {"name": name},
        "spec": {"targetRef": {"kind": "Deployment", "name": name}, "metrics": metrics},
    }


def condition(status: ConditionStatus) -> Condition:
    return Condition(type="Ready", status=status, reason="Evaluated", message="fine", last_transition_time=NOW)


def spec(name: str, uid: str, number: int = 1) -> DriftIncidentSpec:
    return DriftIncidentSpec(store_ref=ObjectRef(name=name, uid=uid), container="guest", number=number)


async def test_a_status_is_applied_once_and_what_is_not_said_again_disappears(
    place: Place, connection: Connection
) -> None:
    place.apply(store("told"))
    stores = KubernetesStores(connection)
    status = FeatureStoreStatus(
        conditions=[condition(ConditionStatus.TRUE)],
        observed_generation=1,
        last_evaluation_time=NOW,
        growth_per_hour="33.7Mi",
        hits=[Hit(container="guest", count=1, block_end_time=NOW, since_time=NOW)],
        budget=Budget(used_last_24_hours=1),
    )
    await stores.apply_status(place.namespace, "told", status)
    first = place.shown("featurestore.memdrift.io", "told")
    assert FeatureStoreStatus.model_validate(first["status"]) == status
    await stores.apply_status(place.namespace, "told", status)
    again = place.shown("featurestore.memdrift.io", "told")
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    await stores.apply_status(place.namespace, "told", status.replace(hits=[], growth_per_hour=None))
    shorter = place.shown("featurestore.memdrift.io", "told")
    assert "growthPerHour" not in shorter["status"]
    assert not shorter["status"].get("hits")
    assert shorter["metadata"]["generation"] == first["metadata"]["generation"]


async def test_a_status_of_nothing_creates_nothing(place: Place, connection: Connection) -> None:
    await KubernetesStores(connection).apply_status(place.namespace, "nobody", FeatureStoreStatus())
    await KubernetesIncidents(connection).apply_status(place.namespace, "nobody-1", DriftIncidentStatus())
    assert "nobody" not in place.kubectl("get", "featurestores.memdrift.io,driftincidents", "--output=name")


async def test_a_request_is_recorded_once_and_only_on_a_store(place: Place, connection: Connection) -> None:
    place.apply(store("asked"))
    requests = KubernetesRequests(connection)
    token = "0123456789abcdef@2030-01-02T03:04:05Z"
    assert await requests.record(place.namespace, "asked", token)
    first = place.shown("featurestore.memdrift.io", "asked")["metadata"]
    assert first["annotations"]["memdrift.io/requested-at"] == token
    assert await requests.record(place.namespace, "asked", token)
    assert place.shown("featurestore.memdrift.io", "asked")["metadata"]["resourceVersion"] == first["resourceVersion"]
    assert not await requests.record(place.namespace, "nobody", token)
    assert "nobody" not in place.kubectl("get", "featurestores.memdrift.io", "--output=name")


async def test_an_incident_is_created_once(place: Place, connection: Connection) -> None:
    incidents = KubernetesIncidents(connection)
    created = await incidents.create(place.namespace, "shop-1", spec("shop", "uid-1"))
    assert created.metadata.uid
    assert created.spec.store_ref.name == "shop"
    found = await incidents.create(place.namespace, "shop-1", spec("shop", "uid-1"))
    assert found.metadata.uid == created.metadata.uid
    with pytest.raises(Conflict, match="IncidentNameTaken"):
        await incidents.create(place.namespace, "shop-1", spec("shop", "uid-of-another"))


async def test_an_approval_survives_a_second_creation_and_a_status(place: Place, connection: Connection) -> None:
    incidents = KubernetesIncidents(connection)
    await incidents.create(place.namespace, "approved-1", spec("approved", "uid-1"))
    approval = {"plan": "sha256:0123", "decision": "Denied", "by": "somebody"}
    patch = json.dumps({"spec": {"approval": approval}})
    place.kubectl("patch", "driftincident", "approved-1", "--type=merge", "--patch", patch)
    found = await incidents.create(place.namespace, "approved-1", spec("approved", "uid-1"))
    assert found.spec.approval is not None
    await incidents.apply_status(place.namespace, "approved-1", DriftIncidentStatus(stage=Stage.HOLDING))
    assert place.shown("driftincident", "approved-1")["spec"]["approval"] == approval


async def test_incidents_are_listed_by_store_and_number(place: Place, connection: Connection) -> None:
    incidents = KubernetesIncidents(connection)
    long = "a" * 100
    for number in (10, 9, 2):
        await incidents.create(place.namespace, f"many-{number}", spec("many", "uid", number))
    await incidents.create(place.namespace, "long-1", spec(long, "uid"))
    await incidents.create(place.namespace, "long-2", spec(long[:-1] + "b", "uid"))
    assert [held.spec.number for held in await incidents.of_store(place.namespace, "many")] == [2, 9, 10]
    assert [held.metadata.name for held in await incidents.of_store(place.namespace, long)] == ["long-1"]
    assert await incidents.of_store(place.namespace, "none") == ()
    await incidents.delete(place.namespace, "many-2")
    await incidents.delete(place.namespace, "many-2")
    assert [held.spec.number for held in await incidents.of_store(place.namespace, "many")] == [9, 10]


async def test_an_incidents_status_is_applied_once(place: Place, connection: Connection) -> None:
    incidents = KubernetesIncidents(connection)
    await incidents.create(place.namespace, "told-1", spec("told", "uid"))
    status = DriftIncidentStatus(stage=Stage.CAPTURING, confirmed_time=NOW, growth_per_hour="1Mi", message="so")
    await incidents.apply_status(place.namespace, "told-1", status)
    first = place.shown("driftincident", "told-1")
    await incidents.apply_status(place.namespace, "told-1", status)
    assert place.shown("driftincident", "told-1")["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    (read,) = await incidents.of_store(place.namespace, "told")
    assert read.status == status
    assert not await incidents.is_restarting(f"{place.namespace}/told-1")
    await incidents.apply_status(place.namespace, "told-1", status.replace(stage=Stage.VERIFYING))
    assert await incidents.is_restarting(f"{place.namespace}/told-1")
    await incidents.apply_status(place.namespace, "told-1", status.replace(stage=Stage.CLOSED, closed_time=NOW))
    assert not await incidents.is_restarting(f"{place.namespace}/told-1")
    assert not await incidents.is_restarting(f"{place.namespace}/never-1")


async def test_an_event_is_said_once(place: Place, connection: Connection) -> None:
    place.apply(store("noted"))
    uid = place.shown("featurestore.memdrift.io", "noted")["metadata"]["uid"]
    regarding = Resource("memdrift.io/v1alpha1", "FeatureStore", place.namespace, "noted", uid)
    for instance in ("one", "one", "another"):
        events = KubernetesEvents(connection, SystemClock(), instance)
        await events.publish(regarding, "Warning", "Drifting", "é" * 2000)
    events = KubernetesEvents(connection, SystemClock(), "one")
    await events.publish(regarding, "Normal", "Evaluated", "steady")
    shown = place.kubectl("events", "--for=featurestore.memdrift.io/noted", "--output=json")
    said = {(item["type"], item["reason"]): item for item in json.loads(shown)["items"]}
    assert set(said) == {("Warning", "Drifting"), ("Normal", "Evaluated")}
    elsewhere = Resource("memdrift.io/v1alpha1", "FeatureStore", "no-such-namespace", "noted", uid)
    await events.publish(elsewhere, "Normal", "Evaluated", "not raised")


async def test_the_slot_has_one_holder_until_it_is_given_back_or_its_incident_ends(
    place: Place, connection: Connection
) -> None:
    live = {"shops/a-1", "shops/b-1"}

    async def is_live(holder: str) -> bool:
        return holder in live

    slots = LeaseSlots(connection, place.namespace, SystemClock(), is_live)
    assert await slots.acquire("shops/a-1")
    assert await slots.acquire("shops/a-1")
    assert not await slots.acquire("shops/b-1")
    await slots.release("shops/b-1")
    assert not await slots.acquire("shops/b-1")
    await slots.release("shops/a-1")
    assert await slots.acquire("shops/b-1")
    live.remove("shops/b-1")
    assert await slots.acquire("shops/a-1")
    lease = place.shown("lease", LEASE)
    assert (lease["spec"]["holderIdentity"], lease["spec"]["leaseTransitions"]) == ("shops/a-1", 2)


async def test_of_many_who_want_the_slot_at_once_one_gets_it(place: Place, connection: Connection) -> None:
    async def is_live(holder: str) -> bool:
        return holder.startswith("race/")

    place.kubectl("delete", "lease", LEASE, "--ignore-not-found")
    for _ in range(3):
        slots = [LeaseSlots(connection, place.namespace, SystemClock(), is_live) for _ in range(6)]
        got = await asyncio.gather(*(slot.acquire(f"race/{index}") for index, slot in enumerate(slots)))
        assert sum(got) == 1
        await slots[got.index(True)].release(f"race/{got.index(True)}")


async def test_the_servers_clock_is_ours_on_one_machine(place: Place, connection: Connection) -> None:
    assert connection.clock_skew_seconds is None
    for _ in range(5):
        await KubernetesIncidents(connection).of_store(place.namespace, "many")
    assert connection.clock_skew_seconds is not None
    assert abs(connection.clock_skew_seconds) < 2
    with pytest.raises(NotAllowed):
        await KubernetesIncidents(connection).of_store("kube-system", "many")
