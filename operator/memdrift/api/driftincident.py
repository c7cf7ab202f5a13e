"""The DriftIncident: one confirmed drift of one container, from its evidence to its outcome.

Exists as the front door of the resource: everything about it can be imported from here. Must not decide anything.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from memdrift.api.incidentactions import (
    ActionRecord,
    ActionState,
    Approval,
    Decision,
    IncidentOutcome,
    JudgedRecord,
    Judgement,
    PlanRecord,
    PodLife,
    Recommendation,
    Stage,
    TicketRecord,
)
from memdrift.api.incidentevidence import (
    AbsenceRecord,
    AffectedPod,
    CaptureFailure,
    Figure,
    GateRecord,
    Percent,
    ProfileRecord,
    StoredDocument,
    VerdictRecord,
)
from memdrift.api.incidentfindings import (
    ChangeRecord,
    FindingsRecord,
    LeakRecord,
    ModuleRecord,
    StackRecord,
    SuspectRecord,
)
from memdrift.api.metadata import Condition, ConditionStatus, ObjectMeta, ObjectRef
from memdrift.api.quantities import Quantity, SignedQuantity
from memdrift.api.storestatus import Hit
from memdrift.api.wire import (
    API_VERSION,
    FIRST_16,
    FIRST_64,
    NEWEST_100,
    Count,
    Message,
    Text,
    Time,
    WireModel,
    Word,
    rules,
)

__all__ = [
    "AbsenceRecord", "ActionRecord", "ActionState", "AffectedPod", "Approval", "CaptureFailure", "ChangeRecord",
    "Condition", "ConditionStatus", "Decision", "DriftIncident", "DriftIncidentSpec", "DriftIncidentStatus",
    "FindingsRecord", "GateRecord", "IncidentOutcome", "JudgedRecord", "Judgement", "LeakRecord", "ModuleRecord",
    "ObjectMeta", "ObjectRef", "PlanRecord", "PodLife", "ProfileRecord", "Recommendation", "StackRecord", "Stage",
    "StoredDocument", "SuspectRecord", "TicketRecord", "VerdictRecord",
]  # fmt: skip

_KEYED_BY_TYPE = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}


class DriftIncidentSpec(WireModel):
    """What the incident is about, and what people say of it."""

    model_config = rules(
        ("self.storeRef == oldSelf.storeRef", "`storeRef` is immutable"),
        ("self.container == oldSelf.container", "`container` is immutable"),
        ("self.number == oldSelf.number", "`number` is immutable"),
    )

    store_ref: ObjectRef
    """The FeatureStore that drifts, in the same namespace."""
    container: Annotated[str, Field(min_length=1, max_length=64)]
    """The container that drifts, or the word for the pods' total."""
    number: Annotated[int, Field(ge=1, le=1_000_000_000)]
    """Which incident of the store this is, counted from 1."""
    approval: Approval | None = None
    """A person's answer to the plan in `status.plan`; needed in mode `Approve`."""
    judgement: Judgement = Judgement.NONE
    """What a person says of the incident: empty (default), `Leak` (it is one), `Expected` (the growth is known and
    accepted) or `Noise` (the detector was wrong). `Expected` and `Noise` close it, and stop capture, ticket and restart
    for the same fingerprint until it grows beyond what was judged; the newest judgement of a fingerprint counts, so
    `Leak` takes an earlier one back."""


class DriftIncidentStatus(WireModel):
    """What was measured, proved, decided and done."""

    conditions: Annotated[list[Condition], FIRST_16, Field(max_length=16, json_schema_extra=_KEYED_BY_TYPE)] = Field(
        default=[]
    )
    """`Remediating`: what is done, or why nothing is."""
    observed_generation: Count = 0
    """The `metadata.generation` that this status speaks about."""
    stage: Stage = Stage.CONFIRMED
    """Where the incident stands."""
    stage_entered_time: Time | None = None
    """When this stage began."""
    confirmed_time: Time | None = None
    """When the drift was confirmed."""
    closed_time: Time | None = None
    """When the incident was closed."""
    reason: Word | None = None
    """Why nothing is done at the moment, in one word; absent while something is done."""
    message: Message | None = None
    """The same as a sentence."""
    ask_again_time: Time | None = None
    """When that reason is looked at again."""
    verdict: VerdictRecord | None = None
    """The verdict, with every gate's figure."""
    onset_time: Time | None = None
    """When the growth began."""
    growth_per_hour: SignedQuantity | None = None
    """How fast the worst pod grows per hour, as a rounded quantity of bytes."""
    growth_percent: Percent | None = None
    """By how much the worst pod grew since the onset, in percent."""
    seconds_to_limit: Count | None = None
    """How long until the first pod reaches the limit that counts, in seconds."""
    latency_milliseconds: Count | None = None
    """The latency of the worst pod at the objective's quantile, in milliseconds."""
    load_change_percent: Percent | None = None
    """How load changed since the onset, in percent."""
    load_per_second: Figure | None = None
    """The load of the worst pod when the drift was confirmed, per second; where it was not measured then, the first
    that was measured of a drifting pod before a restart. Absent where none was."""
    affected_pods: Annotated[list[AffectedPod], FIRST_64, Field(max_length=64)] = Field(default=[])
    """The pods that drift, worst first."""
    profiles: Annotated[list[ProfileRecord], FIRST_64, Field(max_length=64)] = Field(default=[])
    """The stored profiles."""
    capture_failures: Annotated[list[CaptureFailure], FIRST_16, Field(max_length=16)] = Field(default=[])
    """The profiles that could not be taken."""
    findings: FindingsRecord | None = None
    """What the profiles say."""
    change: ChangeRecord | None = None
    """What changed since the last healthy revision."""
    recommendation: Recommendation | None = None
    """What to do."""
    archive: StoredDocument | None = None
    """The incident's own document in the archive."""
    report: StoredDocument | None = None
    """The incident's report in the archive, one HTML file for people."""
    exhibit: StoredDocument | None = None
    """The measured series and growing stacks that the report shows, in the archive."""
    decision: StoredDocument | None = None
    """What the decision to restart was made from: the measurements and the verdicts, in the archive."""
    steady: Hit | None = None
    """How many new blocks in a row no longer saw drift while nothing was restarted."""
    ticket: TicketRecord | None = None
    """The ticket that tells the owners."""
    plan: PlanRecord | None = None
    """What would be done; an approval names its hash."""
    actions: Annotated[list[ActionRecord], NEWEST_100, Field(max_length=100)] = Field(default=[])
    """The timeline, oldest first; the newest 100 entries are kept."""
    pods_before: Annotated[list[PodLife], FIRST_64, Field(max_length=64)] = Field(default=[])
    """The pods before the restart."""
    pods_after: Annotated[list[PodLife], FIRST_64, Field(max_length=64)] = Field(default=[])
    """The pods after the restart."""
    restart_started_time: Time | None = None
    """When the first pod was taken away."""
    restart_finished_time: Time | None = None
    """When the last new pod was ready."""
    latency_before_milliseconds: Count | None = None
    """The latency before the restart, in milliseconds."""
    latency_after_milliseconds: Count | None = None
    """The latency after the restart, from samples after it only, in milliseconds."""
    memory_before: Quantity | None = None
    """The memory of the worst pod before the restart, rounded."""
    memory_after: Quantity | None = None
    """The memory of the worst pod after the restart, rounded."""
    outcome: IncidentOutcome | None = None
    """How the incident ended; absent while it is open."""
    judged: JudgedRecord | None = None
    """What a person judged, and when that was noticed; growth beyond what was judged `Expected` or `Noise` is told
    anew."""
    absence: AbsenceRecord | None = None
    """How long the leak of a closed incident has stayed away; absent where it has not, or where that is not known."""
    fingerprint: Text | None = None
    """Identifies the leak by its growing stacks: the same leak has the same fingerprint in every incident."""


class DriftIncident(WireModel):
    """One confirmed drift of one container, with its evidence, what was done, and the outcome."""

    api_version: Literal["memdrift.io/v1alpha1"] = API_VERSION  # type: ignore[assignment]
    kind: Literal["DriftIncident"] = "DriftIncident"
    metadata: ObjectMeta = ObjectMeta()
    spec: DriftIncidentSpec
    status: DriftIncidentStatus = DriftIncidentStatus()
