"""Leaks of one service, run now on this machine: the suspect is named whatever the toolchain is."""

from __future__ import annotations

import pytest

from memdrift.evidence.analyse import analyse
from memdrift.evidence.findings import Comparison, Findings, ProfileKind
from tests.evidence import pairs
from tests.evidence.building import taken
from tests.evidence.conftest import Profiled
from tests.evidence.test_pairs import LEAKING


def of_mode(profiled: Profiled, mode: str) -> Findings:
    folder = profiled("shop", mode=mode)

    def at(age: str, seconds: float) -> tuple:
        return tuple(
            taken((folder / f"{age}.{kind}.pb.gz").read_bytes(), kind, taken_at=seconds)
            for kind in (ProfileKind.HEAP, ProfileKind.GOROUTINE)
        )

    return analyse(Comparison(at("late", 3700), at("young", 100)))


@pytest.mark.parametrize("mode", pairs.LEAKS)
def test_the_first_suspect_names_the_leaking_function(profiled: Profiled, mode: str):
    found = of_mode(profiled, mode)
    assert (found.suspects[0].function, found.suspects[0].retained_by) == LEAKING[mode]


@pytest.mark.parametrize("mode", pairs.HEALTHY.split())
def test_the_healthy_service_gives_no_suspect_that_is_sure(profiled: Profiled, mode: str):
    assert all((suspect.confidence_percent or 0) <= 50 for suspect in of_mode(profiled, mode).suspects)
