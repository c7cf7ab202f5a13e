"""Our totals are those of `go tool pprof`, on real profiles of real programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from memdrift.evidence.profile import decode
from memdrift.evidence.stacks import cumulative_by_function, difference, flat_by_function, stack_totals
from tests.evidence.conftest import Profiled, go
from tests.evidence.recorded import path_of

TOP = 20
STRIPPED = ("-trimpath", "-ldflags=-s -w")
ROW = re.compile(r"^\s*(-?\d+)B?\s+\S+%?\s+\S+%\s+(-?\d+)B?\s+\S+%?\s+(.*)$")
TOTAL = re.compile(r"of (-?\d+)B? total")
SAMPLE_TYPE = {"heap": "inuse_space", "goroutine": "goroutine"}

PROGRAMS = [
    ("context_leak", ()),
    ("context_leak", STRIPPED),
    ("map_leak", ()),
    ("healthy_cache", ("-gcflags=all=-l",)),
    ("goroutine_leak", ()),
]


def pprof_rows(*arguments: str) -> tuple[int, dict[str, tuple[int, int]]]:
    output = go(
        "tool", "pprof", "-top", "-unit=B", f"-nodecount={TOP}", "-nodefraction=0", "-edgefraction=0", *arguments,
        folder=Path(arguments[-1]).parent,
    )  # fmt: skip
    total = TOTAL.search(output)
    assert total, output
    matches = [match for line in output.splitlines() if (match := ROW.match(line))]
    rows = {re.sub(r" \((partial-)?inline\)$", "", match[3]): (int(match[1]), int(match[2])) for match in matches}
    return int(total[1]), rows


def assert_agreement(now: Path, then: Path | None, sample_type: str) -> None:
    held = stack_totals(decode(now.read_bytes()), sample_type)
    before = stack_totals(decode(then.read_bytes()), sample_type) if then else {}
    ours = difference(held, before) if then else held
    flat, cumulative = flat_by_function(ours), cumulative_by_function(ours)
    names = set(flat) | set(cumulative)
    base = [f"-diff_base={then}"] if then else []
    for order, by_function in (([], flat), (["-cum"], cumulative)):
        total, rows = pprof_rows(*order, *base, str(now))
        if not (then and then == now):
            assert total == sum(abs(value) for value in (before if then else held).values())
        assert rows == {name: (flat.get(name, 0), cumulative.get(name, 0)) for name in rows}
        # The twenty largest, in whatever order ties come.
        shown = sorted((abs(rows[name][bool(order)]) for name in rows), reverse=True)
        assert shown == sorted((abs(by_function.get(name, 0)) for name in names), reverse=True)[:TOP]


@pytest.mark.parametrize(("program", "flags"), PROGRAMS)
@pytest.mark.parametrize("kind", ["heap", "goroutine"])
def test_totals_and_difference_of_a_program(profiled: Profiled, program: str, flags: tuple[str, ...], kind: str):
    folder = profiled(program, *flags)
    young, late = folder / f"young.{kind}.pb.gz", folder / f"late.{kind}.pb.gz"
    assert_agreement(late, None, SAMPLE_TYPE[kind])
    assert_agreement(late, young, SAMPLE_TYPE[kind])


@pytest.mark.parametrize(
    ("now", "then", "kind"),
    [
        ("leak_late", "leak_young", "heap"),
        ("leak_mid", "leak_young", "heap"),
        ("leak_mid", "leak_young", "goroutine"),
        ("twin_late", "twin_young", "heap"),
        ("leak_young", "leak_late", "heap"),
        ("leak_late", "leak_late", "heap"),
        ("healthy_young", None, "heap"),
    ],
)
def test_totals_and_difference_of_recorded_profiles(now: str, then: str | None, kind: str):
    assert_agreement(path_of(f"{now}.{kind}"), path_of(f"{then}.{kind}") if then else None, SAMPLE_TYPE[kind])


def test_other_sample_types_agree(profiled: Profiled):
    late = profiled("map_leak") / "late.heap.pb.gz"
    flat = flat_by_function(stack_totals(decode(late.read_bytes()), "alloc_objects"))
    _, rows = pprof_rows("-sample_index=alloc_objects", str(late))
    assert {name: row[0] for name, row in rows.items() if row[0]} == {name: flat[name] for name in rows if name in flat}
