"""Incidents for the report's tests, each valid by itself: a test states only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from memdrift.api.driftincident import (
    ChangeRecord,
    DriftIncident,
    FindingsRecord,
    ProfileRecord,
    Recommendation,
    Stage,
    StoredDocument,
    SuspectRecord,
    VerdictRecord,
)

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SHA256 = "0" * 64


def suspect(function: str = "example.org/leak.Keep", **changes: Any) -> SuspectRecord:
    """A function that owns most of the growth."""
    known: dict[str, Any] = {
        "function": function,
        "module": "example.org/leak",
        "version": "v0.0.3",
        "growth": "90Mi",
        "share_percent": 91,
    }
    return SuspectRecord(**{**known, **changes})


def findings(*suspects: SuspectRecord) -> FindingsRecord:
    """What the profiles say."""
    return FindingsRecord(compared_with="baseline", profile_growth="90Mi", suspects=list(suspects), sentence="it grows")


def profile(**changes: Any) -> ProfileRecord:
    """A stored heap profile."""
    known: dict[str, Any] = {
        "pod": "features-a",
        "pod_uid": "uid-a",
        "pod_started_time": NOW,
        "container": "app",
        "kind": "heap",
        "taken_time": NOW,
        "uri": "file:///archive/features-a-heap.pb.gz",
        "sha256": SHA256,
        "bytes": 1234,
    }
    return ProfileRecord(**{**known, **changes})


def incident(**status: Any) -> DriftIncident:
    """An incident that waits, with evidence; parts of its status can be replaced."""
    known: dict[str, Any] = {
        "stage": Stage.HOLDING,
        "stage_entered_time": NOW,
        "confirmed_time": NOW,
        "growth_per_hour": "120Mi",
        "verdict": VerdictRecord(kind="Drifting", reason="GrowthUnexplained", growth_kind="Heap", sentence="it drifts"),
        "findings": findings(suspect()),
        "profiles": [profile()],
        "recommendation": Recommendation.ROLL_BACK,
        "change": ChangeRecord(revision_before="r1", revision_after="r2", sentence="leak v0.0.2 became v0.0.3"),
        "archive": StoredDocument(uri="file:///archive/document.json", sha256=SHA256),
    }
    return DriftIncident.model_validate(
        {
            "metadata": {"name": "features-2", "namespace": "market", "uid": "incident-uid"},
            "spec": {"storeRef": {"name": "features", "uid": "store-uid"}, "container": "app", "number": 2},
            "status": {**known, **status},
        }
    )
