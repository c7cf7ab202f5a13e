"""`judge` against a real API server: the word is in the incident, and what follows from it is said."""

from __future__ import annotations

import json

import pytest

from tests.cli import resources
from tests.cli.desk import ONLOOKER, Desk

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", autouse=True)
def _resources(desk: Desk) -> None:
    desk.write_incident("judged", 1, resources.waiting_incident().replace(fingerprint="f1"))
    desk.write_incident("judged", 2, resources.closed_incident())


def _judgement(desk: Desk, name: str) -> str:
    return str(json.loads(desk.kubectl("get", "driftincidents", name, "-o", "json"))["spec"].get("judgement", ""))


def test_a_word_is_remembered_and_its_consequence_is_told(desk: Desk) -> None:
    said = desk.memdrift("judge", "judged-1", "Expected")

    assert said.exit_code == 0, said.output
    assert _judgement(desk, "judged-1") == "Expected"
    assert "judged-1 judged Expected by system:serviceaccount:" in said.output
    assert "no capture, ticket or restart for f1 until it grows beyond what was judged" in said.output


def test_a_closed_incident_can_be_judged_and_a_word_taken_back(desk: Desk) -> None:
    desk.memdrift("judge", "judged-2", "Noise")
    said = desk.memdrift("judge", "judged-2", "Leak")

    assert _judgement(desk, "judged-2") == "Leak"
    assert "an earlier judgement of container app no longer counts" in said.output


def test_another_word_is_refused(desk: Desk) -> None:
    said = desk.memdrift("judge", "judged-1", "Fine")

    assert said.exit_code == 2
    assert "'Leak', 'Expected', 'Noise'" in said.output


def test_an_incident_that_is_not_there_is_one_line(desk: Desk) -> None:
    assert desk.memdrift("judge", "judged-9", "Leak").exit_code == 1


def test_who_may_only_look_cannot_judge(desk: Desk) -> None:
    said = desk.memdrift("judge", "judged-1", "Noise", by=ONLOOKER)

    assert said.exit_code == 1
    assert _judgement(desk, "judged-1") == "Expected"
