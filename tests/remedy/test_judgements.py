"""A person's word about a leak, and until when it counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memdrift.api.driftincident import DriftIncident, FindingsRecord, JudgedRecord, Judgement, LeakRecord, Stage
from memdrift.remedy import guards, inforce, judgements
from memdrift.remedy.judgements import Figures
from tests import builders
from tests.remedy.test_guards import NOW, Setting, incident

MEBIBYTE = builders.MEBIBYTE


def judged(number: int, word: Judgement, fingerprint: str = "f1", **judged_as: str) -> DriftIncident:
    closed = incident(number, stage=Stage.CLOSED, outcome="Expected", fingerprint=fingerprint)
    if judged_as:
        record = JudgedRecord(judgement=word, time=NOW - timedelta(days=1), **judged_as)
        closed = closed.replace(status=closed.status.replace(judged=record))
    return closed.replace(spec=closed.spec.replace(judgement=word))


STANDING = [
    ("nobody said anything", ("f1",), [incident(1)], False),
    ("it was judged Expected", ("f1",), [judged(1, Judgement.EXPECTED)], True),
    ("it was judged Noise", ("f1",), [judged(1, Judgement.NOISE)], True),
    ("another leak was", ("f1",), [judged(1, Judgement.EXPECTED, "f2")], False),
    ("a newer word takes it back", ("f1",), [judged(1, Judgement.EXPECTED), judged(2, Judgement.LEAK)], False),
    ("an older word does not", ("f1",), [judged(1, Judgement.LEAK), judged(2, Judgement.EXPECTED)], True),
    ("one of two leaks is not judged", ("f1", "f2"), [judged(1, Judgement.EXPECTED)], False),
    ("both are", ("f1", "f2"), [judged(1, Judgement.EXPECTED), judged(2, Judgement.NOISE, "f2")], True),
]


@pytest.mark.parametrize(("leaks", "known", "quiet"), [row[1:] for row in STANDING], ids=[row[0] for row in STANDING])
def test_what_stands(leaks: tuple[str, ...], known: list[DriftIncident], quiet: bool):
    assert bool(inforce.standing(leaks, known)) is quiet


BEYOND = [
    (Figures(100.0, 1000.0), Figures(100.0, 1000.0), ""),
    (Figures(140.0, 1400.0), Figures(100.0, 1000.0), ""),
    (Figures(100.0, 1600.0), Figures(100.0, 1000.0), "more than 1.5 times"),
    (Figures(160.0, 1000.0), Figures(100.0, 1000.0), "per hour, more than 1.5 times"),
    (Figures(None, 1600.0), Figures(100.0, None), ""),
]


@pytest.mark.parametrize(("now", "then", "words"), BEYOND)
def test_what_is_beyond(now: Figures, then: Figures, words: str):
    said = now.beyond(then)
    assert words in said
    assert bool(said) is bool(words)


def test_every_leak_of_an_incident_counts_and_its_container_where_none_is_named():
    leaks = [LeakRecord(fingerprint=f, owner="main.f", growth="1Mi", share_percent=50) for f in ("f1", "f2")]
    found = FindingsRecord(compared_with="baseline", profile_growth="2Mi", leaks=leaks)
    assert inforce.leaks_of(incident(1, findings=found)) == {"f1", "f2"}
    assert inforce.leaks_of(incident(1, findings=None, fingerprint=None)) == {"container app"}


def hold(known: DriftIncident):
    facts = Setting(earlier=(known,)).case().facts
    verdict = facts.verdict("app")
    assert verdict is not None
    assert verdict.drifting
    return judgements.hold_for(facts, verdict)


def test_growth_that_was_judged_is_not_even_captured_and_says_up_to_where():
    found = hold(judged(1, Judgement.NOISE, memory="400Mi", growth_per_hour="4Gi"))
    assert found is not None
    assert found.reason == "JudgedNoise"
    assert found.message == "a person judged this growth Noise in features-1: quiet up to 600 MiB and 6 GiB per hour"


def test_growth_beyond_what_was_judged_is_told_anew():
    assert hold(judged(1, Judgement.EXPECTED, memory="20Mi", growth_per_hour="4Gi")) is None


def test_another_revision_is_looked_at_again():
    known = judged(1, Judgement.EXPECTED, memory="400Mi")
    pods = [pod.replace(revision="r1") for pod in known.status.affected_pods]
    assert hold(known.replace(status=known.status.replace(affected_pods=pods))) is None


def test_an_incident_closed_by_anothers_word_keeps_what_was_judged_there():
    first = judged(1, Judgement.EXPECTED, memory="400Mi", growth_per_hour="4Gi")
    case = Setting(earlier=(first,)).case()
    record = judgements.judged_record(case.incident, case.facts)
    assert record is not None
    assert (record.judgement, record.memory, record.growth_per_hour) == (Judgement.EXPECTED, "400Mi", "4Gi")


def test_a_persons_own_word_keeps_the_figures_of_now():
    case = Setting().case()
    said = case.incident.replace(spec=case.incident.spec.replace(judgement=Judgement.EXPECTED))
    record = judgements.judged_record(said, case.facts)
    assert record is not None
    assert record.memory is not None
    assert record.growth_per_hour is not None


@pytest.mark.parametrize("word", sorted(inforce.QUIET))
def test_a_persons_word_also_ends_a_restart_that_has_begun(word: Judgement):
    case = Setting().case()
    said = replace(case, incident=case.incident.replace(spec=case.incident.spec.replace(judgement=word)))
    for chain in (guards.FIRST, guards.NEXT):
        held = guards.first_hold(chain, said)
        assert held is not None
        assert held.reason == judgements.JUDGED_QUIET[word]


def test_what_cannot_be_measured_is_no_smaller_than_it_was():
    first = judged(1, Judgement.EXPECTED, growth_per_hour="1Gi")
    case = Setting(earlier=(first,), status={"growth_per_hour": "4Gi"}).case()
    blind = replace(case.facts, verdicts=())
    found = judgements.quiet_about(case.incident, blind)
    assert found is not None
    assert "more than 1.5 times" in found[1]


DAY = timedelta(days=1)


def noticed(number: int, word: Judgement, days_ago: int, *leaks: str) -> DriftIncident:
    """A closed incident of these leaks, whose word was noticed so long ago."""
    said = judged(number, word, (leaks or ("f1",))[0])
    found = [LeakRecord(fingerprint=each, owner="main.f", growth="1Mi", share_percent=50) for each in leaks]
    findings = FindingsRecord(compared_with="baseline", profile_growth="2Mi", leaks=found)
    record = JudgedRecord(judgement=word, time=NOW - days_ago * DAY)
    return said.replace(status=said.status.replace(judged=record, findings=findings))


LEAK, EXPECTED, NOISE = Judgement.LEAK, Judgement.EXPECTED, Judgement.NOISE
NEWEST = [
    ("Leak was said of the older incident, later", [noticed(1, LEAK, 1), noticed(2, EXPECTED, 2)], False),
    ("Expected was said of the older incident, later", [noticed(1, EXPECTED, 1), noticed(2, LEAK, 2)], True),
    ("Leak was said of the older incident, since the last look", [judged(1, LEAK), noticed(2, EXPECTED, 0)], False),
    ("another word was said of the older one, since the last look", [
        noticed(1, LEAK, 9).replace(spec=judged(1, NOISE).spec), noticed(2, LEAK, 0)], True),
    ("both were noticed at once", [noticed(1, EXPECTED, 1), noticed(2, LEAK, 1)], False),
]  # fmt: skip


@pytest.mark.parametrize(("known", "quiet"), [row[1:] for row in NEWEST], ids=[row[0] for row in NEWEST])
def test_the_newest_word_is_the_one_that_was_noticed_last(known: list[DriftIncident], quiet: bool):
    assert bool(inforce.standing({"f1"}, known)) is quiet


def test_a_word_of_another_incident_that_closed_this_one_is_not_its_own():
    other = noticed(1, EXPECTED, 9)
    closed = noticed(2, Judgement.NONE, 8)
    inherited = JudgedRecord(judgement=EXPECTED, time=NOW - 8 * DAY, incident="features-1")
    closed = closed.replace(status=closed.status.replace(judged=inherited))
    taken_back = noticed(3, LEAK, 5)
    assert not inforce.standing({"f1"}, [other, closed, taken_back])
    said_now = closed.replace(spec=closed.spec.replace(judgement=EXPECTED))
    assert inforce.standing({"f1"}, [other, said_now, taken_back]) == (said_now,)
    record = judgements.noticed(said_now, Setting().case().facts)
    assert record is not None
    assert (record.time, record.incident) == (NOW, None)


def test_a_word_is_noticed_once_with_the_figures_of_its_incident():
    facts = Setting().case().facts
    said = judged(1, NOISE).replace(status=incident(1, stage=Stage.CLOSED, growth_per_hour="4Gi").status)
    record = judgements.noticed(said, facts)
    assert record is not None
    assert (record.judgement, record.time, record.growth_per_hour) == (NOISE, NOW, "4Gi")
    known = said.replace(status=said.status.replace(judged=record))
    assert judgements.noticed(known, replace(facts, now=NOW + DAY)) is record
    assert judgements.noticed(incident(1), facts) is None


def test_a_word_that_was_taken_back_is_a_new_one_when_it_is_given_again():
    facts = Setting().case().facts
    first, leak = noticed(1, EXPECTED, 9), noticed(2, LEAK, 5)
    taken_back = first.replace(spec=first.spec.replace(judgement=Judgement.NONE))
    blank = taken_back.replace(status=taken_back.status.replace(judged=judgements.noticed(taken_back, facts)))
    given = blank.replace(spec=first.spec)
    again = given.replace(status=given.status.replace(judged=judgements.noticed(given, facts)))
    assert not inforce.standing({"f1"}, [first, leak])
    assert inforce.standing({"f1"}, [again, leak]) == (again,)


def test_anothers_word_stays_on_record_where_nobody_said_anything_here():
    inherited = JudgedRecord(judgement=EXPECTED, time=NOW, incident="features-9")
    closed = incident(1, stage=Stage.CLOSED, judged=inherited)
    assert judgements.noticed(closed, Setting().case().facts) is inherited


EXPENDABLE: list[tuple[str, list[DriftIncident], int | None]] = [
    ("nobody said anything: the oldest", [incident(n, stage=Stage.CLOSED) for n in (1, 2)], 1),
    ("an open incident is never forgotten", [incident(1), incident(2, stage=Stage.CLOSED)], 2),
    ("a quiet word in force stays", [noticed(1, EXPECTED, 9), incident(2, stage=Stage.CLOSED)], 2),
    ("an older quiet word is not in force", [noticed(1, EXPECTED, 9), noticed(2, NOISE, 1)], 1),
    ("a word that was taken back may go", [noticed(1, EXPECTED, 9), noticed(2, LEAK, 1)], 1),
    ("what took it back may not go before it", [noticed(1, LEAK, 1), noticed(2, EXPECTED, 9)], 2),
    ("it may go after it", [noticed(1, LEAK, 1), incident(2, stage=Stage.CLOSED)], 1),
    ("both are in force, for different leaks", [noticed(1, EXPECTED, 9, "f1"), noticed(2, NOISE, 1, "f2")], None),
    ("one of its two leaks was judged anew", [
        noticed(1, EXPECTED, 9, "f1", "f2"), noticed(2, LEAK, 1, "f2")], None),
    ("an open one took it back", [
        noticed(1, EXPECTED, 9), incident(2).replace(spec=judged(2, LEAK).spec)], 1),
]  # fmt: skip


@pytest.mark.parametrize(("known", "number"), [row[1:] for row in EXPENDABLE], ids=[row[0] for row in EXPENDABLE])
def test_what_may_be_forgotten(known: list[DriftIncident], number: int | None):
    found = inforce.expendable(known)
    assert (None if found is None else found.spec.number) == number


@given(st.lists(st.tuples(st.sampled_from(Judgement), st.integers(0, 5), st.sampled_from(["f1", "f2"])), max_size=12))
def test_forgetting_changes_nothing_of_what_stands(said: list[tuple[Judgement, int, str]]):
    known = [
        noticed(number, word, ago, leak) if word else incident(number, stage=Stage.CLOSED, fingerprint=leak)
        for number, (word, ago, leak) in enumerate(said, start=1)
    ]
    before = [inforce.standing({leak}, known) for leak in ("f1", "f2")]
    while (gone := inforce.expendable(known)) is not None:
        known = [each for each in known if each is not gone]
        assert [inforce.standing({leak}, known) for leak in ("f1", "f2")] == before
    assert len(known) <= 2
