"""The incident's page as text: complete, small, self-contained, and hostile text stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from memdrift.api.driftincident import CaptureFailure, TicketRecord
from memdrift.report import page
from memdrift.report.incident import SCRIPTS, incident_page
from memdrift.report.view import IncidentView
from tests.report.exhibits import LEAKING, many_stacks, whole_incident, whole_view
from tests.report.hostile import HOSTILE
from tests.report.incidents import NOW, findings, incident, profile, suspect

LARGEST_BYTES = 600 * 1024
HOSTILE_LINKS = (
    "javascript:alert(1)",
    "data:text/html,x",
    " https://evil.example",
    "https://a\x1b[31m",
    "//evil.example",
)


class Elements(HTMLParser):
    """Every tag with its attributes, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_it_says_what_leaks_since_when_and_what_to_do() -> None:
    text = " ".join(Elements(incident_page(whole_view())).text)

    for expected in (
        "features grows by 120Mi per hour: github.com/grab/async v0.0.3 keeps contexts",
        "Live heap of features-a grew 36 % in 10 h while load fell 25 %",
        "3 h 25 min",
        "kubectl -n market rollout undo deployment/features",
        "kubectl memdrift approve features-2 -n market --plan sha256-0123456789",
        "ApprovalMissing: a person must approve exactly this plan",
        LEAKING,
        "v0.0.5",
        "load fell, so it explains none of the growth",
        "go tool pprof -http=localhost: -diff_base=/archive/features-7c9b-heap.pb.gz /archive/features-a-heap.pb.gz",
        "Ticket filed",
        "1 d 2 h",
        "stacks that shrank by 7.0 MiB in all",
        "4f1d8a2c90b7e6d3",
    ):
        assert expected in text


def test_it_loads_nothing_and_holds_its_own_policy() -> None:
    text = incident_page(whole_view())

    for tag, attributes in Elements(text).found:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
        assert not set(attributes) & {"src", "srcset", "style", "background", "xlink:href", "action"}
        assert not [name for name in attributes if name.startswith("on")]
    assert page.policy(SCRIPTS) in text.replace("&#39;", "'")
    assert "unsafe" not in page.policy(SCRIPTS)


def test_an_incident_of_which_nothing_is_known_has_a_page() -> None:
    bare = incident(verdict=None, findings=None, profiles=[], recommendation=None, change=None, archive=None)
    text = incident_page(IncidentView(bare))

    assert "The measurements are not in this report" in text
    assert "No profiles could be compared" in text


def test_without_an_exhibit_the_stacks_are_those_of_the_status() -> None:
    stack = {"frames": ["context.WithCancel", LEAKING, "main.main"], "growth": "70Mi", "share_percent": 91}
    found = findings(suspect()).replace(stacks=[stack])
    text = incident_page(IncidentView(whole_incident(findings=type(found).model_validate(found.to_wire()))))

    assert "The largest 1 growing stacks" in text
    assert f"<title>{LEAKING}: 70 MiB, 100.0 %</title>" in text


def test_a_large_profile_stays_within_600_kilobytes() -> None:
    assert len(incident_page(whole_view(stacks=many_stacks())).encode()) <= LARGEST_BYTES


def test_hostile_text_makes_no_element_wherever_it_comes_from() -> None:
    known = whole_incident().status
    assert known.verdict is not None
    assert known.change is not None
    hostile = whole_incident(
        verdict=known.verdict.replace(
            sentence=HOSTILE, queries=[HOSTILE], gates=[gate.replace(sentence=HOSTILE) for gate in known.verdict.gates]
        ),
        findings=findings(
            suspect(HOSTILE, module=HOSTILE[:200], version=HOSTILE[:200], retained_by=HOSTILE[:200])
        ).replace(sentence=HOSTILE),
        change=known.change.replace(sentence=HOSTILE, images_after=[HOSTILE[:200]]),
        capture_failures=[CaptureFailure(pod="a", pod_uid="u", reason="TimedOut", message=HOSTILE, time=NOW)],
        profiles=[profile(pod="features-a", uri="file:///" + HOSTILE[:300])],
        message=HOSTILE,
    )
    harmless, text = (
        incident_page(whole_view()),
        incident_page(replace(whole_view(stacks=(((HOSTILE,), 9),)), incident=hostile)),
    )

    kinds = {tag for tag, _ in Elements(text).found}
    assert kinds <= {tag for tag, _ in Elements(harmless).found}
    assert len([tag for tag, _ in Elements(text).found if tag == "script"]) == len(SCRIPTS)
    assert not [name for _, attributes in Elements(text).found for name in attributes if name.startswith("on")]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", text)
    assert "49" not in re.findall(r"\{\{.{0,9}", text), "a template in a name is not run"


@pytest.mark.parametrize("address", HOSTILE_LINKS)
def test_only_web_addresses_become_links(address: str) -> None:
    ticket = TicketRecord(tracker="board", url=address, filed_time=NOW)
    text = incident_page(replace(whole_view(), incident=whole_incident(ticket=ticket), page_url=address))

    links = [attributes.get("href") or "" for tag, attributes in Elements(text).found if tag == "a"]
    assert all(link.startswith(("#", "https://tracker.example")) for link in links)


def test_the_command_for_a_profile_is_one_shell_word_each() -> None:
    text = incident_page(whole_view(profiles=[profile(uri="file:///archive/a;rm -rf $HOME.pb.gz")]))

    assert "&#39;/archive/a;rm -rf $HOME.pb.gz&#39;" in text
