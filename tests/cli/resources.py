"""Resources as the operator would have left them, so that the command line can be tested without one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from memdrift.api.driftincident import (
    ActionRecord,
    ActionState,
    Condition,
    ConditionStatus,
    DriftIncidentStatus,
    FindingsRecord,
    GateRecord,
    IncidentOutcome,
    ObjectRef,
    PlanRecord,
    Recommendation,
    Stage,
    SuspectRecord,
    VerdictRecord,
)
from memdrift.api.featurestore import Budget, FeatureStoreStatus

PLAN = "0123456789abcdef"
CONFIRMED = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
HOSTILE = "\x1b[31mroot\x1b[0m\u202egnp"
"""Colours a terminal and reverses the rest of its line, unless it is taken apart."""


def _condition(kind: str, status: ConditionStatus, reason: str, message: str) -> Condition:
    return Condition(type=kind, status=status, reason=reason, message=message, last_transition_time=CONFIRMED)


def judged_store() -> FeatureStoreStatus:
    """A store that drifts and waits for a person."""
    return FeatureStoreStatus(
        conditions=[
            _condition("Ready", ConditionStatus.TRUE, "Evaluated", "the store can be judged"),
            _condition("Drifting", ConditionStatus.TRUE, "GrowthWithLatency", "memory of app grows 120 Mi/h"),
            _condition("Remediating", ConditionStatus.FALSE, "ApprovalRequired", "features-2: mode Approve"),
            _condition("Stalled", ConditionStatus.TRUE, "ApprovalRequired", "mode Approve"),
        ],
        last_evaluation_time=CONFIRMED,
        verdict="DriftingWithImpact",
        growth_per_hour="120Mi",
        seconds_to_limit=7200,
        latency_milliseconds=812,
        incident="features-2",
        incident_count=2,
        next_eligible_time=CONFIRMED + timedelta(hours=6),
        budget=Budget(used_last_24_hours=1, used_last_7_days=2, consecutive=1),
    )


def waiting_incident(plan: str = PLAN) -> DriftIncidentStatus:
    """An incident with evidence whose plan waits for an answer."""
    gates = [
        GateRecord(name="trend", figure="0.93", threshold="0.6", unit="tau", passed=True, sentence="memory rises"),
        GateRecord(
            name="load", figure="", threshold="0.5", unit="share", passed=None, sentence="load was not measured"
        ),
    ]
    suspect = SuspectRecord(
        function=HOSTILE, module="example.org/leak", version="v0.0.3", growth="90Mi", share_percent=91
    )
    return DriftIncidentStatus(
        stage=Stage.HOLDING,
        stage_entered_time=CONFIRMED,
        confirmed_time=CONFIRMED,
        reason="ApprovalRequired",
        message="mode Approve",
        growth_per_hour="120Mi",
        verdict=VerdictRecord(
            kind="DriftingWithImpact",
            reason="GrowthWithLatency",
            growth_kind="Heap",
            sentence=f"memory of {HOSTILE} grows",
            gates=gates,
        ),
        findings=FindingsRecord(
            compared_with="baseline",
            profile_growth="90Mi",
            explained_percent=88,
            suspects=[suspect],
            sentence=f"{HOSTILE} keeps 91 % of the growth",
        ),
        recommendation=Recommendation.ROLL_BACK,
        plan=PlanRecord(
            hash=plan,
            strategy="WorstFirst",
            pods=[ObjectRef(name="features-a", uid="uid-a")],
            sentence="evict 1 of 2 pods, one at a time: features-a",
        ),
        actions=[
            ActionRecord(kind="Capture", pod="features-a", state=ActionState.DONE, time=CONFIRMED, detail=HOSTILE)
        ],
    )


def closed_incident() -> DriftIncidentStatus:
    """An incident that was relieved."""
    return DriftIncidentStatus(
        stage=Stage.CLOSED,
        stage_entered_time=CONFIRMED,
        confirmed_time=CONFIRMED,
        closed_time=CONFIRMED + timedelta(hours=1),
        outcome=IncidentOutcome.RELIEVED,
    )


def unplanned_incident() -> DriftIncidentStatus:
    """An incident whose evidence is still being taken."""
    return DriftIncidentStatus(stage=Stage.CAPTURING, stage_entered_time=CONFIRMED, confirmed_time=CONFIRMED)


def incident(store: str, number: int) -> dict[str, Any]:
    """The manifest of an incident, without its status."""
    return {
        "apiVersion": "memdrift.io/v1alpha1",
        "kind": "DriftIncident",
        "metadata": {"name": f"{store}-{number}"},
        "spec": {"storeRef": {"name": store, "uid": "store-uid"}, "container": "app", "number": number},
    }
