"""The FeatureStore: what an owner asks for, and what memdrift answers.

Exists as the front door of the resource: everything about it can be imported from here. Must not decide anything.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from memdrift.api.capture import CaptureSpec, ProfileFormat, ProfileName, WhenEvidenceMissing
from memdrift.api.detection import DetectionSpec
from memdrift.api.filing import FilingSpec, Owner
from memdrift.api.metadata import Condition, ConditionStatus, ObjectMeta
from memdrift.api.metrics import (
    LatencyMetrics,
    LatencyPreset,
    LatencyScope,
    LoadMetrics,
    LoadPreset,
    MemoryMetrics,
    MemoryPreset,
    MetricsSpec,
)
from memdrift.api.remediation import AllowedWindow, Mode, RemediationSpec, Strategy, Weekday
from memdrift.api.storestatus import Baseline, Budget, FeatureStoreStatus, Hit, LedgerEntry
from memdrift.api.wire import API_VERSION, Name, WireModel, rules

__all__ = [
    "AllowedWindow", "Baseline", "Budget", "CaptureSpec", "Condition", "ConditionStatus", "DetectionSpec",
    "FeatureStore", "FeatureStoreSpec", "FeatureStoreStatus", "FilingSpec", "Hit", "LatencyMetrics",
    "LatencyPreset", "LatencyScope", "LedgerEntry", "LoadMetrics", "LoadPreset", "MemoryMetrics",
    "MemoryPreset", "MetricsSpec", "Mode", "ObjectMeta", "Objective", "Owner", "ProfileFormat", "ProfileName",
    "Quantile", "RemediationSpec", "Strategy", "TargetKind", "TargetRef", "Weekday", "WhenEvidenceMissing",
]  # fmt: skip


class TargetKind(StrEnum):
    """The workloads that memdrift understands."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"
    ROLLOUT = "Rollout"


class Quantile(StrEnum):
    """The quantiles of latency that an objective can speak about."""

    P50 = "0.5"
    P75 = "0.75"
    P90 = "0.9"
    P95 = "0.95"
    P99 = "0.99"
    P999 = "0.999"


class TargetRef(WireModel):
    """The workload to watch, in the same namespace."""

    model_config = rules(
        (
            "self.apiVersion == (self.kind == 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1')",
            "`apiVersion` must be `argoproj.io/v1alpha1` for kind `Rollout` and `apps/v1` for every other kind",
        ),
    )

    api_version: Literal["apps/v1", "argoproj.io/v1alpha1"] = "apps/v1"
    """The API version of the workload: `apps/v1` (default), or `argoproj.io/v1alpha1` for an Argo Rollout."""
    kind: TargetKind
    """The kind of the workload: `Deployment`, `StatefulSet`, `DaemonSet` or `Rollout`."""
    name: Name
    """The name of the workload. Only one FeatureStore may point at it."""


class Objective(WireModel):
    """What latency the users of the store were promised."""

    latency_milliseconds: Annotated[int, Field(ge=1, le=600_000)] = 200
    """The latency that is not to be exceeded, in milliseconds. Default 200."""
    quantile: Quantile = Quantile.P99
    """The share of requests that the objective holds for, as text. Default `"0.99"`."""


class FeatureStoreSpec(WireModel):
    """What the owner asks for."""

    target_ref: TargetRef
    """The workload to watch, in the same namespace."""
    mode: Mode = Mode.OBSERVE
    """How far memdrift may go. `Observe` (default): judge, record incidents, tell. `Capture`: also take profiles and
    file. `Approve`: also restart after a person's yes. `Enforce`: also restart by itself when every guard agrees. The
    administrator's ceiling may allow less."""
    objective: Objective = Objective()
    """What latency the users of the store were promised."""
    metrics: MetricsSpec
    """Where memory, latency and load are read."""
    evaluation_period_seconds: Annotated[int, Field(ge=2, le=3600)] = 60
    """How often the store is judged, in seconds. Default 60."""
    detection: DetectionSpec = DetectionSpec()
    """When growth counts as drift."""
    capture: CaptureSpec = CaptureSpec()
    """How evidence is taken."""
    remediation: RemediationSpec = RemediationSpec()
    """How time is bought, and what must agree first."""
    filing: FilingSpec | None = None
    """Where and for whom an incident is filed. Default: it is not filed, only recorded."""
    pause_requests: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=256)]],
        Field(max_length=16, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ] = Field(default=[])
    """Reasons, as free text, why memdrift must keep its hands off for now. Any entry stops captures, filings and
    restarts; judging goes on."""


class FeatureStore(WireModel):
    """A feature store whose memory is watched: the workload, its objective, and how far memdrift may go."""

    model_config = rules(
        (
            "size(self.metadata.name) <= 52",
            "`metadata.name` must not be longer than 52 characters: incidents and labels carry it",
        ),
    )

    api_version: Literal["memdrift.io/v1alpha1"] = API_VERSION  # type: ignore[assignment]
    kind: Literal["FeatureStore"] = "FeatureStore"
    metadata: ObjectMeta = ObjectMeta()
    spec: FeatureStoreSpec
    status: FeatureStoreStatus = FeatureStoreStatus()
