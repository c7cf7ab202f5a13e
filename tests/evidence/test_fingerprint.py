"""One leak, one name; another leak, another name."""

from __future__ import annotations

from pathlib import Path

import pytest

from memdrift.evidence.analyse import analyse
from memdrift.evidence.findings import Comparison, Findings
from memdrift.evidence.fingerprint import normalised, program_of
from tests.evidence.building import taken
from tests.evidence.conftest import PROGRAMS, Profiled
from tests.evidence.recorded import recorded

NAMES = [
    ("main.(*memory[go.shape.string,go.shape.*uint8]).remember", "main.(*memory).remember"),
    ("main.(*memory[...]).remember", "main.(*memory).remember"),
    ("main.Map[github.com/x/y.T[int]]", "main.Map"),
    ("main.serve.func1", "main.serve"),
    ("main.serve.func1.2", "main.serve"),
    ("main.serve.func3.gowrap1", "main.serve"),
    ("main.serve.func1.serve.func2.3", "main.serve"),
    ("main.main.serve.func1", "main.serve"),
    ("main.main.(*service).follow.func2.1", "main.(*service).follow"),
    ("main.glob..func1", "main.glob"),
    ("main.serve-range1", "main.serve"),
    ("main.(*service).follow-fm", "main.(*service).follow"),
    ("main.init.0", "main.init"),
    ("main.init.0.func1", "main.init"),
    ("github.com/grab/async.(*task).Run", "github.com/grab/async.(*task).Run"),
    ("malloc", "malloc"),
    ("main.broken]]", "main.broken"),
    ("main.load.func1x", "main.load.func1x"),
    ("main.load-fmx", "main.load-fmx"),
]


@pytest.mark.parametrize(("function", "name"), NAMES)
def test_what_a_rebuild_may_change_is_left_out_of_a_name(function: str, name: str):
    assert normalised(function) == name


PROGRAMS_NAMES = [
    ("/app/store", "store"),
    ("/app/store-v1.2.3", "store"),
    ("/app/store_1.2.rc1-7f3a9c1", "store"),
    ("/app/store (deleted)", "store"),
    ("/app/store-two", "store-two"),
]


@pytest.mark.parametrize(("path", "name"), PROGRAMS_NAMES)
def test_a_program_is_called_without_what_a_build_appends(path: str, name: str):
    assert program_of(path) == name


def of_folder(folder: Path) -> Findings:
    young, late = ((folder / f"{age}.heap.pb.gz").read_bytes() for age in ("young", "late"))
    return analyse(Comparison((taken(late, taken_at=90),), (taken(young, taken_at=30),)))


def of_recorded(now: str, then: str) -> Findings:
    return analyse(Comparison((taken(recorded(now), taken_at=90),), (taken(recorded(then), taken_at=30),)))


def test_a_rebuild_with_shifted_lines_or_other_flags_keeps_the_name(profiled: Profiled, tmp_path: Path):
    shifted = tmp_path / "context_leak.go"
    text = (PROGRAMS / "context_leak.go").read_text()
    shifted.write_text(text.replace("package main\n", "package main\n" + "\n// A remark.\n" * 30))
    (tmp_path / "capture.go").write_text((PROGRAMS / "capture.go").read_text())
    names = {
        of_folder(profiled("context_leak")).fingerprint,
        of_folder(profiled("context_leak", "-trimpath", "-ldflags=-s -w")).fingerprint,
        of_folder(profiled("context_leak", "-gcflags=all=-l")).fingerprint,
        of_folder(profiled("context_leak", source=shifted)).fingerprint,
    }
    assert len(names) == 1


def test_the_same_leak_at_another_age_keeps_the_name():
    names = {
        of_recorded(*pair).fingerprint
        for pair in (
            ("leak_late.heap", "leak_young.heap"),
            ("leak_mid.heap", "leak_young.heap"),
            ("leak_late.heap", "leak_mid.heap"),
        )
    }
    assert len(names) == 1


def test_different_leaks_have_different_names(profiled: Profiled):
    names = [of_folder(profiled(program)).fingerprint for program in ("context_leak", "map_leak", "goroutine_leak")]
    names.append(of_recorded("leak_late.heap", "leak_young.heap").fingerprint)
    assert len(set(names)) == len(names)
    assert all(len(name) == 32 for name in names)


def test_nothing_growing_has_no_name():
    same = recorded("leak_young.heap")
    findings = analyse(Comparison((taken(same, taken_at=90),), (taken(same, taken_at=30),)))
    assert (findings.fingerprint, findings.stacks, findings.suspects) == ("", (), ())
    assert findings.profile_growth_bytes == 0
