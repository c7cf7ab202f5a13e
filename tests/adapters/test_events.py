"""When an event is said, and when it is not said again."""

from __future__ import annotations

import pytest

from memdrift.adapters.events import KubernetesEvents
from memdrift.errors import ClusterUnavailable, Conflict
from memdrift.ports import Resource
from tests.adapters.scripted import HandClock, ScriptedCalls

STORE = Resource("memdrift.io/v1alpha1", "FeatureStore", "shops", "market-store", "uid-1")


async def test_the_same_is_said_again_after_ten_minutes() -> None:
    calls, clock = ScriptedCalls([b"{}"] * 9), HandClock()
    events = KubernetesEvents(calls, clock, "pod")
    for seconds, expected in ((0, 1), (599, 1), (1, 2), (300, 2)):
        clock.pass_seconds(seconds)
        await events.publish(STORE, "Normal", "Evaluated", "steady")
        assert len(calls.made) == expected
    await events.publish(STORE, "Normal", "Evaluated", "rising")
    assert len(calls.made) == 3


async def test_what_another_process_has_said_counts_as_said() -> None:
    calls = ScriptedCalls([Conflict("AlreadyExists", "it is there")])
    events = KubernetesEvents(calls, HandClock(), "pod")
    for _ in range(2):
        await events.publish(STORE, "Normal", "Evaluated", "steady")
    assert len(calls.made) == 1


async def test_a_failure_is_logged_and_tried_again_next_time(caplog: pytest.LogCaptureFixture) -> None:
    calls = ScriptedCalls([ClusterUnavailable("ApiServerBusy", "later"), b"{}"])
    events = KubernetesEvents(calls, HandClock(), "pod")
    await events.publish(STORE, "Normal", "Evaluated", "steady")
    assert "shops/market-store not published" in caplog.text
    await events.publish(STORE, "Normal", "Evaluated", "steady")
    assert len(calls.made) == 2
