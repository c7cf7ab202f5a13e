"""The ticket: nobody has to ask back, and hostile text stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from memdrift.api.driftincident import Recommendation, StoredDocument
from memdrift.report.ticket import chart_svg, ticket_markdown, ticket_title
from memdrift.report.view import IncidentView
from tests.report.exhibits import LEAKING, STACKS, picture, whole_incident, whole_view
from tests.report.hostile import HOSTILE
from tests.report.incidents import SHA256, findings, incident, profile, suspect


def ticket(**status: object) -> str:
    return ticket_markdown(replace(whole_view(), incident=incident(**status)))


def test_it_has_verdict_suspect_change_advice_and_evidence() -> None:
    text = ticket_markdown(whole_view())

    for expected in (
        "features grows by 120Mi per hour: github.com/grab/async v0.0.3 keeps contexts",
        "`feature-store` `#oncall`",
        "| Latency | `193 ms` | objective 150 ms at p99 |",
        "`kubectl -n market rollout undo deployment/features`",
        "`kubectl memdrift approve features-2 -n market --plan sha256-0123456789`",
        f"| 91 % | `{LEAKING}` | `github.com/grab/async` | `v0.0.3` | `contexts` | 88 % |",
        f"1. `{LEAKING}`",
        "| `github.com/grab/async` | `v0.0.5` | `v0.0.3` |",
        "heap of features-a, 2026-03-02 02:30 UTC, 381234 bytes",
        "`go tool pprof -http=localhost: -diff_base=/archive/features-7c9b-heap.pb.gz /archive/features-a-heap.pb.gz`",
        "`file:///archive/document.json`",
        "`kubectl memdrift judge features-2 -n market Leak|Expected|Noise`",
    ):
        assert expected in text


def test_what_the_store_can_sign_and_what_the_operator_serves_are_links() -> None:
    signed = {"file:///archive/report.html": "https://bucket.example/report.html?signature=1"}
    view = replace(whole_view(), links=signed, page_url="https://memdrift.example/incidents/market/features-2")
    report = StoredDocument(uri="file:///archive/report.html", sha256=SHA256)
    text = ticket_markdown(replace(view, incident=whole_incident(report=report)))

    assert "[the incident as it stands](<https://memdrift.example/incidents/market/features-2>)" in text
    assert "[report](<https://bucket.example/report.html?signature=1>)" in text


@pytest.mark.parametrize("recommendation", Recommendation)
def test_every_recommendation_has_words(recommendation: Recommendation) -> None:
    assert ticket(recommendation=recommendation) != ticket(recommendation=None)


def test_the_command_that_takes_the_guilty_change_back_comes_first() -> None:
    change = whole_incident().status.change
    assert change is not None
    command = "kubectl -n market rollout undo deployment/features --to-revision=12"

    assert f"Roll back: the change below brought the growth. `{command}`" in ticket_markdown(
        whole_view(change=change.replace(command=command))
    )


def test_a_ticket_without_evidence_says_so() -> None:
    text = ticket_markdown(IncidentView(incident(findings=None, profiles=[], archive=None)))

    assert "No suspect" in text
    assert "* none stored" in text


def test_the_rollback_of_an_argo_rollout_is_argos() -> None:
    store = whole_view().store
    assert store is not None
    target = store.spec.target_ref.replace(kind="Rollout", api_version="argoproj.io/v1alpha1")
    change = whole_incident().status.change
    assert change is not None
    view = whole_view(change=change.replace(command=""))
    text = ticket_markdown(replace(view, store=store.replace(spec=store.spec.replace(target_ref=target))))

    assert "`kubectl argo rollouts undo features -n market`" in text


def test_hostile_text_stays_text_wherever_it_comes_from() -> None:
    named = findings(suspect(HOSTILE, module=HOSTILE[:100], version=HOSTILE[:200], retained_by=HOSTILE))
    hostile = whole_incident(
        findings=named.replace(sentence=HOSTILE),
        profiles=[profile(uri="file:///" + "`" * 3 + "\n# owned", container=HOSTILE[:200])],
        verdict=whole_incident().status.verdict.replace(sentence=HOSTILE),  # type: ignore[union-attr]
        change=whole_incident().status.change.replace(sentence=HOSTILE),  # type: ignore[union-attr]
    )
    stacks = (((HOSTILE, "main.main"), 1000),)
    text = ticket_markdown(replace(whole_view(stacks=stacks), incident=hostile))

    told = text.replace("\\`", "")  # an escaped one ends no span
    outside = re.sub(r"`[^`\n]*`", "", told)
    for forbidden in (r"^# owned", r"@everyone", r"(?<!\\)<script", r"(?<!\\)\]\(http", r"https?://evil", r"(?<!\\)#1"):
        assert not re.search(forbidden, outside, re.MULTILINE), forbidden
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", text)
    assert all(line.count("`") % 2 == 0 for line in told.splitlines())
    rows = [line for line in text.splitlines() if line.startswith("| 91 %")]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 7


def test_the_chart_is_a_whole_svg_of_the_worst_pod() -> None:
    content = chart_svg(whole_view())

    assert content is not None
    root = ET.fromstring(content)
    assert root.tag.endswith("svg")
    assert root.attrib["aria-label"].startswith("features-a app")
    assert "onset" in content.decode()
    assert "profile" in content.decode()
    assert chart_svg(IncidentView(incident())) is None


def test_a_charts_title_is_text() -> None:
    exhibit = replace(whole_view().exhibit, pictures=(replace(picture(), title=HOSTILE),))
    content = chart_svg(replace(whole_view(), exhibit=exhibit))

    assert content is not None
    assert ET.fromstring(content) is not None
    assert b"<script" not in content


def test_the_title_is_the_incidents() -> None:
    assert ticket_title(whole_view(stacks=STACKS)).startswith("Memory drift in features: github.com/grab/async v0.0.3")
