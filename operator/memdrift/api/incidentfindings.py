"""What the profiles of an incident say, and which change they point at.

Exists apart from the measurements because people argue about it: every claim stands beside the figure it rests on. Must
not hold what was done about it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from memdrift.api.incidentevidence import Percent
from memdrift.api.quantities import SignedQuantity
from memdrift.api.wire import FIRST_16, FIRST_64, Message, Text, WireModel

Confidence = Annotated[int, Field(ge=0, le=100)]


class StackRecord(WireModel):
    """One group of stacks that grows."""

    frames: Annotated[list[Text], FIRST_64, Field(max_length=64)]
    """Function names, the allocating one first."""
    growth: SignedQuantity
    """By how much it grew, as a quantity of bytes."""
    share_percent: Percent
    """Its share of all growth in the profiles, in percent."""
    growth_per_hour: SignedQuantity | None = None
    """How fast it grows per hour, as a rounded quantity of bytes; absent where the time is not known."""


class SuspectRecord(WireModel):
    """One function that owns growth."""

    function: Text
    """The function outside the standard library that holds the growth."""
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
    growth_per_hour: SignedQuantity | None = None
    """How fast it grows per hour, as a rounded quantity of bytes; absent where the time is not known."""
    confidence_percent: Confidence | None = None
    """How sure it is that this function leaks, in percent; absent where nothing was compared."""
    ownership: Text = ""
    """Whose code it is: `own code`, `dependency` or `standard library`."""
    made_by: Text = ""
    """The function that makes the memory which this one keeps; empty where that is itself."""
    called_by: Text = ""
    """For a dependency, the nearest caller in own code; empty where no stack shows one."""


class LeakRecord(WireModel):
    """The growing stacks of one leak; two leaks at once are two records."""

    fingerprint: Text
    """Identifies the leak: the same in every pod, after every restart and after a rebuild."""
    owner: Text
    """What it is named after: a type of a dependency, or a function."""
    module: Text = ""
    """The Go module of the owner; empty where the profile names none."""
    version: Text = ""
    """The version of the module; empty where the profile names none."""
    growth: SignedQuantity
    """By how much it grew, as a quantity of bytes."""
    share_percent: Percent
    """Its share of all growth that has an owner, in percent."""


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
    leaks: Annotated[list[LeakRecord], FIRST_16, Field(max_length=16)] = Field(default=[])
    """The leaks that the growing stacks fall into, the leading one first; usually one."""
    confidence_percent: Confidence | None = None
    """How sure it is that the first suspect leaks, in percent; absent where nothing was compared."""
    confidence_reason: Message = ""
    """Why: how much of the growth it holds, how much of the metric's growth the profiles explain, and how far the
    growth is from what chance would show: sampling, and the ups and downs of a steady heap."""
    native: bool = False
    """Whether resident memory grows while the heap does not account for it."""
    next_steps: Annotated[list[Message], FIRST_16, Field(max_length=16)] = Field(default=[])
    """What to try where the profiles do not name the cause, the likeliest first."""
    inputs: Text = ""
    """Identifies the baselines that were compared with: others that arrive later make the findings be computed anew."""
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
    configuration: Annotated[list[Text], FIRST_16, Field(max_length=16)] = Field(default=[])
    """What else differs in the pod templates, in words: arguments, variables (without their values), limits, names of
    ConfigMaps and Secrets, checksums in annotations."""
    guilty: bool = False
    """Whether this change explains the growth: a module in the growing stacks changed, or the revision before was
    judged steady and something that can matter changed."""
    command: Message = ""
    """The command that takes the change back; empty where it is not guilty."""
    sentence: Message = ""
    """The change for people."""
