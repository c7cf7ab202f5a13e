"""What a drifting pod's peers do, and what hides growth: the gate informs, the sentence names."""

from __future__ import annotations

from dataclasses import replace

from memdrift.drift.blocks import LifeBlocks, Window
from memdrift.drift.judge import judge
from memdrift.drift.verdict import Gate, Verdict, VerdictKind
from tests.drift.series import MIB, POLICY, flat, life, line, noise, window

BLOCKS = 48


def leaking(pod: str, seed: int = 1) -> LifeBlocks:
    return life(live_heap=line(BLOCKS, 400, 200) + noise(BLOCKS, 2, seed), pod=pod)


def steady(pod: str, seed: int = 1) -> LifeBlocks:
    return life(live_heap=flat(BLOCKS, 400) + noise(BLOCKS, 2, seed), pod=pod)


def the(given: Window) -> Verdict:
    return next(verdict for verdict in judge([given], POLICY) if verdict.container == "store")


def peers(verdict: Verdict) -> Gate | None:
    return next((gate for gate in verdict.drifting_pods[0].gates if gate.name == "peers"), None)


def test_one_that_grows_among_steady_peers_still_drifts_and_says_one_of_ten() -> None:
    verdict = the(window(leaking("a"), *(steady(f"s{number}", number) for number in range(9))))
    assert verdict.kind is VerdictKind.DRIFTING
    gate = peers(verdict)
    assert gate is not None
    assert gate.passed
    assert gate.figure == 0.0
    assert gate.sentence.startswith("1 of 10 pods of revision r1 grow;")


def test_most_grow() -> None:
    gate = peers(the(window(leaking("a", 1), leaking("b", 2), leaking("c", 3), steady("d", 4))))
    assert gate is not None
    assert gate.sentence.startswith("3 of 4 pods of revision r1 grow;")
    assert gate.figure is not None
    assert 40 < gate.figure < 60


def test_all_that_began_together_are_said_to() -> None:
    gate = peers(the(window(leaking("a", 1), leaking("b", 2))))
    assert gate is not None
    assert gate.sentence.startswith("2 of 2 pods of revision r1 grow, since moments within ")


def test_pods_of_another_revision_are_no_peers() -> None:
    other = steady("b")
    verdict = the(window(leaking("a"), replace(other, life=replace(other.life, revision="r0"))))
    assert verdict.kind is VerdictKind.DRIFTING
    assert peers(verdict) is None


def test_an_autoscaler_that_adds_young_pods_is_named_and_the_oldest_are_judged() -> None:
    def young(pod: str) -> LifeBlocks:
        fresh = steady(pod)
        began = float(fresh.starts[-8])
        return replace(fresh, life=replace(fresh.life, started_at=began))

    verdict = the(window(leaking("a", 1), leaking("b", 2), young("c"), young("d"), young("e")))
    assert verdict.kind is VerdictKind.DRIFTING
    assert {pod.pod for pod in verdict.drifting_pods} == {"a", "b"}
    assert "the number of pods rose from 2 to 5" in verdict.sentence


def test_a_rollout_adds_no_pods() -> None:
    old, new = leaking("a"), leaking("b")
    gone = steady("c")
    began = float(new.starts[10])
    fresh = replace(new, life=replace(new.life, started_at=began))
    given = replace(window(old, fresh), past_lives=(gone,))
    assert "number of pods" not in the(given).sentence


def test_a_limit_that_was_raised_is_named_with_the_first_one() -> None:
    grown = leaking("a")
    raised = replace(grown.life, first_limit_bytes=int(500 * MIB), limit_bytes=int(1024 * MIB))
    sentence = the(window(replace(grown, life=raised))).sentence
    assert "the memory limit was raised from 500 MiB to 1024 MiB meanwhile: of the first one 120 % are held" in sentence


def test_a_limit_that_an_earlier_life_had_counts_as_the_first() -> None:
    grown, gone = life(live_heap=line(BLOCKS, 400, 200), limit=1024), life(live_heap=flat(BLOCKS, 400), limit=512)
    earlier = replace(gone, life=replace(gone.life, started_at=gone.life.started_at - 86_400))
    assert "raised from 512 MiB" in the(replace(window(grown), past_lives=(earlier,))).sentence
    assert "raised" not in the(window(grown)).sentence
