"""The flame graph: what is drawn adds up, fits its bounds, and keeps every frame's caller."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memdrift.report.flame import DEEPEST, frames_of, pruned
from memdrift.report.flamesvg import flame_svg, kind_of
from tests.report.exhibits import LEAKING, STACKS, many_stacks
from tests.report.hostile import HOSTILE

any_stacks = st.lists(
    st.tuples(st.lists(st.sampled_from("abcde"), max_size=6).map(tuple), st.integers(-1000, 1000)), max_size=30
)


@given(any_stacks)
def test_callees_lie_within_their_caller_and_beside_each_other(stacks: list[tuple[tuple[str, ...], int]]) -> None:
    frames = frames_of(stacks, narrowest=0.0)
    total = sum(growth for _, growth in stacks if growth > 0)

    assert bool(frames) == (total > 0)
    for frame in frames[1:]:
        caller = frames[frame.caller]
        assert caller.depth == frame.depth - 1
        assert caller.start - 1e-9 <= frame.start
        assert frame.start + frame.width <= caller.start + caller.width + 1e-9
    for depth in {frame.depth for frame in frames}:
        row = sorted((frame for frame in frames if frame.depth == depth), key=lambda each: each.start)
        assert all(left.start + left.width <= right.start + 1e-9 for left, right in pairwise(row))


@given(any_stacks)
def test_a_frames_growth_is_that_of_the_stacks_through_it(stacks: list[tuple[tuple[str, ...], int]]) -> None:
    frames = frames_of(stacks, narrowest=0.0)
    for number, frame in enumerate(frames):
        path: list[str] = []
        at = number
        while frames[at].caller >= 0:
            path.insert(0, frames[at].function)
            at = frames[at].caller
        expected = sum(growth for names, growth in stacks if growth > 0 and list(names[: len(path)]) == path)
        assert frame.grown_bytes == expected


@given(any_stacks)
def test_pruned_stacks_sum_to_the_same(stacks: list[tuple[tuple[str, ...], int]]) -> None:
    few = pruned(stacks, most=4)

    assert sum(growth for _, growth in few) == sum(growth for _, growth in stacks)
    assert len(few) <= 5


def test_a_large_profile_is_pruned_to_the_same_picture() -> None:
    stacks = many_stacks(4000)

    assert {(f.function, f.depth, f.grown_bytes) for f in frames_of(pruned(stacks))} == {
        (f.function, f.depth, f.grown_bytes) for f in frames_of(stacks)
    }


def test_a_stack_without_end_ends() -> None:
    assert max(frame.depth for frame in frames_of([(("f",) * 100_000, 1)])) == DEEPEST


def test_the_picture_is_xml_with_a_title_for_every_frame() -> None:
    drawn = flame_svg(STACKS, {LEAKING})
    root = ET.fromstring(drawn)
    frames = root.findall("{http://www.w3.org/2000/svg}svg")

    titles = [frame.findtext("{http://www.w3.org/2000/svg}title") for frame in frames]
    assert titles[0] == "all growth: 93 MiB, 100.0 %"
    assert f"{LEAKING}: 84 MiB, 90.3 %" in titles
    assert [frame.attrib["class"] for frame in frames].count("x") == 1
    assert "warm" not in drawn, "what shrank is not drawn"


def test_nothing_that_grew_is_no_picture() -> None:
    assert flame_svg([]) == ""
    assert flame_svg([(("main.main",), -5)]) == ""


def test_a_hostile_name_is_text() -> None:
    drawn = flame_svg([((HOSTILE, HOSTILE), 10)])

    assert ET.fromstring(drawn) is not None
    assert "<script" not in drawn
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u202e]", drawn)


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("main.main", "m"),
        ("runtime.mallocgc", "s"),
        ("net/http.(*conn).serve", "s"),
        ("github.com/grab/async.Run[...]", "d"),
        ("std::vec::Vec<T>::push", "s"),
        ("tokio::runtime::spawn", "d"),
        ("", "s"),
    ],
)
def test_whose_code_it_is(function: str, kind: str) -> None:
    assert kind_of(function) == kind
