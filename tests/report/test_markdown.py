"""Foreign text in Markdown stays text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from memdrift.report import markdown


@given(st.text(max_size=400))
def test_a_code_span_cannot_end_early(text: str) -> None:
    span = markdown.code(text)

    assert span.startswith("`")
    assert span.endswith("`")
    assert "`" not in span[1:-1]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", span)
    assert span[1:-1].strip(), "an empty span would be two backticks"


@given(st.text(alphabet="ab|`\\ @", max_size=60))
def test_a_cell_cannot_end_its_row(text: str) -> None:
    assert "|" not in markdown.cell(text)


@given(st.lists(st.text(max_size=80), min_size=1, max_size=3))
def test_a_block_of_commands_cannot_end_early(names: list[str]) -> None:
    first, *told, last = markdown.command(*(f"kubectl get pod {name}" for name in names))

    assert (first, last) == ("```", "```")
    assert len(told) == len(names)
    assert all(line.startswith("kubectl ") and "`" not in line and len(line.splitlines()) == 1 for line in told)


@given(st.text(max_size=200))
def test_prose_is_one_line_that_mentions_nobody(text: str) -> None:
    told = markdown.prose(text)

    assert len(told.splitlines()) <= 1
    assert not re.search(r"@(?!\u200b)", told)
    assert not re.search(r"(?<!\\)[`*_\[\]<>#|]", told.replace("\\\\", ""))


def test_an_address_in_prose_is_no_link() -> None:
    for address in ("https://evil.example", "HTTP://evil.example", "www.evil.example", "mailto:a"):
        assert address not in markdown.prose(f"see {address} now")


def test_a_link_cannot_leave_its_brackets() -> None:
    assert markdown.link("a](b", "https://ours.example/x> y") == "[a\\](b](<https://ours.example/x%3E%20y>)"


def test_a_line_that_begins_with_a_slash_is_no_quick_action() -> None:
    assert markdown.prose("/close now").startswith("\u200b")
