"""The report on a terminal: complete, and nothing in it moves a cursor."""

from __future__ import annotations

import re
from dataclasses import replace

from memdrift.report.terminal import terminal_lines
from memdrift.report.view import IncidentView
from tests.report.exhibits import LEAKING, whole_incident, whole_view
from tests.report.hostile import HOSTILE
from tests.report.incidents import findings, incident, suspect


def test_it_says_what_leaks_since_when_and_what_to_do() -> None:
    text = "\n".join(terminal_lines(whole_view()))

    for expected in (
        "market/features-2  [Drifting with impact, Holding]",
        "github.com/grab/async v0.0.3 keeps contexts",
        "kubectl -n market rollout undo deployment/features",
        f"91 %  {LEAKING}",
        "github.com/grab/async: v0.0.5 → v0.0.3",
        "▲ onset",
        "2026-03-02 02:40:00  Ticket filed",
        "go tool pprof",
    ):
        assert expected in text


def test_nothing_moves_the_cursor() -> None:
    named = findings(suspect(HOSTILE, module=HOSTILE[:100], version=HOSTILE[:100]))
    hostile = whole_incident(findings=named.replace(sentence=HOSTILE), message=HOSTILE)
    lines = terminal_lines(replace(whole_view(stacks=(((HOSTILE,), 5),)), incident=hostile))

    assert not [
        line for line in lines if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", line)
    ]


def test_an_incident_of_which_nothing_is_known_has_one() -> None:
    assert terminal_lines(IncidentView(incident(verdict=None, findings=None, profiles=[], change=None)))
