"""Each guard as a table: a sentence, what differs from a case in which everything agrees, and the hold that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from memdrift.api.driftincident import (
    AffectedPod,
    Approval,
    DriftIncident,
    DriftIncidentSpec,
    DriftIncidentStatus,
    FindingsRecord,
    ObjectMeta,
    ObjectRef,
    PlanRecord,
    ProfileRecord,
    Stage,
    StoredDocument,
)
from memdrift.drift import judge
from memdrift.remedy import guards
from memdrift.remedy.facts import Facts
from memdrift.remedy.guards import Case
from memdrift.remedy.plan import plan_for
from memdrift.remedy.policy import combine
from memdrift.remedy.reasons import Reason
from memdrift.remedy.target import Disruption
from tests import builders

NOW = builders.START + timedelta(seconds=200)
SHA = "0" * 64


def incident(number: int = 1, **status: object) -> DriftIncident:
    """An incident of the store that holds with evidence stored."""
    profile = ProfileRecord(
        pod="features-1", pod_uid="uid-1", pod_started_time=builders.START, container="app", revision="r2",
        kind="heap", taken_time=NOW, uri="memory:heap", sha256=SHA, bytes=1,
    )  # fmt: skip
    known = DriftIncidentStatus(
        stage=Stage.HOLDING,
        stage_entered_time=NOW,
        affected_pods=[
            AffectedPod(name=f"features-{n}", uid=f"uid-{n}", started_time=builders.START, revision="r2")
            for n in (1, 2)
        ],
        profiles=[profile],
        findings=FindingsRecord(compared_with="baseline", profile_growth="50Mi", explained_percent=95),
        archive=StoredDocument(uri="memory:document", sha256=SHA),
        fingerprint="f1",
    )
    return DriftIncident(
        metadata=ObjectMeta(name=f"features-{number}", namespace=builders.NAMESPACE, uid=f"incident-{number}"),
        spec=DriftIncidentSpec(
            store_ref=ObjectRef(name=builders.STORE, uid="store-uid"), container="app", number=number
        ),
        status=known.replace(**status),
    )


@dataclass
class Setting:
    """Everything a case is made of; a row of the table changes one thing."""

    spec: dict = field(default_factory=dict)
    administration: dict = field(default_factory=dict)
    target: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)
    status: dict = field(default_factory=dict)
    behaviour: builders.Behaviour = builders.LEAKING
    approve: Callable[[str], Approval] | None = None
    earlier: tuple[DriftIncident, ...] = ()

    def case(self) -> Case:
        store = builders.store(**self.spec)
        store = store.replace(status=store.status.replace(observed_since=builders.START))
        policy = combine(store.spec, builders.administration(**self.administration), builders.NAMESPACE)
        pods = (builders.pod(1), builders.pod(2))
        target = replace(builders.target(*pods), **self.target)
        windows = (builders.window(pods, NOW, self.behaviour),)
        subject = incident(9, **self.status)
        plan = plan_for(subject, target, policy)
        if self.approve is not None:
            subject = subject.replace(spec=subject.spec.replace(approval=self.approve(plan.hash)))
        facts = Facts(
            now=NOW, namespace=builders.NAMESPACE, store_name=builders.STORE, store=store, policy=policy, problem=None,
            target=target, verdicts=judge.judge(windows, policy.detection), windows=windows, metrics_problem=None,
            incidents=(*self.earlier, subject),
        )  # fmt: skip
        return Case(replace(facts, **self.facts), policy, target, subject, plan)


def restarted(number: int, ago: timedelta, outcome: str = "Relieved", fingerprint: str = "f1") -> DriftIncident:
    """A closed incident whose stopgap began some time ago."""
    return incident(
        number,
        stage=Stage.CLOSED,
        restart_started_time=NOW - ago,
        closed_time=NOW - ago + timedelta(minutes=1),
        outcome=outcome,
        fingerprint=fingerprint,
        plan=PlanRecord(hash="12345678", strategy="WorstFirst"),
    )


def approval(plan: str, *, minutes: int = 10) -> Approval:
    return Approval(plan=plan, decision="Approved", by="alice", expires_at=NOW + timedelta(minutes=minutes))


HOURS = timedelta(hours=1)
NEVER_OPEN = {"days": ["Sunday"], "start": "01:00", "end": "02:00"}  # the tests happen on a Monday at 03:00

ENDLESS = {
    "mode": "Enforce", "minProbationSeconds": 0, "minCooldownSeconds": 0, "maxPer24Hours": 48, "maxPer7Days": 336,
}  # fmt: skip

HOLDS: dict[str, tuple[Setting, Reason]] = {
    "the kill switch is on": (Setting(administration={"killSwitch": True}), Reason.KILL_SWITCH),
    "a change freeze lasts until tomorrow": (
        Setting(administration={"freeze": {"until": NOW + timedelta(days=1), "reason": "sale"}}), Reason.FROZEN,
    ),
    "the owner paused it": (Setting(spec={"pauseRequests": ["load test"]}), Reason.PAUSED),
    "the mode is Observe": (Setting(spec={"mode": "Observe"}), Reason.MODE_FORBIDS),
    "the mode is Capture": (Setting(spec={"mode": "Capture"}), Reason.MODE_FORBIDS),
    "the ceiling is lower than the spec": (
        Setting(administration={"defaultCeiling": {"mode": "Capture"}}), Reason.MODE_FORBIDS,
    ),
    "the strategy is None": (Setting(spec={"remediation": {"strategy": "None"}}), Reason.STRATEGY_NONE),
    "the metrics did not answer": (
        Setting(facts={"metrics_problem": ("MetricsStale", "old")}), Reason.METRICS_UNAVAILABLE,
    ),
    "the clocks differ": (Setting(facts={"skew_seconds": 45.0}), Reason.CLOCK_SKEWED),
    "memory is steady now": (Setting(behaviour=builders.HEALTHY), Reason.VERDICT_CHANGED),
    "there is no verdict": (Setting(facts={"verdicts": ()}), Reason.VERDICT_CHANGED),
    "latency does not follow": (
        Setting(behaviour=builders.Behaviour(latency_per_mebibyte=0.0)), Reason.NO_IMPACT,
    ),
    "latency rises but is still under the objective": (
        Setting(spec={"objective": {"latencyMilliseconds": 2000}}), Reason.NO_IMPACT,
    ),
    "no heap profile is stored": (Setting(status={"profiles": []}), Reason.EVIDENCE_MISSING),
    "the profiles were never compared": (Setting(status={"findings": None}), Reason.EVIDENCE_DOES_NOT_EXPLAIN),
    "the profiles explain a third of the growth": (
        Setting(status={"findings": FindingsRecord(compared_with="b", profile_growth="1Mi", explained_percent=33)}),
        Reason.EVIDENCE_DOES_NOT_EXPLAIN,
    ),
    "the archive did not confirm": (Setting(status={"archive": None}), Reason.EVIDENCE_NOT_ARCHIVED),
    "the affected pods are gone": (
        Setting(status={"affected_pods": [AffectedPod(name="gone", uid="gone", started_time=builders.START)]}),
        Reason.VERDICT_CHANGED,
    ),
    "another controller owns the workload and the strategy is Rollout": (
        Setting(spec={"remediation": {"strategy": "Rollout"}}, target={"controller": "Platform/x"}),
        Reason.OWNED_BY_CONTROLLER,
    ),
    "the workload is paused": (Setting(target={"paused": True}), Reason.TARGET_PAUSED),
    "a rollout is under way": (Setting(target={"rolling": True}), Reason.ROLLOUT_IN_PROGRESS),
    "a pod is not ready": (Setting(target={"ready_replicas": 1}), Reason.NOT_ENOUGH_READY),
    "the workload has one replica": (
        Setting(target={"desired_replicas": 1, "ready_replicas": 1}), Reason.MINIMUM_AVAILABLE,
    ),
    "all pods must stay available": (
        Setting(spec={"remediation": {"minAvailable": "100%"}}), Reason.MINIMUM_AVAILABLE,
    ),
    "the disruption budget has no room": (
        Setting(target={"disruptions": (Disruption("budget", 0),)}), Reason.DISRUPTION_BUDGET_EXHAUSTED,
    ),
    "the last restart for this leak did not help": (
        Setting(earlier=(restarted(1, 30 * HOURS, "NotRelieved"),)), Reason.RESTART_INEFFECTIVE,
    ),
    "three restarts in a row were for this leak": (
        Setting(earlier=tuple(restarted(n, timedelta(days=9 - n)) for n in (1, 2, 3))), Reason.RESTART_INEFFECTIVE,
    ),
    "most stores want a restart": (Setting(facts={"fleet_stores": 10, "storming_stores": 5}), Reason.STORM),
    "a blocking alert fires": (
        Setting(spec={"remediation": {"blockingAlerts": ["Down"]}}, facts={"firing_alerts": ("Down",)}),
        Reason.BLOCKING_ALERT,
    ),
    "the blocking alerts could not be asked": (
        Setting(spec={"remediation": {"blockingAlerts": ["Down"]}}, facts={"firing_alerts": None}),
        Reason.BLOCKING_ALERT,
    ),
    "no allowed window is open": (
        Setting(spec={"remediation": {"allowedWindows": [NEVER_OPEN]}}), Reason.OUTSIDE_WINDOW,
    ),
    "the last restart was five minutes ago": (
        Setting(earlier=(restarted(1, timedelta(minutes=5), fingerprint="other"),)), Reason.COOLDOWN,
    ),
    "the budget of 24 hours is used up": (
        Setting(earlier=tuple(restarted(n, (10 - n) * HOURS, fingerprint=f"other-{n}") for n in (1, 2))),
        Reason.BUDGET_24_HOURS,
    ),
    "the budget of 7 days is used up": (
        Setting(
            spec={"remediation": {"maxPer24Hours": 2, "maxPer7Days": 2}},
            earlier=tuple(restarted(n, timedelta(days=6 - n), fingerprint=f"other-{n}") for n in (1, 2)),
        ),
        Reason.BUDGET_7_DAYS,
    ),
    "the mode is Approve and nobody answered": (Setting(spec={"mode": "Approve"}), Reason.APPROVAL_REQUIRED),
    "another plan of it was denied, though nobody had to be asked": (
        Setting(approve=lambda _: Approval(plan="0123456789abcdef", decision="Denied", by="bob")),
        Reason.APPROVAL_STALE,
    ),
    "not every store was looked at since the start": (Setting(facts={"fleet_known": False}), Reason.STORM),
    "a budget is larger than what the ledger remembers": (
        Setting(
            spec={"remediation": {"maxPer24Hours": 48, "maxPer7Days": 336}},
            administration={"defaultCeiling": ENDLESS},
            earlier=tuple(restarted(n, timedelta(minutes=30 * n), fingerprint=f"o-{n}") for n in range(1, 21)),
        ),
        Reason.BUDGET_24_HOURS,
    ),
    "the plan was denied": (
        Setting(spec={"mode": "Approve"}, approve=lambda plan: Approval(plan=plan, decision="Denied", by="bob")),
        Reason.APPROVAL_REQUIRED,
    ),
    "another plan was approved": (
        Setting(spec={"mode": "Approve"}, approve=lambda _: approval("0123456789abcdef")), Reason.APPROVAL_STALE,
    ),
    "the approval expired": (
        Setting(spec={"mode": "Approve"}, approve=lambda plan: approval(plan, minutes=-1)), Reason.APPROVAL_EXPIRED,
    ),
    "the store is on probation": (Setting(spec={"remediation": {"probationSeconds": 86400}}), Reason.PROBATION),
    "the administrator's probation is longer": (
        Setting(administration={"defaultCeiling": {"mode": "Enforce", "minCooldownSeconds": 0}}), Reason.PROBATION,
    ),
    "latency is known for the whole store only": (
        Setting(spec={"metrics": {"latency": {"preset": "http-server", "scope": "Store"}}}), Reason.LATENCY_SCOPE_STORE,
    ),
}  # fmt: skip

AGREEMENTS: dict[str, Setting] = {
    "everything agrees": Setting(),
    "exactly this plan was approved": Setting(spec={"mode": "Approve"}, approve=approval),
    "evidence is missing and the owner and the administrator chose to restart anyway": Setting(
        spec={"capture": {"whenEvidenceMissing": "Restart"}}, status={"profiles": [], "findings": None}
    ),
    "the limit is near and both chose to restart then": Setting(
        spec={"capture": {"whenEvidenceMissing": "RestartNearLimit", "nearLimitSeconds": 86400}},
        status={"profiles": [], "findings": None},
    ),
    "outside the windows, with proof, the limit near and overrides allowed": Setting(
        spec={"remediation": {"allowedWindows": [NEVER_OPEN], "overrideWindowWhenLimitWithinSeconds": 86400}}
    ),
    "eviction of a pod whose workload another controller owns": Setting(target={"controller": "Platform/x"}),
    "the last restart was longer ago than the cooldown": Setting(
        earlier=(restarted(1, timedelta(minutes=11), fingerprint="other"),)
    ),
    "two of two stores is no storm": Setting(facts={"fleet_stores": 2, "storming_stores": 2}),
    "a Rollout of one replica starts the new pod first": Setting(
        spec={"remediation": {"strategy": "Rollout"}}, target={"desired_replicas": 1, "ready_replicas": 1}
    ),
}


@pytest.mark.parametrize(("setting", "reason"), HOLDS.values(), ids=HOLDS.keys())
def test_holds_when(setting: Setting, reason: Reason) -> None:
    hold = guards.first_hold(guards.GO, setting.case())
    assert hold is not None
    assert hold.reason is reason
    assert hold.message


@pytest.mark.parametrize("setting", AGREEMENTS.values(), ids=AGREEMENTS.keys())
def test_agrees_when(setting: Setting) -> None:
    assert guards.first_hold(guards.GO, setting.case()) is None


def test_overrides_are_never_combined() -> None:
    setting = Setting(
        spec={
            "capture": {"whenEvidenceMissing": "Restart"},
            "remediation": {"allowedWindows": [NEVER_OPEN], "overrideWindowWhenLimitWithinSeconds": 86400},
        },
        status={"profiles": [], "findings": None},
    )
    hold = guards.first_hold(guards.GO, setting.case())
    assert hold is not None
    assert hold.reason is Reason.OUTSIDE_WINDOW


def test_every_guard_is_in_the_chain() -> None:
    named = {guard.__name__ for guard in (*guards.GO, *guards.NEXT)}
    written = {
        name
        for name, value in vars(guards).items()
        if callable(value) and getattr(value, "__annotations__", {}).get("return") == "Hold | None"
    }
    assert written - named == {"first_hold", "missing_evidence", "_refused"}
