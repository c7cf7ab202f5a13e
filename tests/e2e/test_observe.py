"""Mode `Observe`, by the API server's own log: a leak is recorded and told, and nothing is touched."""

from __future__ import annotations

from tests.e2e.audit import touches
from tests.e2e.stores import OBSERVED, Stores, condition
from tests.e2e.waiting import until


def test_a_leak_is_recorded_and_nothing_is_touched(stores: Stores) -> None:
    leaker = stores.observed
    incident = stores.mature(leaker, "ModeForbids")
    stores.look_again(leaker)

    status = incident["status"]
    pods = leaker.pods()
    assert status["stage"] == "Holding"
    assert status["verdict"]["kind"] in {"Drifting", "DriftingWithImpact"}
    unmeasured = {gate["name"] for gate in status["verdict"]["gates"] if gate.get("passed") is not None} - {
        gate["name"] for gate in status["verdict"]["gates"] if gate.get("figure")
    }
    assert unmeasured <= {"new-high"}, "only that there is no earlier life to compare with has no figure"
    assert {pod["uid"] for pod in status["affectedPods"]} <= {pod["metadata"]["uid"] for pod in pods}
    assert not {"profiles", "plan", "ticket", "restartStartedTime"} & {key for key, value in status.items() if value}
    assert sum(each["restartCount"] for pod in pods for each in pod["status"]["containerStatuses"]) == 0

    calls = stores.calls(OBSERVED)
    assert {call.resource for call in calls} >= {"featurestores/status", "driftincidents/status", "deployments"}
    assert touches(calls) == []


def test_the_store_says_so_itself(stores: Stores) -> None:
    leaker = stores.observed
    incident = stores.mature(leaker, "ModeForbids")
    remediating = condition(until(leaker.status, "a status", seconds=10), "Remediating")

    assert remediating["status"] == "False"
    assert remediating["reason"] == "ModeForbids"
    assert remediating["message"].startswith(f"{incident['metadata']['name']}: the effective mode is Observe")
    reasons = {event["reason"] for event in stores.scene.listed("events.events.k8s.io", OBSERVED)}
    assert {"Confirmed", "ModeForbids"} <= reasons
