"""What memdrift last saw and did for a store: `status` of a FeatureStore.

Exists because all state that must survive the operator lives in the resources. Must not hold evidence: that is in the
incident and the archive.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from memdrift.api.metadata import Condition
from memdrift.api.quantities import Quantity, SignedQuantity
from memdrift.api.wire import (
    FIRST_16,
    FIRST_64,
    NEWEST_20,
    NEWEST_24,
    UID,
    Count,
    Name,
    Sha256,
    Text,
    Time,
    Uri,
    WireModel,
    Word,
)


class Hit(WireModel):
    """How often in a row new measurements saw drift in one container."""

    container: Text
    """The container, or the word for the pods' total."""
    count: Count
    """How many new blocks in a row saw drift."""
    block_end_time: Time
    """The end of the youngest block that was counted, so that the same data never counts twice."""
    since_time: Time
    """When the first of these hits was seen."""


class Budget(WireModel):
    """How many stopgaps were used, rolling."""

    used_last_24_hours: Count = 0
    """Stopgaps in the last 24 hours."""
    used_last_7_days: Count = 0
    """Stopgaps in the last 7 days."""
    consecutive: Count = 0
    """Stopgaps in a row for the same leak."""


class LedgerEntry(WireModel):
    """What one stopgap cost and bought."""

    incident: Name
    """The incident it belonged to."""
    strategy: Word
    """What was done."""
    pods: Count
    """How many pods were replaced."""
    leak: Text = ""
    """Which leak it was for: the fingerprint of the incident, or its container."""
    started_time: Time
    """When it began."""
    ended_time: Time | None = None
    """When its check ended; absent while it runs."""
    outcome: Word | None = None
    """What the check said; absent while it runs."""
    bought_seconds: Count | None = None
    """For how long the drift stayed away, in seconds; absent until that is known."""


class Baseline(WireModel):
    """One stored profile of a young healthy pod of a revision."""

    revision: Text
    """The revision of the pod."""
    container: Text
    """The container that was profiled."""
    kind: Word
    """Which profile: `heap` or `goroutine`."""
    pod: Name
    """The pod."""
    pod_uid: UID
    """Its UID."""
    pod_started_time: Time
    """When the container started."""
    taken_time: Time
    """When the profile was taken."""
    uri: Uri
    """Where it is stored."""
    sha256: Sha256
    """The SHA-256 of the stored bytes."""
    bytes: Count
    """Its size in bytes."""
    memory: Quantity | None = None
    """The live heap of the pod by the metrics at that time, rounded, so that later growth is measured over the same
    span in metrics and profiles; absent where it was not measured."""
    healthy: bool = False
    """Whether the revision has since been judged steady: only such a baseline can tell which change is guilty."""
    images: Annotated[list[Text], FIRST_16, Field(max_length=16)] = Field(default=[])
    """The images of the pod's containers, with their digests where the kubelet reported them."""


_KEYED_BY_TYPE = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
_KEYED_BY_CONTAINER = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["container"]}


class FeatureStoreStatus(WireModel):
    """What memdrift last saw and did."""

    conditions: Annotated[list[Condition], FIRST_16, Field(max_length=16, json_schema_extra=_KEYED_BY_TYPE)] = Field(
        default=[]
    )
    """`Ready`: the store can be judged. `Drifting`: memory drifts. `Remediating`: what is done about it, or why
    nothing is. `Stalled`: only present when a person is needed."""
    observed_generation: Count = 0
    """The `metadata.generation` that this status speaks about."""
    last_evaluation_time: Time | None = None
    """When the store was judged last."""
    last_handled_request: Text | None = None
    """The last value of the annotation `memdrift.io/requested-at` that was acted on."""
    verdict: Word | None = None
    """`Steady`, `Drifting`, `DriftingWithImpact` or `Unknown`, of the worst container."""
    growth_per_hour: SignedQuantity | None = None
    """How fast memory grows per hour in the worst pod, as a rounded quantity of bytes."""
    seconds_to_limit: Count | None = None
    """How long until the first pod reaches the limit that counts, in seconds; absent where there is none."""
    latency_milliseconds: Count | None = None
    """The latency of the worst pod at the quantile of the objective, in milliseconds."""
    incident: Name | None = None
    """The open incident; absent where there is none."""
    incident_count: Count = 0
    """How many incidents the store has had; the next one's number is one more."""
    observed_since: Time | None = None
    """Since when the store has been observed: probation counts from here."""
    hits: Annotated[list[Hit], FIRST_64, Field(max_length=64, json_schema_extra=_KEYED_BY_CONTAINER)] = Field(
        default=[]
    )
    """Drift that is not confirmed yet, by container."""
    budget: Budget = Budget()
    """How many stopgaps were used."""
    next_eligible_time: Time | None = None
    """Before when no restart is possible, whatever happens; absent where one is possible now."""
    ledger: Annotated[list[LedgerEntry], NEWEST_20, Field(max_length=20)] = Field(default=[])
    """The stopgaps, oldest first; the newest 20 are kept."""
    baselines: Annotated[list[Baseline], NEWEST_24, Field(max_length=24)] = Field(default=[])
    """The stored baselines, oldest first; the newest 24 are kept."""
