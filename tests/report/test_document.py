"""The incident's document and its ticket: they read without the operator, and hostile text stays text."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memdrift.api.driftincident import Recommendation
from memdrift.api.featurestore import Owner
from memdrift.report import document
from tests.report.incidents import findings, incident, profile, suspect

HOSTILE = "`|\r\n# owned\n@everyone [click](http://evil.example)<script>alert(1)</script>\x1b[31m\u202e"


def ticket(**status: object) -> str:
    return document.markdown(
        incident(**status), Owner(team="feature-store", contact="#oncall"), "Deployment", "features"
    )


def test_the_document_is_the_incident_without_its_bookkeeping() -> None:
    stored = json.loads(document.encode(incident()))

    assert stored["metadata"] == {"name": "features-2", "namespace": "market", "uid": "incident-uid"}
    assert stored["spec"] == incident().spec.to_wire()
    assert stored["status"] == incident().status.to_wire()


def test_equal_incidents_have_equal_bytes() -> None:
    assert document.encode(incident()) == document.encode(incident())
    assert document.encode(incident()) != document.encode(incident(message="something else"))


def test_the_title_names_store_suspect_and_growth() -> None:
    assert document.title(incident()) == "Memory drift in features: example.org/leak v0.0.3, 120Mi/h"
    assert document.title(incident(findings=None)) == "Memory drift in features: cause not known, 120Mi/h"


def test_the_title_is_one_line_without_control_characters() -> None:
    named = findings(suspect(HOSTILE, module="", version=HOSTILE))

    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", document.title(incident(findings=named)))


def test_the_ticket_has_verdict_suspect_change_advice_and_evidence() -> None:
    text = ticket()

    for expected in (
        "it drifts",
        "`feature-store` `#oncall`",
        "`kubectl -n market rollout undo deployment/features`",
        "`leak v0.0.2 became v0.0.3`",
        "| 91 % | `example.org/leak.Keep` | `example.org/leak` | `v0.0.3` |",
        "heap of `features-a`, 1234 bytes",
        "`file:///archive/document.json`",
    ):
        assert expected in text


@pytest.mark.parametrize("recommendation", Recommendation)
def test_every_recommendation_has_words(recommendation: Recommendation) -> None:
    assert ticket(recommendation=recommendation) != ticket(recommendation=None)


def test_a_ticket_without_evidence_says_so() -> None:
    text = ticket(findings=None, profiles=[], archive=None)

    assert "No suspect" in text
    assert "* none stored" in text


@given(st.text(max_size=400))
def test_a_code_span_cannot_end_early(text: str) -> None:
    span = document.code(text)

    assert span.startswith("`")
    assert span.endswith("`")
    assert "`" not in span[1:-1]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", span)
    assert span[1:-1].strip(), "an empty span would be two backticks"


def test_a_cell_cannot_end_its_row() -> None:
    rows = [line for line in ticket(findings=findings(suspect(HOSTILE, module="a|b"))).splitlines() if "91 %" in line]

    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 5


def test_hostile_text_stays_in_its_span() -> None:
    text = ticket(
        findings=findings(suspect(HOSTILE, module=HOSTILE, version=HOSTILE)),
        profiles=[profile(uri="file:///" + "`" * 3 + "\n# owned")],
    )
    outside = re.sub(r"`[^`\n]*`", "", text)

    assert text.count("`") % 2 == 0
    assert not [line for line in text.splitlines() if line.startswith("# owned")]
    for forbidden in ("@everyone", "<script>", "](http"):
        assert forbidden not in outside


def test_the_verdicts_sentence_is_no_markup() -> None:
    hostile = incident().status.verdict
    assert hostile is not None
    text = ticket(verdict=hostile.replace(sentence=HOSTILE))

    outside = re.sub(r"`[^`\n]*`", "", text)
    for forbidden in (r"^# owned", r"@everyone", r"(?<!\\)<script", r"(?<!\\)\]\(http"):
        assert not re.search(forbidden, outside, re.MULTILINE)
