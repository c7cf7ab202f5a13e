"""The steps a tick can take, and what came of them.

Steps are imperatives, outcomes are past tense. Each step has at most one effect on a pod, workload, archive or tracker,
and each can be repeated: names, keys, markers and annotations are deterministic. Holds values only.
"""

from __future__ import annotations

from dataclasses import dataclass

from memdrift.api.driftincident import IncidentOutcome, ProfileRecord, Stage
from memdrift.api.featurestore import Baseline
from memdrift.evidence.findings import Findings
from memdrift.remedy.facts import Hold
from memdrift.remedy.plan import Plan


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing, for a reason. `incident` is "" where the reason concerns the whole store.

    Attributes:
        also: why the store's other open incidents wait.
    """

    hold: Hold
    incident: str = ""
    also: tuple[Wait, ...] = ()

    @property
    def every(self) -> tuple[Wait, ...]:
        """This reason and those of the other incidents."""
        return (self, *self.also)


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """Create the next incident of the store for a container."""

    container: str


@dataclass(frozen=True, slots=True)
class Enter:
    """Write down that an incident enters a stage: intent, before anything is done in it."""

    incident: str
    stage: Stage
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TakeBaseline:
    """Profile one young pod of a revision that has no baseline.

    Attributes:
        meanwhile: why the store's open incidents wait; it is told also where profile after profile fails.
    """

    pod: str
    uid: str
    container: str
    meanwhile: tuple[Wait, ...] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """Profile one drifting pod, all kinds."""

    incident: str
    pod: str
    uid: str


@dataclass(frozen=True, slots=True)
class Analyse:
    """Compare the incident's profiles with what they should be compared with."""

    incident: str


@dataclass(frozen=True, slots=True)
class PutDocument:
    """Store the incident's content in the archive."""

    incident: str


@dataclass(frozen=True, slots=True)
class File:
    """Tell the owners, once per incident."""

    incident: str


@dataclass(frozen=True, slots=True)
class Begin:
    """Store what the decision was made from, and write the plan down as begun."""

    incident: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Intend:
    """Write down which pod is evicted next."""

    incident: str
    pod: str
    uid: str


@dataclass(frozen=True, slots=True)
class Evict:
    """Take the slot and evict exactly this pod."""

    incident: str
    pod: str
    uid: str


@dataclass(frozen=True, slots=True)
class AnnotateTemplate:
    """Take the slot and start the rollout by the annotation with the incident's name; or pause it, or let it go on."""

    incident: str
    paused: bool = False


@dataclass(frozen=True, slots=True)
class StepBack:
    """Give the slot back before any pod was touched, and hold."""

    incident: str
    hold: Hold


@dataclass(frozen=True, slots=True)
class Close:
    """Store the final document, give the slot back, and write the outcome."""

    incident: str
    outcome: IncidentOutcome
    reason: str


@dataclass(frozen=True, slots=True)
class Prune:
    """Delete one old closed incident; its content is in the archive."""

    incident: str


@dataclass(frozen=True, slots=True)
class TellAbsence:
    """Say once on the leak's ticket that the leak is gone; see `absence`."""

    incident: str


@dataclass(frozen=True, slots=True)
class Tidy:
    """Delete one file of the archive that nobody needs any more, if there is one; see `evidence.disposal`."""


Step = (
    Wait | OpenIncident | Enter | TakeBaseline | Capture | Analyse | PutDocument | File | Begin | Intend | Evict
    | AnnotateTemplate | StepBack | Close | Prune | Tidy | TellAbsence
)  # fmt: skip


def waits_of(step: Step) -> tuple[Wait, ...]:
    """Why the store, or its open incidents, wait beside or instead of this step."""
    if isinstance(step, Wait):
        return step.every
    return step.meanwhile if isinstance(step, TakeBaseline) else ()


@dataclass(frozen=True, slots=True)
class Done:
    """The step took effect (now, or already before); the optional values are what it brought.

    Attributes:
        document: (uri, sha256) of what was stored.
        report, exhibit: the same of the report for people and of what it shows.
        ticket_url: "" where the tracker has no address for it.
        ticket_marker: what identifies the ticket in the tracker.
        created: name of the incident that was created.
        capture_seconds: how long the pod was asked for each fresh profile, in the order of the records.
    """

    profiles: tuple[ProfileRecord, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    findings: Findings | None = None
    document: tuple[str, str] | None = None
    report: tuple[str, str] | None = None
    exhibit: tuple[str, str] | None = None
    ticket_url: str = ""
    ticket_marker: str = ""
    created: str = ""
    capture_seconds: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The step did not take effect, or it is not known that it did; it will be tried again.

    Attributes:
        permanent: trying the same again will not help.
    """

    reason: str
    message: str
    retry_after_seconds: float | None = None
    permanent: bool = False


StepOutcome = Done | Failed
