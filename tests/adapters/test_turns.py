"""Turns: one at a time per key in a process, one process at a time in a cluster, and a dead one is followed late."""

from __future__ import annotations

import asyncio

import pytest

from memdrift.adapters.leases.turns import LEASE, LeaseTurns, LocalTurns
from memdrift.errors import ClusterUnavailable, Conflict, TrackerUnavailable
from tests.adapters.scripted import HandClock, ScriptedCalls
from tests.adapters.trackers.leases import Leases


async def test_one_key_has_one_turn_and_others_go_on() -> None:
    turns = LocalTurns()
    inside: list[str] = []

    async def take(key: str) -> None:
        async with turns.turn(key):
            assert key not in inside
            inside.append(key)
            await asyncio.sleep(0)
            inside.remove(key)

    await asyncio.gather(*(take(key) for key in ("a", "b") * 20))
    async with turns.turn("a"), turns.turn("b"):
        pass


async def test_the_lease_is_held_as_long_as_one_turn_lasts() -> None:
    leases, clock = Leases(), HandClock()
    one, other = LeaseTurns(leases, "memdrift", clock, "one"), LeaseTurns(leases, "memdrift", clock, "other")
    async with one.turn("a"):
        async with one.turn("b"):
            pass
        with pytest.raises(TrackerUnavailable):
            async with other.turn("c"):
                pass
    async with other.turn("c"):
        assert leases.objects[LEASE]["spec"]["holderIdentity"] == "other"
    assert leases.objects[LEASE]["spec"]["holderIdentity"] == ""


async def test_a_dead_holder_is_followed_after_its_lease_stood_still_and_a_living_one_never() -> None:
    leases, clock = Leases(), HandClock()
    living, other = LeaseTurns(leases, "memdrift", clock, "living"), LeaseTurns(leases, "memdrift", clock, "other")
    async with living.turn("a"):
        for _ in range(5):
            with pytest.raises(TrackerUnavailable):
                async with other.turn("b"):
                    pass
            clock.pass_seconds(40)
            async with living.turn("renews"):
                pass
        with pytest.raises(TrackerUnavailable):
            async with other.turn("b"):
                pass
        clock.pass_seconds(61)
        async with other.turn("b"):
            pass


async def test_not_knowing_is_not_having() -> None:
    for answers in ([ClusterUnavailable("ApiServerTimedOut", "")], [b"no"]):
        with pytest.raises(ClusterUnavailable):
            async with LeaseTurns(ScriptedCalls(list(answers)), "memdrift", HandClock(), "one").turn("a"):
                pass
    free = b'{"metadata": {"resourceVersion": "7"}, "spec": {"holderIdentity": ""}}'
    calls = ScriptedCalls([free, Conflict("Conflict", "")])
    with pytest.raises(TrackerUnavailable):
        async with LeaseTurns(calls, "memdrift", HandClock(), "one").turn("a"):
            pass
