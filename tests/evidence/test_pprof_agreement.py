"""Our totals are those of `go tool pprof`, on real profiles of real programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from memdrift.evidence.contrast import contrasted
from memdrift.evidence.profile import decode
from memdrift.evidence.stacks import cumulative_by_function, difference, flat_by_function, stack_totals
from tests.evidence.conftest import go
from tests.evidence.pprof_pairs import RECIPES, made
from tests.evidence.recorded import path_of

TOP = 20
ROW = re.compile(r"^\s*(-?\d+)B?\s+\S+%?\s+\S+%\s+(-?\d+)B?\s+\S+%?\s+(.*)$")
TOTAL = re.compile(r"of (-?\d+)B? total")
SAMPLE_TYPE = {"heap": "inuse_space", "goroutine": "goroutine"}


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


@pytest.mark.parametrize("name", RECIPES)
def test_totals_and_difference_of_a_program(name: str):
    young, late = made(RECIPES[name])
    assert_agreement(late, None, SAMPLE_TYPE[RECIPES[name].kind])
    assert_agreement(late, young, SAMPLE_TYPE[RECIPES[name].kind])


@pytest.mark.parametrize("name", RECIPES)
def test_what_the_command_prints_agrees(name: str):
    young, late = made(RECIPES[name])
    for order, flag in ((0, "--flat"), (1, "--cum")):
        said = subprocess.run(
            [sys.executable, "-m", "memdrift", "diff", str(young), str(late), "--json", flag, "-n", str(TOP)],
            capture_output=True, text=True, timeout=300, check=True,
        )  # fmt: skip
        found = json.loads(said.stdout)
        total, rows = pprof_rows(*([], ["-cum"])[order], f"-diff_base={young}", str(late))
        ours = {row["name"]: (row["flat"], row["cumulative"]) for row in found["functions"]}
        assert found["base"]["total"] == total
        sizes = sorted((abs(row[order]) for row in rows.values()), reverse=True)
        # pprof fills its list with functions that did not change.
        assert sorted((abs(row[order]) for row in ours.values()), reverse=True) == sizes[: len(ours)]
        assert not any(sizes[len(ours) :])
        edge = sizes[len(ours) - 1]
        assert all(ours[each] == rows[each] for each in rows if abs(rows[each][order]) > edge)
        assert all(each not in rows or rows[each] == ours[each] for each in ours)


def test_a_profile_and_itself_differ_by_nothing():
    late = made(RECIPES["small"])[1]
    _, rows = pprof_rows(f"-diff_base={late}", str(late))
    assert not any(flat or cumulative for flat, cumulative in rows.values())
    profile = decode(late.read_bytes())
    contrast = contrasted(profile, profile)
    assert (contrast.growth.bytes_by_stack, contrast.suspects, contrast.fingerprint) == ({}, (), "")


def test_the_large_pair_is_large():
    late = made(RECIPES["60,000 samples"])[1]
    assert len(decode(late.read_bytes()).samples) >= 60_000


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


def test_other_sample_types_agree():
    late = made(RECIPES["stripped"])[1]
    flat = flat_by_function(stack_totals(decode(late.read_bytes()), "alloc_objects"))
    _, rows = pprof_rows("-sample_index=alloc_objects", str(late))
    assert {name: row[0] for name, row in rows.items() if row[0]} == {name: flat[name] for name in rows if name in flat}
