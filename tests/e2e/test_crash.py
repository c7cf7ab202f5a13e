"""Promise 2: never two restarts for one incident step, whatever dies when.

One real incident per strategy, during which the operator is killed in every stage, and after every effect whose note is
lost on its way to the API server.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.e2e import crashplan
from tests.e2e.answered import OPERATOR, AuditLog
from tests.e2e.crashplan import CrashPlan, Effect
from tests.e2e.leaker import Leaker
from tests.e2e.process import OperatorProcess
from tests.e2e.proxy import FaultProxy
from tests.e2e.scene import Scene
from tests.e2e.tracker import TicketSystem

INCIDENT_SECONDS = 300
SLOT = "memdrift-stopgap"
RESTARTED_FOR = "memdrift.io/restarted-for"
BEFORE_ACTING = ["Confirmed", "Capturing", "Analysing", "Filing", "Holding"]
PROVING = [
    Effect("opening", "", crashplan.opening),
    Effect("capture", "Capturing", crashplan.port_forward),
    Effect("filing", "Filing"),
    Effect("taking the slot", "RestartingFirst", crashplan.slot, unanswered=True),
    Effect("giving the slot back", "Verifying", crashplan.slot),
]


@pytest.fixture
def tickets() -> Iterator[TicketSystem]:
    with TicketSystem() as system:
        yield system


@pytest.fixture
def proxy(scene: Scene) -> Iterator[FaultProxy]:
    with FaultProxy(scene.cluster.kubeconfig) as standing:
        yield standing


@pytest.fixture
def leaker(scene: Scene, request: pytest.FixtureRequest) -> Iterator[Leaker]:
    """Two leaking pods in a namespace named after the test's strategy."""
    leaking = Leaker(scene, f"e2e-crash-{request.param.lower()}")
    leaking.deploy()
    yield leaking
    leaking.remove()


def live_through(operator: OperatorProcess, plan: CrashPlan) -> None:
    """Kill it wherever the plan says and start it again, until the incident is closed."""
    end = time.monotonic() + INCIDENT_SECONDS
    operator.start()
    try:
        while plan.stage != "Closed":
            assert time.monotonic() < end, f"still in {plan.stage!r} after {plan.crashes}: {operator.log}"
            where = plan.due(seconds=1.0)
            if where is not None:
                operator.kill()
                if plan.stage != "Closed":
                    operator.start()
    finally:
        operator.kill()
    assert (plan.stages, plan.effects) == ([], []), f"not every moment came: {plan.crashes}"


def crash_through(
    leaker: Leaker, tickets: TicketSystem, proxy: FaultProxy, folder: Path, strategy: str, plan: CrashPlan
) -> dict[str, Any]:
    """The one incident of a store whose operator died at every moment of the plan."""
    proxy.faults, tickets.filed = plan, lambda: plan.happened("filing")
    operator = leaker.operator(folder, proxy.address, tickets.tracker())
    leaker.scene.apply(leaker.store(filing={"tracker": "tickets"}, remediation={"strategy": strategy}))
    live_through(operator, plan)
    incidents = leaker.incidents()
    assert len(incidents) == 1
    print(f"\n{strategy}: {len(plan.crashes)} crashes, {tickets.posts} posts: {', '.join(plan.crashes)}")
    return incidents[0]


@pytest.mark.parametrize("leaker", ["WorstFirst"], indirect=True)
def test_a_dying_operator_evicts_every_pod_once(
    leaker: Leaker, tickets: TicketSystem, proxy: FaultProxy, tmp_path: Path
) -> None:
    audit = AuditLog.from_now(leaker.scene.cluster)
    before = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in leaker.pods()}
    restarts = [
        Effect("the first eviction", "RestartingFirst", crashplan.eviction),
        Effect("the second eviction", "RestartingRest", crashplan.eviction, unanswered=True),
    ]
    acting = ["RestartingFirst", "ComparingFirst", "RestartingRest", "Verifying", "Closed"]
    plan = CrashPlan([*BEFORE_ACTING, *acting], [*PROVING, *restarts])
    incident = crash_through(leaker, tickets, proxy, tmp_path, "WorstFirst", plan)

    evictions = list(audit.entries(leaker.namespace, "create", "pods", "eviction"))
    assert sorted(entry["objectRef"]["name"] for entry in evictions) == sorted(before)
    assert {entry["user"]["username"] for entry in evictions} == {OPERATOR}
    assert_replaced_once(leaker, audit, set(before.values()), incident)
    assert_complete(leaker, tickets, incident)


@pytest.mark.parametrize("leaker", ["Rollout"], indirect=True)
def test_a_dying_operator_rolls_once(leaker: Leaker, tickets: TicketSystem, proxy: FaultProxy, tmp_path: Path) -> None:
    audit = AuditLog.from_now(leaker.scene.cluster)
    before = {pod["metadata"]["uid"] for pod in leaker.pods()}
    generation = deployment(leaker)["metadata"]["generation"]
    restarts = [Effect("the annotation", "RestartingFirst", crashplan.annotation)]
    acting = ["RestartingFirst", "RestartingRest", "Verifying", "Closed"]
    plan = CrashPlan([*BEFORE_ACTING, *acting], [*PROVING, *restarts])
    incident = crash_through(leaker, tickets, proxy, tmp_path, "Rollout", plan)

    rolled = deployment(leaker)
    assert rolled["metadata"]["generation"] == generation + 1
    assert rolled["spec"]["template"]["metadata"]["annotations"][RESTARTED_FOR] == incident["metadata"]["name"]
    assert len(leaker.scene.listed("replicasets", leaker.namespace)) == 2
    assert not list(audit.entries(leaker.namespace, "create", "pods", "eviction"))
    assert_replaced_once(leaker, audit, before, incident)
    assert_complete(leaker, tickets, incident)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def deployment(leaker: Leaker) -> dict[str, Any]:
    return leaker.scene.named("deployment", leaker.name, leaker.namespace)


def assert_replaced_once(leaker: Leaker, audit: AuditLog, before: set[str], incident: dict[str, Any]) -> None:
    """As many pods were created as were replaced, and the incident knows which."""
    now = {pod["metadata"]["uid"] for pod in leaker.pods()}
    assert not now & before
    assert len(list(audit.entries(leaker.namespace, "create", "pods"))) == len(before)
    status = incident["status"]
    assert {pod["uid"] for pod in status["podsBefore"]} == before
    assert {pod["uid"] for pod in status["podsAfter"]} == now


def assert_complete(leaker: Leaker, tickets: TicketSystem, incident: dict[str, Any]) -> None:
    """Relieved, filed once, the slot free, and every profile in the archive as it was recorded, before the restart."""
    status, scene = incident["status"], leaker.scene
    assert status["outcome"] == "Relieved", status["actions"][-1]
    assert tickets.posts == 2, "the one whose note was lost, and its repeat"
    assert [ticket["incident"]["incident"] for ticket in tickets.tickets.values()] == [incident["metadata"]["name"]]
    assert status["ticket"]["url"].startswith(tickets.url)
    slot = scene.named("lease", SLOT, "memdrift")["spec"].get("holderIdentity", "")
    assert not slot.startswith(f"{leaker.namespace}/")
    profiles = status["profiles"]
    heaps = [profile for profile in profiles if profile["kind"] == "heap"]
    assert {profile["podUID"] for profile in heaps} == {pod["uid"] for pod in status["podsBefore"]}
    for stored in [*profiles, status["archive"], status["decision"]]:
        assert hashlib.sha256(file_of(stored).read_bytes()).hexdigest() == stored["sha256"]
    for profile in profiles:
        assert file_of(profile).stat().st_size == profile["bytes"]
        assert moment(profile["takenTime"]) < moment(status["restartStartedTime"])
    folder = file_of(heaps[0]).parent
    assert set(folder.rglob("*.pb.gz")) == {file_of(profile) for profile in profiles}


def file_of(stored: dict[str, Any]) -> Path:
    """Where the archive, which is a folder, has it."""
    return Path(unquote(urlsplit(stored["uri"]).path))
