"""What fails around an incident makes it wait for a named reason, and what comes back lets it go on by itself."""

from __future__ import annotations

import json

from tests.cli.desk import run
from tests.e2e.audit import evictions, restarts, touches
from tests.e2e.stores import CROWDED, OUTAGE, Stores, condition
from tests.e2e.waiting import until

SLOT = "memdrift-stopgap"


def test_without_room_in_the_budget_nothing_is_evicted(stores: Stores) -> None:
    leaker = stores.crowded
    stores.mature(leaker, "DisruptionBudgetExhausted")
    stores.look_again(leaker)

    before = {pod["metadata"]["uid"] for pod in leaker.pods()}
    assert stores.mature(leaker, "DisruptionBudgetExhausted")["status"]["stage"] == "Holding"
    assert condition(leaker.status(), "Remediating")["reason"] == "DisruptionBudgetExhausted"
    assert evictions(stores.calls(CROWDED)) == []

    stores.scene.apply(leaker.disruption_budget(leaker.replicas - 1))

    assert stores.ended(leaker)["status"]["outcome"] == "Relieved"
    evicted = [call for call in evictions(stores.calls(CROWDED)) if call.code == 201]
    assert len(evicted) == len(before), "each pod once"
    assert not before & {pod["metadata"]["uid"] for pod in leaker.pods()}
    assert restarts(stores.calls(CROWDED)) == []


def test_without_prometheus_nothing_is_done_and_nobody_must_help_afterwards(stores: Stores) -> None:
    leaker = stores.dark
    incident = stores.mature(leaker, "ApprovalRequired")
    before = {pod["metadata"]["uid"] for pod in leaker.pods()}
    stores.own_prometheus.stop(forget=False)
    dark_since = stores.audit.end()
    try:
        status = until(
            lambda: (seen := leaker.status())["verdict"] == "Unknown" and seen, "the verdict Unknown", seconds=60
        )
        _approve(stores, incident["metadata"]["name"], incident["status"]["plan"]["hash"])
        held = stores.mature(leaker, "MetricsUnavailable")["status"]
        stores.look_again(leaker)
        calls = stores.audit.calls(OUTAGE, since=dark_since)
        _leave_the_slot_to_the_dead(stores)
    finally:
        stores.own_prometheus.start()

    drifting, ready = condition(status, "Drifting"), condition(status, "Ready")
    assert (drifting["status"], ready["status"]) == ("Unknown", "False")
    assert drifting["reason"] == ready["reason"] == "MetricsUnreachable"
    assert held["stage"] == "Holding"
    assert held["message"].startswith("MetricsUnreachable: ")
    assert touches(calls) == []
    assert before == {pod["uid"] for pod in held["affectedPods"]}

    assert stores.ended(leaker)["status"]["outcome"] == "Relieved"
    assert len(restarts(stores.calls(OUTAGE))) == 1
    assert not before & {pod["metadata"]["uid"] for pod in leaker.pods()}
    assert evictions(stores.calls(OUTAGE)) == []


def _leave_the_slot_to_the_dead(stores: Stores) -> None:
    """As a restart leaves it whose namespace was deleted midway: whoever comes next must find that out."""

    def free() -> bool:
        return not stores.scene.named("lease", SLOT, "memdrift")["spec"].get("holderIdentity")

    until(free, "the slot to be free", seconds=120)
    dead = {"spec": {"holderIdentity": "e2e-gone/leaker-1"}}
    stores.scene.kubectl("patch", "lease", SLOT, "-n", "memdrift", "--type=merge", f"--patch={json.dumps(dead)}")


def _approve(stores: Stores, incident: str, plan: str) -> None:
    """As a person would."""
    said = run(stores.scene.cluster.kubeconfig, "approve", incident, "--plan", plan, "-n", OUTAGE)
    assert said.exit_code == 0, said.output
