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


class StackRecord(WireModel):
    """One group of stacks that grows."""

    frames: Annotated[list[Text], FIRST_64, Field(max_length=64)]
    """Function names, the allocating one first."""
    growth: SignedQuantity
    """By how much it grew, as a quantity of bytes."""
    share_percent: Percent
    """Its share of all growth in the profiles, in percent."""


class SuspectRecord(WireModel):
    """One function that owns growth."""

    function: Text
    """The first function above the allocation that is not the standard library."""
    module: Text = ""
    """The Go module of the function; empty where the profile names none."""
    version: Text = ""
    """The version of the module; empty where the profile names none."""
    growth: SignedQuantity
    """By how much it grew, as a quantity of bytes."""
    share_percent: Percent
    """Its share of all growth in the profiles, in percent."""
    retained_by: Text = ""
    """What is retained, such as contexts or timers; empty where that is not visible."""


class FindingsRecord(WireModel):
    """What the comparison of profiles says."""

    compared_with: Text
    """What the profiles were compared with."""
    profile_growth: SignedQuantity
    """By how much the profile of the worst pod grew, as a quantity of bytes."""
    explained_percent: Percent | None = None
    """How much of the metric's growth the profiles explain, in percent; absent where that is unknown."""
    stacks: Annotated[list[StackRecord], FIRST_16, Field(max_length=16)] = Field(default=[])
    """The growing stacks, largest first."""
    suspects: Annotated[list[SuspectRecord], FIRST_16, Field(max_length=16)] = Field(default=[])
    """The functions that own the growth, largest first."""
    sentence: Message = ""
    """The findings for people."""


class ModuleRecord(WireModel):
    """A module whose version differs between two revisions."""

    module: Text
    """The Go module."""
    before: Text = ""
    """Its version in the last healthy revision; empty where it was absent."""
    after: Text = ""
    """Its version in the profiled revision; empty where it is absent."""
    in_growing_stacks: bool = False
    """Whether it appears in a growing stack."""


class ChangeRecord(WireModel):
    """What changed between the last healthy revision and the one that drifts."""

    revision_before: Text
    """The last healthy revision."""
    revision_after: Text
    """The revision that drifts."""
    images_before: Annotated[list[Text], FIRST_16, Field(max_length=16)] = Field(default=[])
    """The images of the last healthy revision."""
    images_after: Annotated[list[Text], FIRST_16, Field(max_length=16)] = Field(default=[])
    """The images of the revision that drifts."""
    modules: Annotated[list[ModuleRecord], FIRST_64, Field(max_length=64)] = Field(default=[])
    """The modules whose versions differ, those in growing stacks first."""
    sentence: Message = ""
    """The change for people."""


class StoredDocument(WireModel):
    """A document in the archive."""

    uri: Uri
    """Where it is stored."""
    sha256: Sha256
    """The SHA-256 of the stored bytes."""
