"""Who is suspected, and what is said to be retained."""

from __future__ import annotations

import pytest

from memdrift.evidence.growth import growing_entries, heap_growth
from memdrift.evidence.holders import suspect_of
from memdrift.evidence.modules import origins
from memdrift.evidence.profile import decode
from memdrift.evidence.retention import retained_kind
from memdrift.evidence.suspects import suspects
from tests.evidence.building import heap

CONTEXT = ("context.(*cancelCtx).Done",)
MALG = ("runtime.mallocgc", "runtime.malg", "runtime.newproc1", "runtime.systemstack")

STACKS = [
    ("own code that allocates itself", ("main.newSession", "main.visit", "main.main"), "main.newSession"),
    ("a library through the standard library", (*CONTEXT, "github.com/a/b.Run", "main.main"), "github.com/a/b.Run"),
    ("own code through the standard library", ("bytes.growSlice", "bytes.(*Buffer).Write", "main.log"), "main.log"),
    ("the standard library alone", ("bufio.NewReaderSize", "net/http.(*conn).serve"), "net/http.(*conn).serve"),
    ("the runtime making a goroutine", MALG, ""),
]


@pytest.mark.parametrize(("stack", "suspect"), [row[1:] for row in STACKS], ids=[row[0] for row in STACKS])
def test_the_suspect_of_a_stack(stack: tuple[str, ...], suspect: str):
    assert suspect_of(stack, origins([decode(heap({stack: 16}))])) == suspect


KINDS = [
    ("contexts", ("context.withCancel", "context.WithCancel")),
    ("contexts", ("time.newTimer", "time.AfterFunc", "context.WithDeadlineCause")),
    ("timers", ("time.NewTimer",)),
    ("goroutines", ("runtime.malg", "runtime.newproc1")),
    ("maps", ("sync.(*Map).Store",)),
    ("maps", ("__rust_alloc", "<hashbrown::raw::RawTable<T,A>>::reserve_rehash")),
    ("maps", ("operator new(unsigned long)", "std::_Rb_tree<int, int>::_M_insert")),
    ("maps", ("internal/runtime/maps.NewTable", "internal/runtime/maps.(*Map).growToTable")),
    ("response bodies", ("bufio.NewReaderSize", "net/http.(*Transport).dialConn")),
    ("", ("bytes.growSlice",)),
    ("", ()),
]


@pytest.mark.parametrize(("kind", "frames"), KINDS)
def test_what_the_frames_below_say_is_retained(kind: str, frames: tuple[str, ...]):
    assert retained_kind(frames) == kind


def found(now: dict, then: dict, goroutines: dict | None = None):
    profiles = [decode(heap(now)), decode(heap(then))]
    named = dict.fromkeys(goroutines or {}, 16)
    known = origins([*profiles, *([decode(heap(named))] if named else [])])
    return suspects(heap_growth(*profiles), goroutines or {}, known)


def test_suspects_are_ranked_by_growth_and_share_the_positive_growth():
    ranked = found({("main.a",): 700, ("main.b",): 400, ("main.c",): 16}, {("main.a",): 100, ("main.c",): 160})
    assert [(suspect.function, suspect.growth_bytes) for suspect in ranked] == [("main.a", 600), ("main.b", 400)]
    assert [suspect.share_percent for suspect in ranked] == [60.0, 40.0]


def test_what_a_suspect_released_elsewhere_is_subtracted():
    ranked = found({("main.a", "main.x"): 900}, {("main.a", "main.y"): 600, ("main.z",): 160})
    assert [(suspect.function, suspect.growth_bytes) for suspect in ranked] == [("main.a", 300)]


def test_the_largest_part_of_the_growth_says_what_is_retained():
    now = {(*CONTEXT, "main.follow"): 900, ("main.follow",): 300}
    assert found(now, {("main.other",): 16})[0].retained_by == "contexts"


def test_memory_of_new_goroutines_is_shared_out_over_the_functions_they_run():
    goroutines = {("runtime.gopark", "main.hedged.func1"): 300, ("runtime.gopark", "main.poll"): 100}
    ranked = found({MALG: 4000}, {("main.other",): 16}, goroutines)
    assert [(s.function, s.growth_bytes, s.retained_by) for s in ranked] == [
        ("main.hedged.func1", 3000, "goroutines"),
        ("main.poll", 1000, "goroutines"),
    ]


def test_without_goroutine_profile_the_memory_of_goroutines_has_no_suspect():
    assert found({MALG: 4000}, {("main.other",): 16}) == ()


def test_goroutines_are_counted_by_the_function_they_were_started_with():
    changed = {("a", "main.x"): 5, ("b", "main.x"): 2, ("c", "main.y"): 9, ("d", "main.z"): -3}
    assert growing_entries(changed) == (("main.y", 9), ("main.x", 7))


def test_what_a_helper_makes_is_the_callers_that_keep_something_themselves():
    now = {
        ("main.make", "main.keep", "main.handle"): 9000,
        ("main.make", "main.store", "main.handle"): 6000,
        ("main.keep", "main.handle"): 600,
        ("main.store", "main.handle"): 600,
    }
    ranked = found(now, {("main.other",): 16})
    assert [(each.function, each.made_by, each.growth_bytes) for each in ranked] == [
        ("main.keep", "main.make", 9600),
        ("main.store", "main.make", 6600),
    ]


def test_a_function_whose_callers_keep_nothing_is_the_suspect_itself():
    now = {("main.append", "main.read", "main.main"): 9000, ("main.append", "main.write", "main.main"): 6000}
    assert [each.function for each in found(now, {("main.other",): 16})] == ["main.append"]


def test_a_recursive_function_is_not_made_by_itself():
    now = {("main.step", "main.walk", "main.step"): 9000, ("main.step", "main.main"): 600}
    assert [(each.function, each.made_by) for each in found(now, {("main.other",): 16})] == [("main.step", "")]


def test_a_connection_that_stays_is_of_whoever_sent_the_request():
    now = {
        ("bufio.NewReaderSize", "net/http.(*Transport).dialConn"): 8000,
        ("net/http.NewRequest", "net/http.(*Client).Get", "main.fetch", "main.main"): 800,
        ("main.other",): 16,
    }
    first = found(now, {("main.other",): 16})[0]
    assert (first.function, first.retained_by, first.growth_bytes) == ("main.fetch", "response bodies", 8800)


def test_a_dependency_is_told_with_its_caller_in_own_code():
    files = {"github.com/a/b.Run": "github.com/a/b@v1.0.0/run.go", "main.serve": "main.go", "main.other": "main.go"}
    now = {("github.com/a/b.Run", "main.serve"): 900, ("main.other",): 16}
    profiles = [decode(heap(now, files)), decode(heap({("main.other",): 16}, files))]
    first = suspects(heap_growth(*profiles), {}, origins(profiles))[0]
    assert (first.ownership, first.module, first.called_by) == ("dependency", "github.com/a/b", "main.serve")
