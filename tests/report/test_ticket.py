"""The ticket: nobody has to ask back, and hostile text stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from memdrift.api.driftincident import Recommendation, StoredDocument
from memdrift.api.featurestore import Mode, RemediationSpec, Strategy
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
        "* Store: `market/features`, Deployment `features`",
        "* Pods: `features-a`, `features-b`, container `app`",
        "* Owner: `feature-store`, `#oncall`",
        "| Latency | `193 ms` | objective 150 ms at p99 |",
        "```\nkubectl -n market rollout undo deployment/features\n```",
        "```\nkubectl memdrift approve features-2 -n market --plan sha256-0123456789\n```",
        f"| 91 % | `{LEAKING}` | `github.com/grab/async` | `v0.0.3` | `contexts` | 88 % |",
        f"1. `{LEAKING}`",
        "| `github.com/grab/async` | `v0.0.5` | `v0.0.3` |",
        "Profiles below `file:///archive/`:",
        "| heap of features-a, 2026-03-02 02:30 UTC | 0.4 MiB | `000000000000` | `features-a-heap.pb.gz` |",
        "| heap, last healthy, revision features-6d5f | 0.1 MiB |",
        "| goroutine of features-a, 2026-03-02 02:30 UTC | 1234 B |",
        "`file:///archive/document.json`",
        "kubectl memdrift profile features-a -n market --container app\n",
        "kubectl memdrift report features-2 -n market -o report.html\n",
        "kubectl memdrift judge features-2 -n market Leak\n",
    ):
        assert expected in text


def test_what_the_store_can_sign_and_what_the_operator_serves_are_links() -> None:
    signed = {"file:///archive/report.html": "https://bucket.example/report.html?signature=1"}
    view = replace(whole_view(), links=signed, page_url="https://memdrift.example/incidents/market/features-2")
    report = StoredDocument(uri="file:///archive/report.html", sha256=SHA256)
    text = ticket_markdown(replace(view, incident=whole_incident(report=report)))

    assert "[the incident as it stands](<https://memdrift.example/incidents/market/features-2>)" in text
    assert "[report](<https://bucket.example/report.html?signature=1>)" in text


def test_who_can_fetch_a_profile_is_told_how_to_open_it() -> None:
    stored = "s3://evidence/features-a-heap.pb.gz"
    records = [profile(uri=stored)]
    assert "go tool pprof -http=localhost: " in ticket(profiles=records)

    signed = "https://evidence.example/features-a-heap.pb.gz?signature=1|2"
    text = ticket_markdown(replace(whole_view(profiles=records), links={stored: signed}))
    assert f"[download](<{signed.replace('|', '%7C')}>)" in text
    assert "features-a-heap.pb.gz?signature=1|2'\n```" in text


@pytest.mark.parametrize(
    ("mode", "expected"), [("Capture", "restarts nothing"), ("Approve", "a person's yes"), ("Enforce", "by itself")]
)
def test_it_says_whether_somebody_is_about_to_restart(mode: str, expected: str) -> None:
    text = ticket_markdown(restarting(mode=Mode(mode)))

    assert expected in text
    assert "```\nkubectl memdrift explain features -n market\n```" in text


def test_a_store_without_a_strategy_is_never_said_to_be_restarted() -> None:
    remediation = RemediationSpec(strategy=Strategy.NONE)

    assert "restarts nothing here (strategy `None`)" in ticket_markdown(
        restarting(mode=Mode.ENFORCE, remediation=remediation)
    )


def restarting(**spec: object) -> IncidentView:
    """Everything known, and nothing that waits for a person."""
    view = whole_view(plan=None)
    assert view.store is not None
    return replace(view, store=view.store.replace(spec=view.store.spec.replace(**spec)))


def test_what_hardly_grows_is_not_suspected() -> None:
    suspects = [suspect("main.first").replace(share_percent=4), suspect("main.second").replace(share_percent=4)]
    text = ticket(findings=findings(*suspects))

    assert "`main.first`" in text
    assert "`main.second`" not in text


def test_many_pods_are_counted_and_not_all_named() -> None:
    (first, *_) = whole_incident().status.affected_pods
    text = ticket(affected_pods=[first.replace(name=f"features-{number}") for number in range(9)])

    assert "`features-5` and 3 more, container" in text
    assert "`features-6`" not in text


@pytest.mark.parametrize("recommendation", Recommendation)
def test_every_recommendation_has_words(recommendation: Recommendation) -> None:
    assert ticket(recommendation=recommendation) != ticket(recommendation=None)


def test_the_command_that_takes_the_guilty_change_back_comes_first() -> None:
    change = whole_incident().status.change
    assert change is not None
    command = "kubectl -n market rollout undo deployment/features --to-revision=12"

    assert f"Roll back: the change below brought the growth.\n\n```\n{command}\n```" in ticket_markdown(
        whole_view(change=change.replace(command=command))
    )


def test_a_ticket_without_evidence_says_so() -> None:
    text = ticket_markdown(IncidentView(incident(findings=None, profiles=[], archive=None)))

    assert "No suspect" in text
    assert "* no profile is stored" in text


def test_the_rollback_of_an_argo_rollout_is_argos() -> None:
    store = whole_view().store
    assert store is not None
    target = store.spec.target_ref.replace(kind="Rollout", api_version="argoproj.io/v1alpha1")
    change = whole_incident().status.change
    assert change is not None
    view = whole_view(change=change.replace(command=""))
    text = ticket_markdown(replace(view, store=store.replace(spec=store.spec.replace(target_ref=target))))

    assert "```\nkubectl argo rollouts undo features -n market\n```" in text


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

    told = re.sub(r"^```\n((?:kubectl|go) [^`\n]*\n)+```$", "", text, flags=re.MULTILINE)
    told = told.replace("\\`", "")  # an escaped one ends no span
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


def test_a_second_of_latency_is_written_in_milliseconds() -> None:
    slow = replace(picture(), panels=tuple(replace(each, values=each.values * 20) for each in picture().panels))
    exhibit = replace(whole_view().exhibit, pictures=(slow,))
    content = chart_svg(replace(whole_view(), exhibit=exhibit))

    assert content is not None
    assert "00 ms" in content.decode()
    assert "e+" not in content.decode()
