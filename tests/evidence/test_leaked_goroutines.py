"""The runtime's own profile of goroutines that are blocked for ever: none of them is an answer too."""

from __future__ import annotations

import pytest

from memdrift.evidence.analyse import analyse
from memdrift.evidence.contrast import contrasted
from memdrift.evidence.findings import Comparison, ProfileKind
from memdrift.evidence.limits import ProfileInvalid
from memdrift.evidence.profile import decode, validate
from tests.evidence.building import GOROUTINE_TYPES, Builder, heap, taken

LEAK_TYPES = [("goroutineleak", "count")]
STACK = ("runtime.gopark", "main.hedged.func1")


def leaked(number: int) -> bytes:
    """A profile as the runtime writes it: without a sample where nothing is leaked."""
    builder = Builder(LEAK_TYPES)
    if number:
        builder.sample(STACK, (number,), {})
    return builder.content()


def test_no_leaked_goroutine_is_a_profile_with_nothing_in_it():
    assert list(validate(leaked(0), ProfileKind.GOROUTINE_LEAK).samples) == []
    assert len(validate(leaked(3), ProfileKind.GOROUTINE_LEAK).samples) == 1


@pytest.mark.parametrize(("content", "kind"), [
    (heap({}), ProfileKind.HEAP),
    (Builder(GOROUTINE_TYPES).content(), ProfileKind.GOROUTINE),
])  # fmt: skip
def test_of_other_kinds_nothing_is_still_refused(content: bytes, kind: ProfileKind):
    with pytest.raises(ProfileInvalid, match="no samples"):
        validate(content, kind)


def test_another_profile_is_none_of_leaked_goroutines():
    with pytest.raises(ProfileInvalid, match="goroutineleak/count"):
        validate(heap({STACK: 16}), ProfileKind.GOROUTINE_LEAK)


def test_they_are_compared_like_goroutines():
    contrast = contrasted(decode(leaked(200)), decode(leaked(0)))
    assert contrast.entries == (("main.hedged.func1", 200),)
    assert contrasted(decode(leaked(0)), decode(leaked(0))).growth.bytes_by_stack == {}


@pytest.mark.parametrize(("number", "said"), [(2000, True), (0, False)])
def test_the_finding_says_what_the_runtime_proves(number: int, said: bool):
    grown = (taken(heap({("main.keep",): size << 20}), taken_at=size) for size in (90, 1))
    now, then = grown
    found = analyse(Comparison((now, taken(leaked(number), ProfileKind.GOROUTINE_LEAK, taken_at=91)), (then,)))
    assert ("2000 goroutines started with main.hedged.func1 are blocked for ever" in found.sentence) is said
    assert bool(found.leaked_goroutines) is said
