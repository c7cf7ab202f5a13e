"""Rows of text: the words of the resources, and nothing that could move a cursor."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memdrift.api.driftincident import ActionRecord, ActionState, GateRecord, PlanRecord, TicketRecord, VerdictRecord
from memdrift.api.featurestore import Budget, Condition, ConditionStatus, FeatureStore, FeatureStoreStatus
from memdrift.report import tables
from tests import builders
from tests.report.incidents import NOW, findings, incident, suspect

HOSTILE = "\x1b]0;owned\x07\x1b[2K\r\u202eetelpmoc\u2066\u2028\x9b31m"


def store(**status: object) -> FeatureStore:
    return builders.store().replace(status=FeatureStoreStatus.model_validate(status))


def condition(kind: str, status: ConditionStatus, reason: str, message: str = "") -> Condition:
    return Condition(type=kind, status=status, reason=reason, message=message, last_transition_time=NOW)


@given(st.text(max_size=200))
def test_plain_text_moves_no_cursor_and_reverses_no_line(text: str) -> None:
    shown = tables.plain(text)

    assert len(shown) == len(text)
    assert not [each for each in shown if unicodedata.category(each) == "Cc"]
    assert not set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(shown)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), max_size=100))
def test_plain_text_leaves_words_alone(text: str) -> None:
    assert tables.plain(text) == text


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (45, "45s"),
        (119, "119s"),
        (120, "2m"),
        (7199, "120m"),
        (7200, "2h"),
        (172_800, "2d"),
        (864_000, "10d"),
    ],
)
def test_a_span_is_shown_as_kubectl_shows_it(seconds: float, shown: str) -> None:
    assert tables.span(seconds) == shown


def test_a_store_that_was_never_looked_at_has_dashes() -> None:
    row = dict(zip(tables.STORE_HEADINGS, tables.store_row(store()), strict=True))

    assert row["STORE"] == builders.STORE
    assert row["MODE"] == "Enforce"
    assert {row[name] for name in ("VERDICT", "GROWTH/H", "LATENCY", "TO LIMIT", "REMEDIATION")} == {"-"}


def test_a_store_that_cannot_be_judged_says_why() -> None:
    row = tables.store_row(store(conditions=[condition("Ready", ConditionStatus.FALSE, "TargetNotFound")]))

    assert dict(zip(tables.STORE_HEADINGS, row, strict=True))["READY"] == "False TargetNotFound"


def test_figures_have_their_units() -> None:
    judged = store(latency_milliseconds=812, seconds_to_limit=7200, growth_per_hour="120Mi", verdict="Drifting")
    row = dict(zip(tables.STORE_HEADINGS, tables.store_row(judged), strict=True))

    assert row["LATENCY"] == "812 of 200 ms"
    assert row["TO LIMIT"] == "2h"


def test_an_incident_names_its_suspect_by_module_and_version() -> None:
    row = dict(zip(tables.INCIDENT_HEADINGS, tables.incident_row(incident(), NOW + timedelta(hours=5)), strict=True))

    assert row["SUSPECT"] == "example.org/leak v0.0.3"
    assert row["PROFILES"] == "1"
    assert row["AGE"] == "5h"
    assert row["OUTCOME"] == "-"


def test_a_suspect_without_module_is_named_by_its_function() -> None:
    unnamed = incident(findings=findings(suspect("main.keep", module="", version="")))

    assert "main.keep" in tables.incident_row(unnamed, NOW)


def test_a_clock_that_runs_behind_gives_no_negative_age() -> None:
    assert tables.incident_row(incident(), NOW - timedelta(hours=1))[-1] == "0s"


def test_a_gate_that_was_not_asked_is_not_a_no() -> None:
    gates = [
        GateRecord(name="trend", figure="0.9", threshold="0.6", passed=True),
        GateRecord(name="step", figure="0.1", threshold="0.6", passed=False),
        GateRecord(name="load", passed=None),
    ]
    verdict = VerdictRecord(kind="Drifting", reason="GrowthUnexplained", growth_kind="Heap", gates=gates)
    rows = tables.gate_rows(incident(verdict=verdict))

    assert [row[tables.GATE_HEADINGS.index("PASSED")] for row in rows] == ["yes", "no", "not asked"]
    assert rows[2][1:3] == ("-", "-")


def test_an_explanation_answers_the_three_questions_first() -> None:
    rows = tables.explanation(store(), None)

    assert [question for question, _ in rows] == [
        "can it be judged", "does it drift", "what is done", "stopgaps",
    ]  # fmt: skip
    assert [answer for _, answer in rows[:3]] == ["not looked at yet"] * 3


def test_an_explanation_says_who_is_needed_and_when_it_goes_on() -> None:
    waiting = store(
        conditions=[condition("Stalled", ConditionStatus.TRUE, "RestartIneffective", "3 stopgaps in a row")],
        next_eligible_time=NOW,
        budget=Budget(used_last_24_hours=1, used_last_7_days=3, consecutive=3).model_dump(),
    )
    answers = dict(tables.explanation(waiting, None))

    assert answers["a person is needed"] == "RestartIneffective: 3 stopgaps in a row"
    assert answers["no restart before"] == NOW.isoformat()
    assert answers["stopgaps"] == "1 in 24 h, 3 in 7 d, 3 in a row"


def test_a_closed_incident_shows_no_plan() -> None:
    plan = PlanRecord(hash="0123456789abcdef", strategy="WorstFirst", sentence="evict one")

    assert "plan" in dict(tables.explanation(store(), incident(plan=plan)))
    assert "plan" not in dict(tables.explanation(store(), incident(plan=plan, outcome="Relieved")))


def test_no_text_of_a_pod_or_a_tracker_reaches_the_terminal_as_it_is() -> None:
    hostile = incident(
        findings=findings(suspect(HOSTILE, module=HOSTILE, version=HOSTILE)).replace(sentence=HOSTILE),
        verdict=VerdictRecord(
            kind="Drifting", reason="GrowthUnexplained", growth_kind="Heap", sentence=HOSTILE,
            gates=[GateRecord(name="trend", sentence=HOSTILE, figure=HOSTILE, unit=HOSTILE)],
        ),
        plan=PlanRecord(hash="0123456789abcdef", strategy="WorstFirst", sentence=HOSTILE),
        ticket=TicketRecord(tracker="desk", url=HOSTILE, filed_time=NOW),
        actions=[ActionRecord(kind="Evict", pod=HOSTILE, state=ActionState.DONE, time=NOW, detail=HOSTILE)],
    )  # fmt: skip
    told = store(conditions=[condition("Drifting", ConditionStatus.TRUE, "GrowthUnexplained", HOSTILE)])
    cells = [
        cell
        for row in [*tables.explanation(told, hostile), *tables.gate_rows(hostile), tables.incident_row(hostile, NOW)]
        for cell in row
    ]

    assert [cell for cell in cells if set(HOSTILE[:3] + "\r\u202e\u2066\u2028\x9b\x07") & set(cell) - set("]0")] == []
