"""The slot when the API server is slow, torn or not there."""

from __future__ import annotations

import json

import pytest

from memdrift.adapters.leases.slots import LeaseSlots
from memdrift.errors import ClusterUnavailable, Conflict, TargetNotFound
from tests.adapters.scripted import HandClock, ScriptedCalls

MISSING = TargetNotFound("NotFound", "")
TAKEN = Conflict("AlreadyExists", "")
STALE = Conflict("Conflict", "")


def lease(holder: str | None) -> bytes:
    return json.dumps({"metadata": {"resourceVersion": "7"}, "spec": {"holderIdentity": holder}}).encode()


def slots(calls: ScriptedCalls, *, live: bool = True) -> LeaseSlots:
    async def is_live(holder: str) -> bool:
        return live

    return LeaseSlots(calls, "memdrift", HandClock(), is_live)


async def test_a_lost_race_is_decided_by_looking_again() -> None:
    assert not await slots(ScriptedCalls([MISSING, TAKEN, lease("shops/b-1")])).acquire("shops/a-1")
    assert not await slots(ScriptedCalls([lease(""), STALE, lease("shops/b-1")])).acquire("shops/a-1")
    assert await slots(ScriptedCalls([lease(None), STALE, lease("shops/a-1")])).acquire("shops/a-1")


async def test_a_replacement_names_the_version_it_saw() -> None:
    calls = ScriptedCalls([lease("shops/b-1"), b"{}"])
    assert await slots(calls, live=False).acquire("shops/a-1")
    written = calls.made[-1].body
    assert isinstance(written, dict)
    assert written["metadata"]["resourceVersion"] == "7"


async def test_not_knowing_is_not_having() -> None:
    unavailable = ClusterUnavailable("ApiServerTimedOut", "")
    for answers in ([unavailable], [MISSING, unavailable], [lease(""), unavailable], [lease(""), STALE] * 4, [b"no"]):
        with pytest.raises(ClusterUnavailable):
            await slots(ScriptedCalls(list(answers))).acquire("shops/a-1")


async def test_a_missing_namespace_is_named() -> None:
    with pytest.raises(ClusterUnavailable, match="the namespace of Lease memdrift/memdrift-stopgap does not exist"):
        await slots(ScriptedCalls([MISSING, MISSING])).acquire("shops/a-1")


async def test_only_the_holder_gives_it_back() -> None:
    calls = ScriptedCalls([lease("shops/b-1")])
    await slots(calls).release("shops/a-1")
    assert [call.method for call in calls.made] == ["GET"]
    calls = ScriptedCalls([lease("shops/a-1"), STALE, lease("shops/b-1")])
    await slots(calls).release("shops/a-1")
    assert [call.method for call in calls.made] == ["GET", "PUT", "GET"]
