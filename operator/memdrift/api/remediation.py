"""How time is bought: `spec.mode` and `spec.remediation` of a FeatureStore.

Exists so that every guard has its figure in one place. Must not hold the guards: they are decided in remedy.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from memdrift.api.wire import Label, WireModel, rules


class Mode(StrEnum):
    """How far memdrift may go by itself; each mode may also do what those before it may."""

    OBSERVE = "Observe"
    CAPTURE = "Capture"
    APPROVE = "Approve"
    ENFORCE = "Enforce"


class Strategy(StrEnum):
    """What a stopgap does."""

    WORST_FIRST = "WorstFirst"
    ROLLOUT = "Rollout"
    QUARANTINE = "Quarantine"
    RESIZE = "Resize"
    NONE = "None"


class Weekday(StrEnum):
    """Days of the week, in the window's own time zone."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


IntOrPercent = Annotated[
    Annotated[int, Field(ge=1, le=1_000_000)] | Annotated[str, Field(max_length=4, pattern=r"^([1-9][0-9]?|100)%$")],
    Field(json_schema_extra={"x-kubernetes-int-or-string": True}),
]
"""A number of pods, or a percentage of them as text; none is no choice, because one pod must always serve."""


class AllowedWindow(WireModel):
    """Times at which a restart may start."""

    model_config = rules(("self.start != self.end", "`start` and `end` must differ"))

    days: Annotated[
        list[Weekday], Field(min_length=1, max_length=7, json_schema_extra={"x-kubernetes-list-type": "set"})
    ] = Field(default=list(Weekday))
    """The days on which the window begins. Default: every day."""
    start: Annotated[str, Field(max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    """When it begins, as HH:MM on a 24-hour clock."""
    end: Annotated[str, Field(max_length=5, pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
    """When it ends, as HH:MM, up to 24:00. An end before `start` lies on the next day."""
    time_zone: Annotated[
        str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9+_-]*(/[A-Za-z0-9+_-]+)*$")
    ] = "UTC"
    """The time zone by its IANA name, such as `Asia/Singapore`. Default `UTC`."""


class RemediationSpec(WireModel):
    """How time is bought, and what must agree first."""

    model_config = rules(
        ("self.maxPer24Hours <= self.maxPer7Days", "`maxPer24Hours` must not be larger than `maxPer7Days`"),
        (
            "!has(self.overrideWindowWhenLimitWithinSeconds) || self.allowedWindows.size() > 0",
            "`overrideWindowWhenLimitWithinSeconds` needs `allowedWindows`: without windows it is always allowed",
        ),
    )

    strategy: Strategy = Strategy.WORST_FIRST
    """What a stopgap does. `WorstFirst` (default): evict the worst pod, wait until its replacement is ready and has
    soaked, then go on with the next. `Rollout`: restart all pods as a rollout of the workload. `None`: nothing; tell
    only. `Quarantine` and `Resize` are not supported yet: the store holds with `NotSupportedYet`."""
    probation_seconds: Annotated[int, Field(ge=0, le=7_776_000)] = 604_800
    """How long the store must have been observed before `Enforce` acts by itself, in seconds; until then it counts as
    `Approve`. Default 604800 (7 days). The administrator may ask for more."""
    soak_seconds: Annotated[int, Field(ge=10, le=86_400)] = 1_800
    """How long a fresh pod must stay healthy before it counts as better, in seconds. Default 1800."""
    cooldown_seconds: Annotated[int, Field(ge=0, le=2_592_000)] = 21_600
    """The least time between two stopgaps, in seconds; restarts by others count. Default 21600 (6 hours). The
    administrator may ask for more."""
    max_per_24_hours: Annotated[int, Field(ge=1, le=48)] = 2
    """The most stopgaps in any 24 hours, rolling. Default 2. The administrator may allow fewer."""
    max_per_7_days: Annotated[int, Field(ge=1, le=336)] = 6
    """The most stopgaps in any 7 days, rolling. Default 6. The administrator may allow fewer."""
    max_consecutive: Annotated[int, Field(ge=1, le=20)] = 3
    """After how many stopgaps in a row for the same leak memdrift stops and asks a person. Default 3."""
    min_available: IntOrPercent | None = None
    """How many pods must stay available while one is taken away: a number, or a percentage as text (`"50%"`).
    Default: all but one. The last available pod is never taken."""
    allowed_windows: Annotated[list[AllowedWindow], Field(max_length=16)] = Field(default=[])
    """When a restart may start. Default: always."""
    override_window_when_limit_within_seconds: Annotated[int, Field(ge=60, le=86_400)] | None = None
    """Restart outside `allowedWindows` where the memory limit is nearer than this many seconds, by the pessimistic end
    of the projection. Default: never. Works only where the administrator allows overrides."""
    blocking_alerts: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[a-zA-Z_][a-zA-Z0-9_-]*$")]],
        Field(max_length=32, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ] = Field(default=[])
    """Names of alerts that forbid a restart while they fire for this namespace."""
    dependency_group: Label | None = None
    """A name shared by stores that depend on each other. Not supported yet: the store holds with `NotSupportedYet`.
    Only one stopgap runs in the whole cluster at a time, whatever depends on what."""
