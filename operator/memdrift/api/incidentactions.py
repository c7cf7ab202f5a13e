"""What is done about an incident, and by whom: stages, plan, actions, outcome.

Exists so that intent is on record before the act. Must not hold evidence or guards.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from memdrift.api.metadata import ObjectRef
from memdrift.api.quantities import Quantity, SignedQuantity
from memdrift.api.wire import FIRST_64, UID, Message, Name, Text, Time, WireModel, Word, rules

PlanHash = Annotated[str, Field(min_length=8, max_length=128, pattern=r"^[A-Za-z0-9:_-]+$")]


class Stage(StrEnum):
    """Where an incident stands."""

    CONFIRMED = "Confirmed"
    CAPTURING = "Capturing"
    ANALYSING = "Analysing"
    FILING = "Filing"
    HOLDING = "Holding"
    RESTARTING_FIRST = "RestartingFirst"
    COMPARING_FIRST = "ComparingFirst"
    RESTARTING_REST = "RestartingRest"
    VERIFYING = "Verifying"
    CLOSED = "Closed"


class IncidentOutcome(StrEnum):
    """How an incident ended."""

    RELIEVED = "Relieved"
    NOT_RELIEVED = "NotRelieved"
    INCONCLUSIVE = "Inconclusive"
    RESOLVED = "Resolved"
    EXPECTED = "Expected"
    DENIED = "Denied"
    SUPERSEDED = "Superseded"
    GONE = "Gone"


class Recommendation(StrEnum):
    """What memdrift would do if it were the owner."""

    ROLL_BACK = "RollBack"
    RESTART = "Restart"
    RAISE_LIMIT = "RaiseLimit"
    FIX_FIRST = "FixFirst"
    INVESTIGATE = "Investigate"


class Judgement(StrEnum):
    """What a person says of an incident."""

    NONE = ""
    LEAK = "Leak"
    EXPECTED = "Expected"
    NOISE = "Noise"


class Decision(StrEnum):
    """A person's answer to a plan."""

    APPROVED = "Approved"
    DENIED = "Denied"


class ActionState(StrEnum):
    """How far an action came; intent is written before the act."""

    INTENDED = "Intended"
    DONE = "Done"
    FAILED = "Failed"


class Approval(WireModel):
    """A person's answer to exactly one plan."""

    model_config = rules(
        ("self.decision != 'Approved' || has(self.expiresAt)", "`expiresAt` is required where `decision` is `Approved`")
    )

    plan: PlanHash
    """The hash of the plan that was shown (`status.plan.hash`). Another plan needs another answer."""
    decision: Decision
    """`Approved` or `Denied`."""
    by: Annotated[str, Field(min_length=1, max_length=256)]
    """Who decided."""
    expires_at: Time | None = None
    """Until when an approval holds. Required where `decision` is `Approved`."""


class PodLife(WireModel):
    """One life of one pod."""

    name: Name
    """Its name."""
    uid: UID
    """Its UID."""
    started_time: Time
    """When the judged container started."""


class PlanRecord(WireModel):
    """What would be done once every guard and, where asked, a person agrees."""

    hash: PlanHash
    """Identifies exactly this plan; an approval names it."""
    strategy: Word
    """How: see `spec.remediation.strategy` of the store."""
    pods: Annotated[list[ObjectRef], FIRST_64, Field(max_length=64)] = Field(default=[])
    """The pods to replace, in this order."""
    sentence: Message = ""
    """The plan for people."""


class ActionRecord(WireModel):
    """One entry of the timeline."""

    kind: Word
    """What was done, such as `Evict` or `Rollout`."""
    pod: Text = ""
    """The pod it was done to; empty where it concerns the workload."""
    pod_uid: Annotated[str, Field(max_length=128)] = ""
    """That pod's UID."""
    state: ActionState
    """`Intended` is written before the act, `Done` or `Failed` after it."""
    time: Time
    """When this state was reached."""
    detail: Message = ""
    """Details for people."""


class TicketRecord(WireModel):
    """The ticket that tells the owners."""

    tracker: Text
    """The configured name of the tracker."""
    url: Annotated[str, Field(max_length=1024)] = ""
    """Where a person reads it; empty where the tracker gives no address."""
    filed_time: Time
    """When the tracker confirmed it."""
    project: Annotated[str, Field(max_length=128)] = ""
    """The project it was filed in; empty where the store names none and the administrator chose it."""
    marker: Text = ""
    """Identifies it in the tracker: the leak's fingerprint when it was filed, which later findings may change."""


class JudgedRecord(WireModel):
    """What a person judged, as it was at that moment."""

    judgement: Judgement
    """What was said: `Leak`, `Expected` or `Noise`."""
    incident: Name | None = None
    """The incident of which it was said, where that closed this one; absent where it was said of this one."""
    time: Time
    """When it was noticed: of two words about one leak the one that was noticed last counts."""
    growth_per_hour: SignedQuantity | None = None
    """How fast the worst pod grew per hour, as a rounded quantity of bytes."""
    memory: Quantity | None = None
    """How much memory the largest pod used, rounded."""
