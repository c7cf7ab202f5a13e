"""A stored decision judged again: the same figures, or every one that differs by its place."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest

from memdrift.drift import judge
from memdrift.drift.policy import DetectionPolicy
from memdrift.report import bundle
from memdrift.report.recomputation import differences, recomputed
from tests import builders
from tests.report.test_bundle import leaking_window

POLICY = DetectionPolicy(
    minimum_growth_percent=10, minimum_growth_bytes=4 * builders.MEBIBYTE, warm_up_seconds=20, minimum_drifting_pods=1
)


@pytest.fixture(scope="module")
def content() -> bytes:
    measured = (leaking_window(),)
    return bundle.encode(measured, judge.judge(measured, POLICY), {"store": "features"}, POLICY)


def test_every_figure_comes_out_again(content: bytes) -> None:
    stored = bundle.read(content)
    again = recomputed(stored)

    assert any(verdict.drifting for verdict in again)
    assert stored.policy == POLICY
    assert differences(stored, again) == ()


def test_a_changed_figure_is_named_by_verdict_pod_and_gate(content: bytes) -> None:
    document = json.loads(content)
    gate = document["verdicts"][0]["pods"][0]["gates"][0]
    gate["figure"] = 12.5
    stored = bundle.read(json.dumps(document).encode())

    (found,) = differences(stored, recomputed(stored))

    assert found.stored == "12.5"
    assert gate["name"] in found.place
    assert document["verdicts"][0]["pods"][0]["pod"] in found.place
    assert found.place.endswith("figure")


def test_another_policy_gives_other_figures(content: bytes) -> None:
    stored = bundle.read(content)
    strict = replace(POLICY, minimum_growth_percent=900)

    again = recomputed(stored, strict)

    assert not any(verdict.drifting for verdict in again)
    assert {"kind", "reason"} <= {each.place.split()[-1] for each in differences(stored, again)}


def test_a_gate_that_is_not_stored_is_a_difference_and_an_unknown_field_is_none(content: bytes) -> None:
    document = json.loads(content)
    removed = document["verdicts"][0]["pods"][0]["gates"].pop()
    document["verdicts"][0].pop("queries")
    stored = bundle.read(json.dumps(document).encode())

    (found,) = differences(stored, recomputed(stored))

    assert (found.stored, found.again) == ("-", "computed")
    assert found.place.endswith(removed["name"])


def test_rounding_of_the_last_digit_is_no_difference(content: bytes) -> None:
    document = json.loads(content)
    document["verdicts"][0]["pods"][0]["growth_bytes"] *= 1 + 1e-12
    stored = bundle.read(json.dumps(document).encode())

    assert differences(stored, recomputed(stored)) == ()


def test_a_bundle_from_before_policies_were_stored_is_read(content: bytes) -> None:
    document = json.loads(content)
    del document["policy"], document["memdrift"]

    stored = bundle.read(json.dumps(document).encode())

    assert stored.policy is None
    assert stored.memdrift == ""
    assert len(stored.windows) == 1


@pytest.mark.parametrize("broken", [{"windows": 3}, {"windows": [{}]}, {"policy": 3}])
def test_a_broken_bundle_is_refused(content: bytes, broken: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        bundle.read(json.dumps({**json.loads(content), **broken}).encode())


PLACES = [
    ("windows", 0, "seconds"),
    ("windows", 0, "ended_at"),
    ("windows", 0, "queries"),
    ("windows", 0, "lives"),
    ("windows", 0, "lives", 0, "life"),
    ("windows", 0, "lives", 0, "life", "started_at"),
    ("windows", 0, "lives", 0, "starts"),
    ("windows", 0, "lives", 0, "resident", "p50"),
    ("windows", 0, "lives", 0, "load"),
    ("windows", 0, "lives", 0, "expected_samples"),
    ("policy", "warm_up_seconds"),
    ("policy", "settling_seconds"),
    ("verdicts", 0),
    ("context",),
]


@pytest.mark.parametrize("value", [None, "words", -1, [], {}, [1], 1e400], ids=repr)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_value_of_another_type_is_refused_or_judged_but_never_breaks(
    content: bytes, place: tuple[str | int, ...], value: object
) -> None:
    document = json.loads(content)
    holder = document
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = value
    with suppress(ValueError):  # what the command line tells in one line
        stored = bundle.read(json.dumps(document).encode())
        differences(stored, recomputed(stored))


def test_an_entry_that_is_stored_twice_is_a_difference(content: bytes) -> None:
    document = json.loads(content)
    pods = document["verdicts"][0]["pods"]
    pods.append(dict(pods[0]))
    stored = bundle.read(json.dumps(document).encode())

    (found,) = differences(stored, recomputed(stored))

    assert (found.stored, found.again) == ("stored", "-")
