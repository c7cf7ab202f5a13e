"""What people said of a leak, and evidence that came late, over whole sequences of ticks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memdrift.api.driftincident import IncidentOutcome, Judgement, Stage
from memdrift.remedy import inforce
from tests import builders
from tests.fakes import Universe
from tests.remedy.test_guards import incident


def say(universe: Universe, name: str, word: Judgement) -> None:
    known = universe.incidents[name]
    universe.incidents[name] = known.replace(spec=known.spec.replace(judgement=word))


def remediating(universe: Universe) -> tuple[str, str]:
    assert universe.store is not None
    found = next(each for each in universe.store.status.conditions if each.type == "Remediating")
    return found.reason, found.message


@pytest.mark.parametrize(("word", "reason"), [(Judgement.EXPECTED, "JudgedExpected"), (Judgement.NOISE, "JudgedNoise")])
async def test_judged_growth_is_left_alone_visibly_until_it_is_beyond_what_was_judged(word: Judgement, reason: str):
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    first = universe.incident.metadata.name
    say(universe, first, word)
    await universe.tick()
    assert universe.incidents[first].status.outcome is IncidentOutcome.EXPECTED
    assert universe.incidents[first].status.judged is not None
    assert universe.incidents[first].status.judged.memory is not None
    acts, tickets = len(universe.acts), len(universe.tickets)
    await universe.live(30)
    assert (len(universe.acts), len(universe.tickets)) == (acts, tickets)
    assert remediating(universe)[0] == reason
    assert first in remediating(universe)[1]
    await universe.live(900, until=lambda: len(universe.incidents) > 1)
    assert len(universe.incidents) == 2
    await universe.live(120)
    newest = universe.incident
    assert newest.metadata.name != first
    assert newest.status.stage is Stage.HOLDING
    assert any(action.kind == "Judgement" and "beyond it now" in action.detail for action in newest.status.actions)


async def test_a_word_that_is_taken_back_no_longer_keeps_it_quiet():
    universe = Universe(store=builders.store("Approve"))
    await universe.live(300)
    first = universe.incident.metadata.name
    say(universe, first, Judgement.EXPECTED)
    await universe.live(20)
    assert len(universe.incidents) == 1
    say(universe, first, Judgement.LEAK)
    await universe.live(60, until=lambda: len(universe.incidents) > 1)
    assert len(universe.incidents) == 2


async def test_a_baseline_that_comes_late_makes_the_findings_anew():
    universe = Universe(store=builders.store("Approve", capture={"baseline": False}))
    await universe.live(300)
    assert universe.incident.status.findings is not None
    assert universe.incident.status.findings.explained_percent is None
    assert universe.incident.status.reason == "EvidenceDoesNotExplain"
    assert universe.store is not None
    universe.store = replace_spec(universe, baseline=True)
    young = builders.pod(7, universe.now)
    universe.target = replace(
        universe.target,
        pods=(*universe.target.pods, young),
        desired_replicas=3,
        ready_replicas=3,
        updated_replicas=3,
    )
    await universe.live(120)
    assert universe.store.status.baselines
    assert {each.pod_uid for each in universe.store.status.baselines} == {"uid-7"}
    findings = universe.incident.status.findings
    assert findings is not None
    assert findings.explained_percent is not None
    assert universe.incident.status.archive is not None
    analysed = [action for action in universe.incident.status.actions if action.kind == "Analyse"]
    assert len(analysed) == 2
    await universe.live(60)
    assert len([action for action in universe.incident.status.actions if action.kind == "Analyse"]) == 2


def replace_spec(universe: Universe, *, baseline: bool) -> object:
    assert universe.store is not None
    capture = universe.store.spec.capture.replace(baseline=baseline)
    return universe.store.replace(spec=universe.store.spec.replace(capture=capture))


@pytest.mark.parametrize("word", [Judgement.EXPECTED, Judgement.LEAK])
async def test_pruning_neither_revives_an_older_word_nor_forgets_the_one_in_force(word: Judgement):
    universe = Universe(behaviour=builders.HEALTHY)
    for number in range(1, 24):
        universe.incidents[f"features-{number}"] = incident(number, stage=Stage.CLOSED, outcome="Resolved")
    say(universe, "features-9", Judgement.EXPECTED if word is Judgement.LEAK else Judgement.LEAK)
    await universe.tick()
    universe.pass_time(10)
    say(universe, "features-2", word)
    await universe.live(120)
    assert set(universe.incidents) == {"features-2", *(f"features-{number}" for number in range(4, 24))}
    assert universe.incidents["features-2"].status.judged.judgement is word
    assert bool(inforce.standing({"f1"}, tuple(universe.incidents.values()))) is (word is Judgement.EXPECTED)
    for number in range(24, 44):
        universe.incidents[f"features-{number}"] = incident(number, stage=Stage.CLOSED, outcome="Resolved")
    await universe.live(300)
    assert {f"features-{number}" for number in range(24, 44)} <= set(universe.incidents)
    assert len(universe.incidents) == 20 + ("features-2" in universe.incidents)
    assert bool(inforce.standing({"f1"}, tuple(universe.incidents.values()))) is (word is Judgement.EXPECTED)
    assert ("features-2" in universe.incidents) is (word is Judgement.EXPECTED)
