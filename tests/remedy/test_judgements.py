"""A person's word about a leak, and until when it counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from memdrift.api.driftincident import DriftIncident, FindingsRecord, JudgedRecord, Judgement, LeakRecord, Stage
from memdrift.remedy import guards, judgements
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
    assert bool(judgements.standing(leaks, known)) is quiet


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
    assert judgements.leaks_of(incident(1, findings=found)) == {"f1", "f2"}
    assert judgements.leaks_of(incident(1, findings=None, fingerprint=None)) == {"container app"}


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


@pytest.mark.parametrize("word", sorted(judgements.QUIET))
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
