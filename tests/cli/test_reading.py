"""`status`, `incidents` and `explain` against a real API server: the words of the resources, and nothing hostile."""

from __future__ import annotations

import pytest

from tests.cli import resources
from tests.cli.desk import Desk

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", autouse=True)
def _resources(desk: Desk) -> None:
    desk.write_store("features", resources.judged_store())
    desk.write_store("unseen", None)
    desk.write_incident("features", 2, resources.waiting_incident())
    desk.write_incident("features", 1, resources.closed_incident())
    desk.write_incident("unseen", 1, resources.unplanned_incident())


def _lines(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines() if line.strip()]


def test_status_shows_every_store_with_its_words(desk: Desk) -> None:
    shown = desk.memdrift("status")

    assert shown.exit_code == 0
    headings, judged, unseen = _lines(shown.output)
    assert headings[:3] == ["NAMESPACE", "STORE", "MODE"]
    assert judged == [
        desk.namespace, "features", "Approve", "True", "DriftingWithImpact", "120Mi", "812", "of", "200", "ms", "2h",
        "ApprovalRequired",
    ]  # fmt: skip
    assert unseen[:3] == [desk.namespace, "unseen", "Approve"]
    assert "-" in unseen


def test_status_of_one_store_shows_only_that(desk: Desk) -> None:
    assert [row[1] for row in _lines(desk.memdrift("status", "unseen").output)[1:]] == ["unseen"]


def test_a_store_that_is_not_there_is_one_line(desk: Desk) -> None:
    shown = desk.memdrift("status", "nothing")

    assert shown.exit_code == 1
    assert shown.output.startswith("Error: NotFound: ")
    assert shown.output.count("\n") == 1


def test_incidents_are_listed_oldest_first(desk: Desk) -> None:
    rows = _lines(desk.memdrift("incidents", "features").output)[1:]

    assert [row[1] for row in rows] == ["features-1", "features-2"]
    assert [row[2] for row in rows] == ["Closed", "Holding"]
    assert "Relieved" in rows[0]
    assert rows[1][3:6] == ["ApprovalRequired", "example.org/leak", "v0.0.3"]


def test_incidents_of_all_stores(desk: Desk) -> None:
    names = [row[1] for row in _lines(desk.memdrift("incidents").output)[1:]]

    assert names == ["features-1", "features-2", "unseen-1"]


def test_explain_says_why_and_what_is_needed(desk: Desk) -> None:
    shown = desk.memdrift("explain", "features")

    assert shown.exit_code == 0
    for expected in (
        "ApprovalRequired",
        "GrowthWithLatency",
        "memory of app grows 120 Mi/h",
        "a person is needed",
        "no restart before",
        "1 in 24 h, 2 in 7 d, 1 in a row",
        "features-2, stage Holding",
        f"{resources.PLAN}: evict 1 of 2 pods",
        "RollBack",
        "trend",
        "not asked",
        "Capture Done features-a",
    ):
        assert expected in shown.output, expected


def test_explain_lets_no_control_character_through(desk: Desk) -> None:
    output = desk.memdrift("explain", "features").output

    assert "root" in output, "the hostile text itself is shown"
    assert not {"\x1b", "\u202e"} & set(output)


def test_explain_of_a_store_that_was_never_looked_at(desk: Desk) -> None:
    desk.write_store("fresh", None)

    shown = desk.memdrift("explain", "fresh")

    desk.kubectl("delete", "featurestores.memdrift.io", "fresh")
    assert shown.exit_code == 0
    assert shown.output.count("not looked at yet") == 3
