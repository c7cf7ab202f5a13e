"""Decoding in another process: what comes back, and what its bounds stop."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest

from memdrift.adapters.analyser import ProcessAnalyser
from memdrift.errors import CaptureFailed
from memdrift.evidence.analyse import analyse
from memdrift.evidence.findings import Comparison, ProfileKind, Taken

PROFILES = Path(__file__).parent.parent / "evidence" / "profiles"


def taken(name: str, taken_at: float) -> Taken:
    content = (PROFILES / f"{name}.heap.pb.gz").read_bytes()
    return Taken("pod-a", "uid-a", 0.0, "revision", ProfileKind.HEAP, taken_at, content)


@pytest.fixture
def comparison() -> Comparison:
    return Comparison(current=(taken("twin_late", 600.0),), earlier=(taken("twin_young", 60.0),))


async def test_findings_are_the_same_as_in_this_process(comparison: Comparison) -> None:
    findings = await ProcessAnalyser().analyse(comparison)
    assert findings == analyse(comparison)
    assert findings.stacks


async def test_what_is_no_profile_comes_back_as_its_reason() -> None:
    analyser = ProcessAnalyser()
    with pytest.raises(CaptureFailed) as failure:
        await analyser.validate(b"<html>", ProfileKind.HEAP)
    assert failure.value.reason == "NotGzip"
    with pytest.raises(CaptureFailed) as failure:
        await analyser.validate(gzip.compress(b"nonsense"), ProfileKind.HEAP)
    assert failure.value.reason == "NotPprof"
    await analyser.validate((PROFILES / "twin_late.heap.pb.gz").read_bytes(), ProfileKind.HEAP)


async def test_too_much_time_ends_the_process_and_not_the_operator(comparison: Comparison) -> None:
    with pytest.raises(CaptureFailed) as failure:
        await ProcessAnalyser(timeout_seconds=0.0005).analyse(comparison)
    assert failure.value.reason == "TimedOut"
    assert await ProcessAnalyser().analyse(comparison)


async def test_too_much_memory_is_refused() -> None:
    bomb = gzip.compress(b"\x32\x00" * 20_000_000, compresslevel=1)
    with pytest.raises(CaptureFailed) as failure:
        await ProcessAnalyser(memory_bytes=8 * 2**20).validate(bomb, ProfileKind.HEAP)
    assert failure.value.reason == "TooLarge"


async def test_one_at_a_time(comparison: Comparison) -> None:
    analyser = ProcessAnalyser()
    first, second = await asyncio.gather(analyser.analyse(comparison), analyser.analyse(comparison))
    assert first == second


async def test_the_picture_of_the_growth_sums_to_the_growth(comparison: Comparison) -> None:
    stacks = await ProcessAnalyser().grown_stacks(comparison)

    findings = analyse(comparison)
    assert sum(growth for _, growth in stacks) == findings.profile_growth_bytes
    assert findings.stacks[0].frames[-1] in {frames[0] for frames, _ in stacks if frames}, "callers come first"


async def test_without_a_heap_profile_there_is_no_picture() -> None:
    assert await ProcessAnalyser().grown_stacks(Comparison(current=())) == ()
