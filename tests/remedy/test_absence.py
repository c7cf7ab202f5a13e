"""When a leak counts as gone, as tables: what is counted at one look, and when its ticket is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from memdrift.api.driftincident import AbsenceRecord, DriftIncident, Judgement, Stage, TicketRecord, VerdictRecord
from memdrift.drift import judge
from memdrift.drift.blocks import Bands, LifeBlocks, Window
from memdrift.drift.verdict import VerdictKind, VerdictReason
from memdrift.remedy import absence, afterwards, measured
from memdrift.remedy.facts import Facts
from memdrift.remedy.policy import combine
from memdrift.remedy.steps import Done, Failed, TellAbsence
from memdrift.remedy.target import Revision
from tests import builders
from tests.remedy.test_guards import incident

NOW = builders.START + timedelta(seconds=400)
NEEDED = 600
OLD = Revision("r1", 1, builders.START, ())
GUILTY = Revision("r2", 2, builders.START, ())
FIXED = Revision("r3", 3, builders.START, ())
COUNTED_UNTIL = NOW - timedelta(seconds=50)


def record(**changes: object) -> AbsenceRecord:
    known = AbsenceRecord(
        workload_uid="target-uid", revision="r3", revision_number=3, since_time=builders.START,
        block_end_time=COUNTED_UNTIL, judged_seconds=100, comparable_seconds=40,
    )  # fmt: skip
    return known.replace(**changes)


def leak(number: int = 1, **status: object) -> DriftIncident:
    """A closed incident with a ticket, confirmed at 40 requests per second in revision r2."""
    known: dict[str, object] = {
        "stage": Stage.CLOSED,
        "outcome": "Resolved",
        "ticket": TicketRecord(tracker="log", filed_time=builders.START),
        "verdict": VerdictRecord(
            kind="Drifting", reason="GrowthUnexplained", growth_kind="Heap", window_seconds=builders.WINDOW_SECONDS
        ),
        "load_per_second": "40",
    }
    return incident(number, **{**known, **status})


def look(
    *incidents: DriftIncident,
    behaviour: builders.Behaviour = builders.HEALTHY,
    blocks: Callable[[LifeBlocks], LifeBlocks] = lambda each: each,
    revision: str = "r3",
    spec: dict[str, object] | None = None,
    now: datetime = NOW,
    **target: object,
) -> Facts:
    """What is known at one look at two pods that have run for some minutes."""
    filing = {"absenceSeconds": NEEDED}
    store = builders.store(**{"filing": filing, **(spec or {})})  # type: ignore[arg-type]
    policy = combine(store.spec, builders.administration(), builders.NAMESPACE)
    pods = tuple(builders.pod(number, revision=revision) for number in (1, 2))
    seen = builders.window(pods, now, behaviour)
    windows: tuple[Window, ...] = (replace(seen, lives=tuple(blocks(each) for each in seen.lives)),)
    made = replace(builders.target(*pods, revisions=(OLD, GUILTY, FIXED)), **target)  # type: ignore[arg-type]
    return Facts(
        now=now, namespace=builders.NAMESPACE, store_name=builders.STORE, store=store, policy=policy, problem=None,
        target=made, verdicts=judge.judge(windows, policy.detection), windows=windows, metrics_problem=None,
        incidents=incidents,
    )  # fmt: skip


def every_second(blocks: LifeBlocks) -> LifeBlocks:
    """Every second block of the last fifty seconds has no sample."""
    gone = (blocks.starts >= COUNTED_UNTIL.timestamp()) & (np.arange(len(blocks.starts)) % 2 == 0)

    def holed(bands: Bands) -> Bands:
        return replace(bands, p50=np.where(gone, np.nan, bands.p50), count=np.where(gone, 0, bands.count))

    return replace(blocks, live_heap=holed(blocks.live_heap), resident=holed(blocks.resident))


def load_of(figure: float) -> Callable[[LifeBlocks], LifeBlocks]:
    return lambda blocks: replace(blocks, load=np.full_like(blocks.load, figure))


def unknown(facts: Facts) -> Facts:
    verdicts = [
        replace(each, kind=VerdictKind.UNKNOWN, reason=VerdictReason.COVERAGE_LOW, pods=()) for each in facts.verdicts
    ]
    return replace(facts, verdicts=tuple(verdicts))


GOING = leak(absence=record())
AT_THIS_LOOK: dict[str, tuple[DriftIncident, Callable[[DriftIncident], Facts], AbsenceRecord | None]] = {
    "the first steady look on a newer revision begins, and counts nothing": (
        leak(),
        look,
        record(since_time=NOW, block_end_time=NOW, judged_seconds=0, comparable_seconds=0),
    ),
    "a later look counts what was measured since the last one": (
        GOING, look, record(block_end_time=NOW, judged_seconds=150, comparable_seconds=90),
    ),
    "blocks without samples are not absence": (
        GOING, lambda it: look(it, blocks=every_second),
        record(block_end_time=NOW, judged_seconds=125, comparable_seconds=65),
    ),
    "no more is written down than was asked for": (
        leak(absence=record(judged_seconds=590, comparable_seconds=595)), look,
        record(block_end_time=NOW, judged_seconds=600, comparable_seconds=600),
    ),
    "a thirtieth of the load is absence at a load that is not comparable": (
        GOING, lambda it: look(it, blocks=load_of(1.3)), record(block_end_time=NOW, judged_seconds=150),
    ),
    "three quarters of the load are not comparable either": (
        GOING, lambda it: look(it, blocks=load_of(30.0)), record(block_end_time=NOW, judged_seconds=150),
    ),
    "load that is not measured is not comparable": (
        GOING, lambda it: look(it, blocks=load_of(np.nan)), record(block_end_time=NOW, judged_seconds=150),
    ),
    "a look soon after the last one writes nothing": (
        leak(absence=record(block_end_time=NOW - timedelta(seconds=10))), look,
        record(block_end_time=NOW - timedelta(seconds=10)),
    ),
    "enough was judged, and load is low: nothing is written": (
        leak(absence=record(judged_seconds=NEEDED)), lambda it: look(it, blocks=load_of(1.0)),
        record(judged_seconds=NEEDED),
    ),
    "no verdict says nothing": (GOING, lambda it: replace(look(it), verdicts=(), windows=()), record()),
    "an Unknown verdict says nothing": (GOING, lambda it: unknown(look(it)), record()),
    "drift ends it": (GOING, lambda it: look(it, behaviour=builders.LEAKING), None),
    "fewer drifting pods than minDriftingPods end it too": (
        GOING, lambda it: look(it, behaviour=builders.LEAKING, spec={"detection": {"minDriftingPods": 3}}), None,
    ),
    "a rollback to the revision that leaked ends it": (
        GOING, lambda it: look(it, revisions=(OLD, FIXED, replace(GUILTY, number=4))), None,
    ),
    "nothing counts within a rollout": (GOING, lambda it: look(it, rolling=True), record()),
    "nothing counts while pods of the revision that leaked run": (
        GOING, lambda it: look(it, pods=(builders.pod(1, revision="r3"), builders.pod(2, revision="r2"))), record(),
    ),
    "without the load of then it never begins": (leak(load_per_second=None), look, None),
    "with a load that is no number it never begins": (leak(load_per_second="?"), look, None),
    "a revision older than the one that leaked is no fix": (
        leak(), lambda it: look(it, revisions=(OLD, replace(GUILTY, number=4), FIXED)), None,
    ),
    "the revision that leaked is not known here: another workload, perhaps": (
        leak(), lambda it: look(it, revisions=(OLD, FIXED)), None,
    ),
    "it goes on where the revision that leaked was forgotten meanwhile": (
        GOING, lambda it: look(it, revisions=(FIXED,)),
        record(block_end_time=NOW, judged_seconds=150, comparable_seconds=90),
    ),
    "another workload begins anew, if at all": (GOING, lambda it: look(it, uid="other", revisions=(FIXED,)), None),
    "the leak came back since: that incident counts": (
        GOING, lambda it: look(it, leak(2, absence=None)), record(),
    ),
    "another leak since does not matter": (
        GOING, lambda it: look(it, leak(2, fingerprint="f2")),
        record(block_end_time=NOW, judged_seconds=150, comparable_seconds=90),
    ),
    "something of the container is open": (
        GOING, lambda it: look(it, leak(2, stage=Stage.HOLDING, fingerprint="f2")), record(),
    ),
    "it was accepted": (leak(outcome="Expected"), look, None),
    "it has no ticket": (leak(ticket=None), look, None),
    "its ticket is elsewhere": (leak(ticket=TicketRecord(tracker="jira", filed_time=NOW)), look, None),
    "nothing is filed any more": (GOING, lambda it: look(it, spec={"filing": None}), record()),
    "what was told stays told, whatever follows": (
        leak(absence=record(told_time=NOW)), lambda it: look(it, behaviour=builders.LEAKING), record(told_time=NOW),
    ),
    "the store is gone": (GOING, lambda it: replace(look(it), store=None, policy=None, target=None), record()),
}  # fmt: skip


@pytest.mark.parametrize(("known", "facts", "after"), AT_THIS_LOOK.values(), ids=AT_THIS_LOOK.keys())
def test_what_is_known_after_a_look(
    known: DriftIncident, facts: Callable[[DriftIncident], Facts], after: AbsenceRecord | None
) -> None:
    assert absence.followed(known, facts(known)) == after


def test_a_judged_leak_is_followed_and_an_accepted_one_is_not() -> None:
    for word, begins in ((Judgement.LEAK, True), (Judgement.EXPECTED, False), (Judgement.NOISE, False)):
        said = leak().replace(spec=leak().spec.replace(judgement=word))
        assert bool(absence.followed(said, look(said))) is begins


COMPLETE = record(judged_seconds=NEEDED, comparable_seconds=45)
TOLD_WHEN: dict[str, tuple[AbsenceRecord | None, Callable[[DriftIncident], Facts], bool]] = {
    "long enough, at comparable load": (COMPLETE, look, True),
    "never seen absent": (None, look, False),
    "not long enough": (COMPLETE.replace(judged_seconds=NEEDED - 5), look, False),
    "not long enough at comparable load": (COMPLETE.replace(comparable_seconds=40), look, False),
    "told already": (COMPLETE.replace(told_time=NOW), look, False),
    "the tracker did not answer a moment ago": (
        COMPLETE.replace(tried_time=NOW - timedelta(seconds=30)), look, False,
    ),
    "the tracker did not answer a while ago": (COMPLETE.replace(tried_time=NOW - timedelta(seconds=61)), look, True),
    "nothing is measured now": (COMPLETE, lambda it: replace(look(it), verdicts=(), windows=()), False),
    "the verdict is Unknown now": (COMPLETE, lambda it: unknown(look(it)), False),
    "it drifts now": (COMPLETE, lambda it: look(it, behaviour=builders.LEAKING), False),
    "a rollout is under way": (COMPLETE, lambda it: look(it, rolling=True), False),
    "the mode is Observe": (COMPLETE, lambda it: look(it, spec={"mode": "Observe"}), False),
    "hands off": (COMPLETE, lambda it: look(it, spec={"pauseRequests": ["load test"]}), False),
    "pods of another incident are being restarted": (
        COMPLETE, lambda it: look(it, leak(2, stage=Stage.VERIFYING).replace(spec=sidecar())), False,
    ),
    "another incident waits": (
        COMPLETE, lambda it: look(it, leak(2, stage=Stage.HOLDING, fingerprint="f2").replace(spec=sidecar())), True,
    ),
}  # fmt: skip


def sidecar() -> object:
    return leak(2).spec.replace(container="sidecar")


@pytest.mark.parametrize(("known", "facts", "told"), TOLD_WHEN.values(), ids=TOLD_WHEN.keys())
def test_told_when(known: AbsenceRecord | None, facts: Callable[[DriftIncident], Facts], told: bool) -> None:
    subject = leak(absence=known)
    seen = facts(subject)
    assert seen.policy is not None
    assert absence.due(seen, seen.policy) == (subject if told else None)


def test_nothing_is_told_under_the_kill_switch() -> None:
    seen = look(leak(absence=COMPLETE))
    assert seen.policy is not None
    assert absence.due(seen, replace(seen.policy, kill_switch=True)) is None


def test_a_slow_leak_is_gone_only_where_a_window_as_long_as_its_own_is_steady() -> None:
    slow = VerdictRecord(kind="Drifting", reason="GrowthUnexplained", growth_kind="Heap", window_seconds=720)
    subject = leak(absence=COMPLETE.replace(comparable_seconds=180), verdict=slow)
    seen = look(subject)
    assert seen.policy is not None
    long = replace(seen.windows[0], seconds=720)
    young = replace(seen, windows=(*seen.windows, long))
    assert absence.due(young, seen.policy) is None
    old = replace(young, verdicts=tuple(replace(each, window_seconds=720) for each in seen.verdicts))
    assert absence.due(old, seen.policy) == subject
    assert absence.due(seen, seen.policy) == subject, "a window that is not configured any more is not waited for"


def test_the_load_must_last_as_long_as_it_was_taken_over_and_never_longer_than_half_the_time() -> None:
    policy = look().policy
    assert policy is not None
    for window_seconds, seconds in ((180, 45), (21_600, 300), (0, 300)):
        verdict = VerdictRecord(kind="Drifting", reason="A", growth_kind="Heap", window_seconds=window_seconds)
        assert absence.comparable_seconds(leak(verdict=verdict), policy) == seconds


def test_the_sentence_is_that_of_the_tickets_reader() -> None:
    filing = {"tracker": "log", "absenceSeconds": 172_800}
    policy = look(spec={"filing": filing}).policy
    assert policy is not None
    subject = leak(absence=COMPLETE)
    assert absence.sentence(subject, policy) == "absent for 48 h at comparable load since revision 3"
    assert "45 s of it or more a pod's load was at least 80 % of the 40 per second" in absence.grounds(subject, policy)


def test_a_told_absence_is_told_for_older_incidents_of_the_ticket_too() -> None:
    other, first, second = leak(1, fingerprint="f9"), leak(2), leak(3, absence=COMPLETE)
    step = TellAbsence("features-3")
    facts = look(other, first, second)
    after = [afterwards.advance(each, facts, step, Done()) for each in facts.incidents]
    told = [status.absence is not None and status.absence.told_time == NOW for status in after]
    assert told == [False, True, True]
    assert [action.kind for action in after[2].actions] == ["LeakAbsent"]
    assert not after[1].actions
    pruned = look(other, first.replace(status=after[1]))
    assert pruned.policy is not None
    assert absence.due(pruned, pruned.policy) is None


def test_a_tracker_that_did_not_confirm_is_remembered_in_this_incident_only() -> None:
    first, second = leak(1), leak(2, absence=COMPLETE)
    facts = look(first, second)
    outcome = Failed("TrackerUnavailable", "down")
    after = [afterwards.advance(each, facts, TellAbsence("features-2"), outcome) for each in facts.incidents]
    assert after[0] == first.status
    assert after[1].absence == COMPLETE.replace(tried_time=NOW)


def test_a_load_is_reached_by_one_pod_and_never_by_two_together() -> None:
    facts = look(blocks=load_of(30.0))
    since = COUNTED_UNTIL.timestamp()
    seconds = measured.seconds_since(facts.windows[0], "app", frozenset({"uid-1", "uid-2"}), since, 32.0)
    assert (seconds.in_all, seconds.loaded) == (50, 0)
    assert measured.seconds_since(facts.windows[0], "app", frozenset({"uid-9"}), since, 0.0).in_all == 0
    assert measured.seconds_since(facts.windows[0], "sidecar", frozenset({"uid-1"}), since, 0.0).in_all == 0
