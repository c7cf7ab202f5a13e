"""One Lease: every write is on what was seen, a change of hands is counted, and a renewal is none."""

from __future__ import annotations

import pytest

from memdrift.adapters.leases.lease import NamedLease, holder_of
from memdrift.adapters.leases.turns import LeaseTurns
from memdrift.errors import ClusterUnavailable, Conflict, TargetNotFound, TrackerUnavailable
from tests.adapters.scripted import HandClock, ScriptedCalls
from tests.adapters.trackers.leases import Leases

GONE = TargetNotFound("NotFound", "")
FREE = b'{"metadata": {"resourceVersion": "7"}, "spec": {"holderIdentity": ""}}'


async def test_hands_are_counted_and_a_renewal_keeps_since_when() -> None:
    leases, clock = Leases(), HandClock()
    lease = NamedLease(leases, "memdrift", "some", clock)

    def spec() -> tuple[str, int, bool]:
        known = leases.objects["some"]["spec"]
        return known["holderIdentity"], known["leaseTransitions"], known.get("acquireTime") == known["renewTime"]

    await lease.take(await lease.look(), "one")
    assert spec() == ("one", 0, True)
    clock.pass_seconds(9)
    await lease.take(await lease.look(), "one")
    assert spec() == ("one", 0, False)
    seen = await lease.look()
    assert seen is not None
    await lease.release(seen, "other")
    assert spec() == ("one", 0, False)
    await lease.release(seen, "one")
    assert spec() == ("", 0, False)
    assert "acquireTime" not in leases.objects["some"]["spec"]
    await lease.take(await lease.look(), "other")
    assert spec() == ("other", 1, True)
    await lease.take(await lease.look(), "one")
    assert spec() == ("one", 2, True)


async def test_nobodys_write_goes_over_anothers() -> None:
    leases, clock = Leases(), HandClock()
    lease = NamedLease(leases, "memdrift", "some", clock)
    await lease.take(None, "one")
    seen = await lease.look()
    assert seen is not None
    await lease.take(seen, "other")
    for late in (lease.take(seen, "one"), lease.take(None, "one"), lease.release(seen, "one")):
        with pytest.raises(Conflict):
            await late
    assert holder_of(await lease.look()) == "other"


async def test_one_that_was_deleted_since_is_a_conflict_and_a_missing_namespace_is_not() -> None:
    lease = NamedLease(ScriptedCalls([FREE, GONE, GONE]), "memdrift", "some", HandClock())
    seen = await lease.look()
    with pytest.raises(Conflict):
        await lease.take(seen, "one")
    with pytest.raises(ClusterUnavailable, match="the namespace of Lease memdrift/some does not exist"):
        await lease.take(None, "one")


async def test_a_turn_whose_lease_was_deleted_meanwhile_is_asked_for_again() -> None:
    turns = LeaseTurns(ScriptedCalls([FREE, GONE]), "memdrift", HandClock(), "one")
    with pytest.raises(TrackerUnavailable):
        async with turns.turn("a"):
            pass
