"""Markdown as Jira shows it, and markers as they are recognised."""

from __future__ import annotations

import pytest

from memdrift.adapters.trackers.markers import carries, hidden, marked, pictured, plain_marker, shown
from memdrift.adapters.trackers.wikimarkup import wiki
from memdrift.report.markdown import prose


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("plain", "plain"),
        ("### What to do", "h3. What to do"),
        ("**bold** text", "*bold* text"),
        ("* an item\n1. first", "* an item\n# first"),
        ("`go tool pprof`", "{{go tool pprof}}"),
        ("[report](<https://drift.example/i/1>)", "[report|https://drift.example/i/1]"),
        ("| a | b |\n|---|---|\n| `x` | 3 % |", "|| a || b ||\n| {{x}} | 3 % |"),
        ("```\n[x]\n```", "{noformat}\n[x]\n{noformat}"),
    ],
)
def test_what_reports_write_becomes_wiki_markup(markdown: str, expected: str) -> None:
    assert wiki(markdown) == expected


@pytest.mark.parametrize(
    "hostile",
    [
        "{html}<script>{html}",
        "!http://evil.example/x.png!",
        "[~anna] look",
        "`{{x}} [a|http://evil.example]`",
        "{color:red}x{color}",
        "```\n{noformat}!x!",
    ],
)
def test_foreign_text_stays_text(hostile: str) -> None:
    shown_as = wiki(hostile)
    assert "{html}" not in shown_as
    assert "!http" not in shown_as.replace("\\!", "")
    assert "[~" not in shown_as
    assert "[a|" not in shown_as
    assert "{color" not in shown_as.replace("\\{", "")
    assert shown_as.count("{noformat}") % 2 == 0


def test_a_marker_counts_as_a_line_of_its_own_only() -> None:
    assert carries(f"text\n\n{hidden('a-1')}\n", "a-1")
    assert carries(f"text\r\n{shown('a-1')}\r\n", "a-1")
    assert not carries(f"the function `{hidden('a-1')}` grows", "a-1")
    assert not carries(hidden("a-12"), "a-1")


def test_a_long_text_is_shortened_and_keeps_its_markers() -> None:
    text = marked("x" * 100_000, 65_536, hidden("a"), hidden("b"))
    assert len(text) <= 65_536
    assert carries(text, "a")
    assert carries(text, "b")


@pytest.mark.parametrize("fence", ["```", "{noformat}"])
def test_a_text_shortened_in_a_block_closes_it(fence: str) -> None:
    text = marked(f"first\n{fence}\n" + "a command\n" * 1000 + f"{fence}\nlast", 4000, hidden("a"))
    assert len(text) <= 4000
    assert text.count(fence) == 2
    assert text.endswith(f"\n{fence}\n\n… (shortened)\n\n{hidden('a')}\n")


def test_what_splits_lines_only_in_unicode_makes_no_line() -> None:
    assert not carries(f"the function \u2028{hidden('a-1')}\u2028 grows\x0b{shown('a-1')}\x85", "a-1")


def test_a_picture_stands_above_the_markers_and_below_the_text() -> None:
    text = marked("It leaks.", 1000, hidden("a"), hidden("b"))
    assert pictured(text, "![x](<y>)") == f"It leaks.\n\n![x](<y>)\n\n{hidden('a')}\n{hidden('b')}\n"
    edited = text + "\nA person wrote below."
    assert pictured(edited, "![x](<y>)") == f"{edited}\n\n![x](<y>)\n"


def test_long_markers_that_differ_at_their_end_stay_different() -> None:
    assert plain_marker("x" * 200 + "a") != plain_marker("x" * 200 + "b")


def test_a_marker_has_only_characters_that_no_tracker_changes() -> None:
    assert plain_marker('a b"c -->/é') == "a-b-c----"
    assert len(plain_marker("x" * 1000)) == 128


def test_foreign_addresses_do_not_become_links_again() -> None:
    assert "http://" not in wiki(prose("grew in http://evil.test/login now"))
