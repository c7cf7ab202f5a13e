"""`approve` and `deny` against a real API server: exactly the plan that was shown, in the name of who asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli import resources
from tests.cli.desk import ONLOOKER, PERSON, Desk

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", autouse=True)
def _resources(desk: Desk) -> None:
    desk.write_incident("answered", 1, resources.waiting_incident())
    desk.write_incident("answered", 2, resources.waiting_incident())
    desk.write_incident("answered", 3, resources.closed_incident())
    desk.write_incident("answered", 4, resources.unplanned_incident())
    desk.write_incident("answered", 5, resources.waiting_incident())


def _account(desk: Desk, name: str) -> str:
    return f"system:serviceaccount:{desk.namespace}:{name}"


def test_an_approval_names_the_plan_the_person_and_its_end(desk: Desk) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    said = desk.memdrift("approve", "answered-1", "--plan", resources.PLAN, "--for", "30m")
    after = datetime.now(UTC)

    assert said.exit_code == 0, said.output
    approval = desk.approval("answered-1")
    assert approval is not None
    span = timedelta(minutes=30)
    assert before + span <= datetime.fromisoformat(approval.pop("expiresAt")) <= after + span
    assert approval == {"plan": resources.PLAN, "decision": "Approved", "by": _account(desk, PERSON)}
    assert f"plan {resources.PLAN} approved by {_account(desk, PERSON)} until " in said.output


def test_another_plan_than_the_one_shown_is_refused(desk: Desk) -> None:
    said = desk.memdrift("approve", "answered-2", "--plan", "fedcba9876543210")

    assert said.exit_code == 1
    assert f"the plan now is {resources.PLAN}, not fedcba9876543210" in said.output
    assert desk.approval("answered-2") is None


def test_a_denial_names_the_plan_and_the_person(desk: Desk) -> None:
    said = desk.memdrift("deny", "answered-2")

    assert said.exit_code == 0, said.output
    denied = {"plan": resources.PLAN, "decision": "Denied", "by": _account(desk, PERSON)}
    assert desk.approval("answered-2") == denied


def test_a_denial_takes_an_approval_back(desk: Desk) -> None:
    desk.memdrift("approve", "answered-5", "--plan", resources.PLAN)
    desk.memdrift("deny", "answered-5")

    approval = desk.approval("answered-5")
    assert approval is not None
    assert approval["decision"] == "Denied"
    assert "expiresAt" not in approval


@pytest.mark.parametrize(
    ("incident", "why"),
    [("answered-3", "answered-3 is closed as Relieved"), ("answered-4", "answered-4 shows no plan (stage Capturing)")],
)
@pytest.mark.parametrize("command", [("deny",), ("approve", "--plan", resources.PLAN)])
def test_what_waits_for_no_answer_gets_none(desk: Desk, incident: str, why: str, command: tuple[str, ...]) -> None:
    said = desk.memdrift(*command, incident)

    assert said.exit_code == 1
    assert why in said.output
    assert desk.approval(incident) is None


@pytest.mark.parametrize("span", ["0h", "8d", "1w", "soon", "-1h"])
def test_a_span_must_be_short_and_readable(desk: Desk, span: str) -> None:
    said = desk.memdrift("approve", "answered-2", "--plan", resources.PLAN, f"--for={span}")

    assert said.exit_code == 2
    assert "give minutes, hours or days up to a week" in said.output


def test_an_approval_without_a_plan_is_refused(desk: Desk) -> None:
    said = desk.memdrift("approve", "answered-2")

    assert said.exit_code == 2
    assert "--plan" in said.output


def test_who_may_only_look_cannot_answer(desk: Desk) -> None:
    said = desk.memdrift("deny", "answered-1", by=ONLOOKER)

    assert said.exit_code == 1
    assert said.output.startswith("Error: Forbidden: ")
    approval = desk.approval("answered-1")
    assert approval is not None
    assert approval["decision"] == "Approved", "the earlier answer stands"
