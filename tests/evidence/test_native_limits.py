"""What a heap text may claim: frames behind one symbol, and figures that no process has."""

from __future__ import annotations

import pytest

from memdrift.evidence.limits import DEFAULT_LIMITS, ProfileInvalid
from memdrift.evidence.nativetext import read_native_text

_SYMBOLS = b"--- symbol\nbinary=shop\n0x1 %s\n---\n--- heap\n"


def _heap(count: bytes, symbol: bytes = b"") -> bytes:
    symbols = _SYMBOLS % symbol if symbol else b""
    return symbols + b"heap_v2/524288\n  t*: %s [0: 0]\n@ 0x1\n  t*: %s [0: 0]\n" % (count, count)


def test_inlined_functions_count_as_frames() -> None:
    symbol = b"--".join(b"f%d" % number for number in range(DEFAULT_LIMITS.stack_frames + 1))
    with pytest.raises(ProfileInvalid, match="frames in one stack"):
        read_native_text(_heap(b"1: 64", symbol), DEFAULT_LIMITS)


def test_a_figure_that_no_process_has_stays_within_what_a_resource_takes() -> None:
    profile = read_native_text(_heap(b"999999999999999999: 1"), DEFAULT_LIMITS)
    assert all(abs(value) <= 2**62 for sample in profile.samples for value in sample.values)
