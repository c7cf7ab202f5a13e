"""What a report shows survives the archive."""

from __future__ import annotations

import json

import numpy as np
import pytest

from memdrift.report import exhibit as exhibits
from memdrift.report.exhibit import Exhibit
from tests.report.exhibits import whole_view
from tests.report.hostile import HOSTILE


def test_it_comes_back_as_it_was() -> None:
    before = whole_view().exhibit
    after = exhibits.decode(exhibits.encode(before))

    assert after.stacks == before.stacks
    assert after.stacks_are == before.stacks_are
    for ours, theirs in zip(after.pictures, before.pictures, strict=True):
        assert (ours.title, ours.began_at, ours.ended_at, ours.marks) == (
            theirs.title, theirs.began_at, theirs.ended_at, theirs.marks,
        )  # fmt: skip
        for panel, expected in zip(ours.panels, theirs.panels, strict=True):
            assert (panel.name, panel.label, panel.bound) == (expected.name, expected.label, expected.bound)
            np.testing.assert_allclose(panel.values, expected.values, rtol=1e-6)


def test_it_is_json_without_words_that_json_does_not_know() -> None:
    content = exhibits.encode(whole_view().exhibit)

    json.loads(content, parse_constant=lambda word: pytest.fail(word))
    assert exhibits.encode(Exhibit()) == exhibits.encode(Exhibit())


def test_hostile_names_come_back_as_they_were() -> None:
    stacks = (((HOSTILE, "a"), 1),)

    assert exhibits.decode(exhibits.encode(Exhibit(stacks=stacks))).stacks == stacks


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'{"version":2}',
        b'{"version":1}',
        b'{"version":1,"pictures":[],"functions":[],"stacks":[[[4],1]],"stacksAre":""}',
    ],
)
def test_what_is_no_exhibit_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        exhibits.decode(content)
