"""Workloads of every kind are read, and the history of a store does not grow for ever."""

from __future__ import annotations

import pytest

from tests.e2e import kinds
from tests.e2e.stores import Stores, condition
from tests.e2e.waiting import until


def _condition(stores: Stores, name: str, kind: str) -> dict[str, str]:
    def told() -> dict[str, str]:
        return condition(stores.scene.status(name, kinds.NAMESPACE), kind)

    return until(told, f"the condition {kind} of {name}", seconds=60)


@pytest.mark.parametrize("name", [kinds.STATEFUL, kinds.DAEMON])
def test_a_workload_without_pods_is_unknown(stores: Stores, name: str) -> None:
    drifting = _condition(stores, name, "Drifting")

    assert drifting["status"] == "Unknown"
    assert drifting["reason"] == "NoSeries"


def test_a_workload_that_is_not_there_is_named(stores: Stores) -> None:
    ready = _condition(stores, kinds.ARGO, "Ready")

    assert (ready["status"], ready["reason"]) == ("False", "TargetNotFound")
    assert _condition(stores, kinds.ARGO, "Stalled")["reason"] == "TargetNotFound"


def test_the_oldest_closed_incident_is_pruned(stores: Stores) -> None:
    def pruned() -> list[int]:
        numbers = [each["spec"]["number"] for each in stores.scene.incidents(kinds.STATEFUL, kinds.NAMESPACE)]
        return numbers if len(numbers) < kinds.CLOSED_INCIDENTS else []

    assert until(pruned, "the history to be pruned", seconds=60) == list(range(2, kinds.CLOSED_INCIDENTS + 1))
