"""What was measured, profiled and compared in an incident: the proving half of its status.

Exists so that a person can recompute and contest every claim. Must not hold what was done about it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from memdrift.api.quantities import Quantity, SignedQuantity
from memdrift.api.wire import FIRST_16, FIRST_64, UID, Count, Message, Name, Sha256, Text, Time, Uri, WireModel, Word

Percent = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Figure = Annotated[str, Field(max_length=64)]
"""A measured number as text, because the API knows no floats; empty where it could not be measured."""

_CUT_QUERY = BeforeValidator(lambda value: value[:2048] if isinstance(value, str) else value)
StoredQuery = Annotated[str, _CUT_QUERY, Field(max_length=2048)]


class GateRecord(WireModel):
    """One question that the detector asked, and its answer."""

    name: Word
    """The question's name, such as `trend` or `load`."""
    figure: Figure = ""
    """The measured value, in `unit`; empty where it could not be measured."""
    threshold: Figure = ""
    """What the value is compared with, in `unit`."""
    unit: Annotated[str, Field(max_length=32)] = ""
    """The unit of `figure` and `threshold`."""
    passed: bool | None = None
    """Whether the gate speaks for drift; absent where it could not be asked."""
    sentence: Message = ""
    """The same for people."""


class VerdictRecord(WireModel):
    """The verdict that confirmed the incident."""

    kind: Word
    """`Drifting` or `DriftingWithImpact` while it drifts, `Steady` or `Unknown` otherwise."""
    reason: Word
    """Why, in one word."""
    growth_kind: Word
    """Which memory grows: `Heap`, `Native`, `Cache`, `Unspecified` or `None`."""
    sentence: Message = ""
    """The verdict for people."""
    window_seconds: Count = 0
    """The window that decided, in seconds."""
    gates: Annotated[list[GateRecord], FIRST_64, Field(max_length=64)] = Field(default=[])
    """Every gate of the worst pod."""
    queries: Annotated[list[StoredQuery], FIRST_16, Field(max_length=16)] = Field(default=[])
    """The queries as they were asked, cut at 2048 characters."""


class AffectedPod(WireModel):
    """One pod that drifts."""

    name: Name
    """Its name."""
    uid: UID
    """Its UID."""
    started_time: Time
    """When the judged container started."""
    revision: Text = ""
    """Its revision: the pod template without memdrift's own annotations."""
    zone: Text = ""
    """The zone of its node."""
    growth_per_hour: SignedQuantity | None = None
    """How fast it grows per hour, as a rounded quantity of bytes."""
    memory: Quantity | None = None
    """How much memory it used when it was judged, rounded."""
    latency_milliseconds: Count | None = None
    """Its latency at the objective's quantile, in milliseconds."""


class ProfileRecord(WireModel):
    """One stored, validated profile."""

    pod: Name
    """The pod it was taken from."""
    pod_uid: UID
    """That pod's UID, the same before and after the profile was taken."""
    pod_started_time: Time
    """When the container started."""
    container: Text
    """The container that served it."""
    revision: Text = ""
    """The revision of the pod."""
    kind: Word
    """Which profile: `heap` or `goroutine`."""
    taken_time: Time
    """When it was taken."""
    uri: Uri
    """Where it is stored."""
    sha256: Sha256
    """The SHA-256 of the stored bytes."""
    bytes: Count
    """Its size in bytes."""
    memory: Quantity | None = None
    """The live heap of the pod by the metrics at that time, rounded; absent where it was not measured."""


class CaptureFailure(WireModel):
    """One profile that could not be taken."""

    pod: Name
    """The pod."""
    pod_uid: UID
    """Its UID."""
    reason: Word
    """Why, in one word."""
    message: Message = ""
    """Why, as a sentence."""
    time: Time
    """When it was tried."""


class AbsenceRecord(WireModel):
    """How long a leak has stayed away after its incident was closed, as far as that was measured."""

    workload_uid: UID
    """The UID of the workload it is absent from."""
    revision: Text
    """The first revision on which it was absent."""
    revision_number: Count
    """The number of that revision."""
    since_time: Time
    """The end of the youngest block at the first look that found it absent."""
    block_end_time: Time
    """The end of the youngest block that was counted, so that the same data never counts twice."""
    judged_seconds: Count = 0
    """For how long it was measured and judged steady, in seconds; what was not measured does not count."""
    comparable_seconds: Count = 0
    """For how much of that time the load of a pod was at least 80 % of `loadPerSecond`, in seconds."""
    tried_time: Time | None = None
    """When the tracker was asked last and did not confirm."""
    told_time: Time | None = None
    """When the ticket was told; it is told once."""


class StoredDocument(WireModel):
    """A document in the archive."""

    uri: Uri
    """Where it is stored."""
    sha256: Sha256
    """The SHA-256 of the stored bytes."""
