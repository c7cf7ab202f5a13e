"""Which stored files are dispensable: never what is needed, never before what replaces it is seen."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memdrift.evidence.disposal import IncidentRecord, KeptFile, KnownProfile, of_baselines, of_incident

DAY = 86_400.0
FOLDER = "incidents/market/features-1-0a1b2c3d"
NOW = 1000 * DAY


def profile(name: str, taken_at: float, rank: int, kind: str = "heap") -> KnownProfile:
    return KnownProfile(f"{FOLDER}/profiles/{name}-{kind}.pb.gz", kind, taken_at, rank)


def files(*keys: str) -> list[KeptFile]:
    return [KeptFile(key, float(number)) for number, key in enumerate(keys)]


FIVE = (
    profile("a", 10, 3),
    profile("b", 20, 2),
    profile("c", 30, 0),
    profile("d", 40, 1),
    profile("e", 50, 4),
)


def test_first_last_and_worst_of_each_kind_stay() -> None:
    kinds = [
        *FIVE,
        *(profile(name, at, rank, "goroutine") for name, at, rank in (("a", 10, 0), ("b", 20, 1), ("c", 30, 2))),
    ]
    record = IncidentRecord(NOW - 40 * DAY, tuple(kinds))
    spare = of_incident(files(*(each.key for each in kinds)), record, NOW, 30 * DAY)
    assert [file.key.rsplit("/", 1)[-1] for file in spare] == ["b-heap.pb.gz", "d-heap.pb.gz", "b-goroutine.pb.gz"]


@pytest.mark.parametrize("closed_at", [None, NOW - 29 * DAY])
def test_nothing_goes_before_its_time(closed_at: float | None) -> None:
    record = IncidentRecord(closed_at, FIVE)
    assert of_incident(files(*(each.key for each in FIVE)), record, NOW, 30 * DAY) == ()


@pytest.mark.parametrize("missing", ["a", "c", "e"])
def test_while_one_that_must_stay_is_not_seen_nothing_goes(missing: str) -> None:
    seen = [each.key for each in FIVE if f"/{missing}-" not in each.key]
    assert of_incident(files(*seen), IncidentRecord(0.0, FIVE), NOW, DAY) == ()


def test_of_documents_the_newest_and_the_named_stay_and_all_decisions() -> None:
    names = [f"{FOLDER}/{name}" for name in (
        "document-1.json", "report-1.html", "decision-1.json", "document-2.json", "decision-2.json", "document-3.json",
        "report-2.html", "something.else",
    )]  # fmt: skip
    record = IncidentRecord(0.0, (), frozenset({f"{FOLDER}/document-2.json"}))
    assert [file.key.rsplit("/", 1)[-1] for file in of_incident(files(*names), record, NOW, DAY)] == [
        "document-1.json",
        "report-1.html",
    ]


def test_documents_stored_at_the_same_moment_all_stay() -> None:
    same = [KeptFile(f"{FOLDER}/document-{number}.json", 5.0) for number in range(3)]
    assert of_incident(same, IncidentRecord(0.0, ()), NOW, DAY) == ()


def test_of_reports_stored_at_the_same_moment_the_one_on_record_stays_alone() -> None:
    same = [KeptFile(f"{FOLDER}/report-{number}.html", 5.0) for number in range(3)]
    record = IncidentRecord(0.0, (), frozenset({f"{FOLDER}/report-1.html"}))
    assert [file.key[-6] for file in of_incident(same, record, NOW, DAY)] == ["0", "2"]


def test_a_report_on_record_stays_beside_a_newer_one() -> None:
    rows = [KeptFile(f"{FOLDER}/report-{number}.html", float(number)) for number in range(4)]
    record = IncidentRecord(0.0, (), frozenset({f"{FOLDER}/report-2.html"}))
    assert [file.key[-6] for file in of_incident(rows, record, NOW, DAY)] == ["0", "1"]


def test_until_the_newer_report_is_seen_the_older_one_stays() -> None:
    record = IncidentRecord(0.0, (), frozenset({f"{FOLDER}/report-2.html"}))
    assert of_incident([KeptFile(f"{FOLDER}/report-1.html", 1.0)], record, NOW, DAY) == ()


def test_what_is_not_on_record_stays() -> None:
    extra = f"{FOLDER}/profiles/unknown-heap.pb.gz"
    spare = of_incident(files(extra, *(each.key for each in FIVE)), IncidentRecord(0.0, FIVE), NOW, DAY)
    assert extra not in {file.key for file in spare}


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 9), st.sampled_from(["heap", "goroutine"]), st.booleans()),
        max_size=12,
    )
)
def test_at_any_moment_first_last_and_worst_of_what_was_seen_survive(rows: list[tuple[int, int, str, bool]]) -> None:
    known = tuple(profile(f"p{number}", at, rank, kind) for number, (at, rank, kind, _) in enumerate(rows))
    seen = [each.key for each, row in zip(known, rows, strict=True) if row[3]]
    left = set(seen)
    for file in of_incident(files(*seen), IncidentRecord(0.0, known), NOW, DAY):
        left.discard(file.key)
        again = [spare.key for spare in of_incident(files(*sorted(left)), IncidentRecord(0.0, known), NOW, DAY)]
        assert set(again) <= set(seen)
    for kind in ("heap", "goroutine"):
        of_kind = [each for each in known if each.kind == kind]
        if not of_kind:
            continue
        needed = {
            min(of_kind, key=lambda each: (each.taken_at, each.key)).key,
            max(of_kind, key=lambda each: (each.taken_at, each.key)).key,
            min(of_kind, key=lambda each: (each.rank, each.taken_at, each.key)).key,
        }
        assert needed & set(seen) <= left


def baseline(revision: str, stored_at: float, container: str = "app", kind: str = "heap") -> KeptFile:
    return KeptFile(f"baselines/market/features/{revision}/{container}/{kind}.pb.gz", stored_at)


OLD, MIDDLE, NEW = baseline("r1", 10 * DAY), baseline("r2", 20 * DAY), baseline("r3", 30 * DAY)


def test_baselines_out_of_use_go_once_a_newer_one_in_use_is_old_enough() -> None:
    assert of_baselines([NEW, MIDDLE, OLD], frozenset({NEW.key}), frozenset({"r3"}), NOW, 30 * DAY) == (OLD, MIDDLE)
    assert of_baselines([NEW, MIDDLE, OLD], frozenset({NEW.key}), frozenset(), 59 * DAY, 30 * DAY) == ()


def test_baselines_in_use_or_of_a_running_revision_stay() -> None:
    assert of_baselines([OLD, NEW], frozenset({OLD.key, NEW.key}), frozenset(), NOW, DAY) == ()
    assert of_baselines([OLD, NEW], frozenset({NEW.key}), frozenset({"r1"}), NOW, DAY) == ()


def test_without_a_newer_one_in_use_of_the_same_container_and_kind_all_stay() -> None:
    others = [baseline("r3", 30 * DAY, container="sidecar"), baseline("r3", 30 * DAY, kind="goroutine")]
    assert of_baselines([OLD, *others], frozenset(each.key for each in others), frozenset(), NOW, DAY) == ()
    assert of_baselines([OLD, NEW], frozenset(), frozenset(), NOW, DAY) == ()
    assert of_baselines([OLD, NEW], frozenset({OLD.key}), frozenset(), NOW, DAY) == ()


def test_the_order_of_the_listing_does_not_matter() -> None:
    rows = [OLD, MIDDLE, NEW]
    answers = {of_baselines(each, frozenset({NEW.key}), frozenset(), NOW, DAY) for each in itertools.permutations(rows)}
    assert len(answers) == 1
