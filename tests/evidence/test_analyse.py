"""The whole way: profiles in, findings out; on the recorded leak and on real programs."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from memdrift.evidence.analyse import analyse
from memdrift.evidence.compared import earlier_of
from memdrift.evidence.findings import ComparedWith, Comparison, ModuleChange, ProfileKind, Taken
from memdrift.evidence.limits import ProfileInvalid, ProfileProblem
from memdrift.evidence.sentence import bytes_for_people
from tests.evidence.building import goroutines, heap, taken
from tests.evidence.conftest import Profiled
from tests.evidence.recorded import recorded

HEAP, GOROUTINE = ProfileKind.HEAP, ProfileKind.GOROUTINE
MEBIBYTE = 1 << 20
ASYNC = "github.com/grab/async"


def story(metric_growth_bytes: float | None = 125.0 * MEBIBYTE) -> Comparison:
    return Comparison(
        current=(
            taken(recorded("leak_late.heap"), taken_at=375),
            taken(recorded("leak_late.goroutine"), GOROUTINE, taken_at=375),
        ),
        earlier=(
            taken(recorded("leak_young.heap"), uid="uid-b", taken_at=30),
            taken(recorded("leak_young.goroutine"), GOROUTINE, uid="uid-b", taken_at=30),
        ),
        healthy=(taken(recorded("healthy_young.goroutine"), GOROUTINE, uid="uid-h", revision="11", taken_at=30),),
        metric_growth_bytes=metric_growth_bytes,
    )


def test_the_story_names_the_module_its_version_and_the_change():
    findings = analyse(story())
    first = findings.suspects[0]
    assert (first.module, first.version, first.retained_by) == (ASYNC, "v0.0.3", "contexts")
    assert sum(suspect.share_percent for suspect in findings.suspects if suspect.module == ASYNC) > 90
    assert findings.changes == (ModuleChange(ASYNC, "v0.0.5", "v0.0.3", in_growing_stacks=True),)
    assert findings.compared_with == ComparedWith.BASELINE
    assert findings.explained_percent is not None
    assert 80 < findings.explained_percent <= 100
    assert findings.stacks[0].frames[0].startswith("context.")
    assert findings.stacks[0].growth_objects > 0


def test_the_story_in_words():
    sentence = analyse(story()).sentence
    assert f"is held by {ASYNC}.(*task)." in sentence
    assert f"(contexts), {ASYNC} v0.0.3; the last healthy revision had v0.0.5" in sentence
    assert "% of the memory's growth" in sentence


def test_without_an_earlier_profile_there_are_totals_and_no_growth():
    whole = story()
    findings = analyse(Comparison(current=whole.current, healthy=whole.healthy, metric_growth_bytes=1e9))
    assert findings.compared_with == "nothing: totals only"
    assert (findings.explained_percent, findings.profile_growth_bytes, findings.fingerprint) == (None, 0, "")
    assert findings.suspects[0].module == ASYNC
    assert "in use" in findings.sentence
    assert "this is not growth" in findings.sentence


def test_growth_of_a_metric_that_no_profile_explains():
    findings = analyse(story(metric_growth_bytes=10_000.0 * MEBIBYTE))
    assert findings.explained_percent is not None
    assert findings.explained_percent < 2


@pytest.mark.parametrize("metric_growth_bytes", [None, 0.0, -5.0])
def test_a_metric_that_did_not_grow_is_not_explained(metric_growth_bytes: float | None):
    assert analyse(story(metric_growth_bytes)).explained_percent is None


def test_the_healthy_twin_grows_by_its_own_cache_and_changed_no_module():
    findings = analyse(
        Comparison(
            current=(taken(recorded("twin_late.heap"), taken_at=375),),
            earlier=(taken(recorded("twin_young.heap"), taken_at=30),),
            healthy=(taken(recorded("twin_young.goroutine"), GOROUTINE, taken_at=30),),
        )
    )
    assert findings.profile_growth_bytes < 10 * MEBIBYTE
    assert findings.changes == ()
    assert findings.suspects[0].function.startswith("main.")


def of_program(folder: Path) -> Comparison:
    def at(age: str, seconds: float) -> tuple[Taken, ...]:
        return tuple(
            taken((folder / f"{age}.{kind}.pb.gz").read_bytes(), kind, taken_at=seconds) for kind in (HEAP, GOROUTINE)
        )

    return Comparison(current=at("late", 90), earlier=at("young", 30))


LEAKS = [
    ("context_leak", "main.(*service).follow", 0),
    ("map_leak", "main.newSession", 0),
    ("goroutine_leak", "main.hedged.func1", 15_000),
]


@pytest.mark.parametrize(("program", "function", "goroutines_at_least"), LEAKS)
def test_the_first_suspect_of_a_real_leak_is_the_leaking_function(
    profiled: Profiled, program: str, function: str, goroutines_at_least: int
):
    findings = analyse(of_program(profiled(program)))
    assert findings.suspects[0].function == function
    assert findings.suspects[0].share_percent > 50
    if goroutines_at_least:
        assert findings.growing_goroutines[0][0] == function
        assert findings.growing_goroutines[0][1] >= goroutines_at_least
        assert findings.suspects[0].retained_by == "goroutines"
        assert f"more goroutines were started with {function}" in findings.sentence


def test_a_full_cache_that_turns_over_hardly_grows(profiled: Profiled):
    findings = analyse(of_program(profiled("healthy_cache")))
    assert abs(findings.profile_growth_bytes) < 4 * MEBIBYTE


def at(uid: str, started_at: float, taken_at: float, revision: str = "12", kind: ProfileKind = HEAP) -> Taken:
    return taken(b"", kind, uid=uid, started_at=started_at, taken_at=taken_at, revision=revision)


CURRENT = at("a", 0, 1000)
CHOICES = [
    ("nothing", [], None, ComparedWith.NOTHING),
    ("the same pod earlier", [at("b", 0, 50), at("a", 0, 400)], 400, ComparedWith.SAME_POD),
    ("the first of several of the same pod", [at("a", 0, 400), at("a", 0, 200)], 200, ComparedWith.SAME_POD),
    ("a baseline of the revision", [at("b", 0, 60)], 60, ComparedWith.BASELINE),
    ("the youngest of several baselines", [at("b", 0, 300), at("c", 490, 500)], 500, ComparedWith.BASELINE),
    ("the same pod, but its container restarted", [at("a", -500, -400)], -400, ComparedWith.BASELINE),
    ("another revision is never compared with", [at("b", 0, 60, revision="11")], None, ComparedWith.NOTHING),
    ("a later profile is not earlier", [at("a", 0, 1000), at("a", 0, 2000)], None, ComparedWith.NOTHING),
    ("another kind is not compared with", [at("a", 0, 400, kind=GOROUTINE)], None, ComparedWith.NOTHING),
]


@pytest.mark.parametrize(
    ("earlier", "taken_at", "compared_with"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES]
)
def test_what_is_compared_with(earlier: list[Taken], taken_at: float | None, compared_with: ComparedWith):
    chosen, why = earlier_of(CURRENT, earlier)
    assert (chosen.taken_at if chosen else None, why) == (taken_at, compared_with)


def test_without_a_heap_profile_only_versions_are_told():
    only = Comparison((taken(recorded("leak_late.goroutine"), GOROUTINE),))
    findings = analyse(only)
    assert findings.module_versions[ASYNC] == "v0.0.3"
    assert (findings.suspects, findings.explained_percent) == ((), None)


def test_a_version_that_only_one_side_knows_is_no_change():
    files = {"github.com/a/b.F": "github.com/a/b@v1.0.0/f.go", "github.com/c/d.F": "github.com/c/d@v1.0.0/f.go"}
    current = taken(heap({("github.com/a/b.F",): 64}, files), taken_at=90)
    healthy = taken(heap({("github.com/c/d.F",): 64}, files), revision="11")
    assert analyse(Comparison((current,), (), (healthy,))).changes == ()


def test_a_change_outside_the_growing_stacks_says_so_and_comes_last():
    def held(version: str, leaked: int) -> bytes:
        files = {
            "github.com/a/idle.F": f"github.com/a/idle@{version}/f.go",
            "github.com/z/busy.F": f"github.com/z/busy@{version}/f.go",
        }
        return heap({("github.com/a/idle.F",): 64, ("github.com/z/busy.F",): leaked}, files)

    findings = analyse(
        Comparison(
            (taken(held("v2.0.0", 64000), taken_at=90),),
            (taken(held("v2.0.0", 64), taken_at=30),),
            (taken(held("v1.0.0", 64), revision="11"),),
        )
    )
    assert [(change.module, change.in_growing_stacks) for change in findings.changes] == [
        ("github.com/z/busy", True),
        ("github.com/a/idle", False),
    ]


def test_an_invalid_profile_is_named_by_its_pod():
    with pytest.raises(ProfileInvalid) as refused:
        analyse(Comparison((taken(b"<html>", pod="store-7"),)))
    assert refused.value.reason is ProfileProblem.NOT_GZIP
    assert "heap profile of pod store-7" in refused.value.message


def test_findings_are_bounded_and_survive_the_way_from_another_process():
    stacks = {tuple(f"main.f{number}_{frame}" for frame in range(100)): 1600 for number in range(60)}
    counts = dict.fromkeys(stacks, 9)
    current = (taken(heap(stacks), taken_at=90), taken(goroutines(counts), GOROUTINE, taken_at=90))
    one = {("main.other",): 16}
    earlier = (taken(heap(one), taken_at=30), taken(goroutines(one), GOROUTINE, taken_at=30))
    findings = analyse(Comparison(current, earlier))
    assert (len(findings.stacks), len(findings.suspects), len(findings.growing_goroutines)) == (50, 20, 20)
    assert max(len(stack.frames) for stack in findings.stacks) == 64
    assert pickle.loads(pickle.dumps(findings)) == findings


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (58 * MEBIBYTE, "58 MiB"),
        (58_825_114, "56.1 MiB"),
        (3 << 30, "3 GiB"),
        (-2048, "-2 KiB"),
    ],
)
def test_sizes_for_people(size: int, words: str):
    assert bytes_for_people(size) == words
