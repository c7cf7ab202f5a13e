"""What the shell needs from the outside world, one small Protocol per need.

Exists so that `reconcile` names no system and every fake in the tests stands at one of these lines. Adapters implement
them and translate their library's exceptions into `errors`; nothing here may contain logic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from memdrift.api.driftincident import DriftIncident, DriftIncidentSpec, DriftIncidentStatus
from memdrift.api.featurestore import FeatureStore, FeatureStoreStatus, MetricsSpec, TargetRef
from memdrift.drift.blocks import Window
from memdrift.evidence.findings import Comparison, Findings, ProfileKind, Taken
from memdrift.remedy.target import Target
from memdrift.report.exhibit import GrownStack


@dataclass(frozen=True, slots=True)
class Resource:
    """Identity of a namespaced object, enough to reference it in an event."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class BlocksRequest:
    """What to measure for one store.

    Attributes:
        now: the end of the question; only complete blocks older than the source's ingestion delay are returned.
        quantile: the objective's, such as "0.99".
        lives: the pods' lives are taken from `target`, never from the metrics.
    """

    namespace: str
    store: str
    target: Target
    metrics: MetricsSpec
    quantile: str
    objective_milliseconds: int
    windows_seconds: tuple[int, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Captured:
    """One validated profile and how it was taken.

    Attributes:
        elapsed_seconds: from the first byte sent to the last byte read.
    """

    taken: Taken
    elapsed_seconds: float


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """Which profiles to take from which life.

    Attributes:
        started_at: the life; verified against the API before and after.
    """

    namespace: str
    pod: str
    uid: str
    container: str
    started_at: datetime
    revision: str
    port: int
    base_path: str
    kinds: tuple[ProfileKind, ...]
    maximum_bytes: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Stored:
    """An object in the archive.

    Attributes:
        existed: it was there already with the same content: a repeat of a step.
    """

    key: str
    uri: str
    sha256: str
    bytes: int
    existed: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as the archive lists it.

    Attributes:
        stored_at: epoch seconds, by the archive's clock.
    """

    key: str
    bytes: int
    stored_at: float


@dataclass(frozen=True, slots=True)
class Mirrored:
    """One stored profile, with whose it is."""

    namespace: str
    store: str
    container: str
    taken: Taken


@dataclass(frozen=True, slots=True)
class Attachment:
    """A small file for a ticket: a picture, never a profile."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Filing:
    """What is told to a tracker.

    Attributes:
        marker: one per leak: a second filing with the same marker must find the first one's ticket.
        occurrence: one per incident: a second filing with the same one changes nothing.
        recurrence_markdown: what a ticket is told that exists already; the body where it is "".
        document: the incident as JSON-ready data.
    """

    marker: str
    title: str
    body_markdown: str
    document: Mapping[str, object]
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    project: str = ""
    occurrence: str = ""
    recurrence_markdown: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """What is added to a leak's ticket later.

    Attributes:
        occurrence: the same one again changes nothing.
    """

    marker: str
    occurrence: str
    body_markdown: str
    document: Mapping[str, object]
    project: str = ""


class Clock(Protocol):
    """The only source of time in the shell."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring what passed."""
        ...


class Metrics(Protocol):
    """Prometheus, or whatever speaks its API."""

    async def windows(self, request: BlocksRequest) -> tuple[Window, ...]:
        """One window per requested length.

        Raises:
            MetricsUnavailable: error, warning, partial or stale answer, NaN throughout; the reason is the word to show.
            NotAllowed: the source is not configured, or not for this namespace.
            SpecInvalid: a custom query does not parse, or cannot be confined to the namespace.
        """
        ...

    async def firing_alerts(self, source: str, namespace: str, names: Sequence[str]) -> tuple[str, ...]:
        """Which of these alerts fire now for the namespace (or for no namespace).

        Raises:
            MetricsUnavailable: it could not be asked; the caller must hold.
        """
        ...


class Workloads(Protocol):
    """The workloads and pods of the cluster."""

    async def observe(self, namespace: str, reference: TargetRef) -> Target:
        """One consistent snapshot.

        Raises:
            TargetNotFound, NotAllowed, ClusterUnavailable.
        """
        ...

    async def evict(self, namespace: str, pod: str, uid: str) -> None:
        """Evict exactly this pod (UID precondition). A pod of that UID that is gone or going is a success.

        Raises:
            Conflict: another pod has the name now.
            ClusterUnavailable: refused for now; reason `DisruptionBudgetExhausted` for a 429 by a PDB.
        """
        ...

    async def annotate_template(
        self, namespace: str, reference: TargetRef, uid: str, incident: str, *, paused: bool = False
    ) -> None:
        """Set `memdrift.io/restarted-for: <incident>` on the pod template; the same value again changes nothing.

        With `paused` the rollout that it started stops where it is; without it, it goes on.

        Raises:
            Conflict: the workload is another one now.
        """
        ...


class Stores(Protocol):
    """FeatureStore resources: reading one, and its status."""

    async def read(self, namespace: str, name: str) -> FeatureStore | None:
        """The store as the API server has it now; None where it does not exist.

        Raises:
            ClusterUnavailable.
            SpecInvalid: it exists, but does not parse.
        """
        ...

    async def apply_status(self, namespace: str, name: str, status: FeatureStoreStatus) -> None:
        """Server-side apply of `/status`. A store that is gone is a success.

        Raises:
            ClusterUnavailable.
        """
        ...


class Incidents(Protocol):
    """DriftIncident resources."""

    async def create(self, namespace: str, name: str, spec: DriftIncidentSpec) -> DriftIncident:
        """Create, or return the one which has the name already (a repeat of the step).

        Raises:
            Conflict: the name is taken by an incident of another store.
            ClusterUnavailable.
        """
        ...

    async def of_store(self, namespace: str, store: str) -> tuple[DriftIncident, ...]:
        """All incidents of a store as the API server has them now, oldest number first."""
        ...

    async def apply_status(self, namespace: str, name: str, status: DriftIncidentStatus) -> None:
        """Server-side apply of `/status`. An incident that is gone is a success."""
        ...

    async def delete(self, namespace: str, name: str) -> None:
        """Prune one closed incident."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the API server knows, with everything that its authorisation looks at."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Reviews(Protocol):
    """Who somebody is and what they may read, by the cluster's own rules."""

    async def identify(self, token: str) -> Person | None:
        """Whose bearer token it is; None where the API server does not accept it.

        Raises:
            NotAllowed: memdrift's account may not ask.
            ClusterUnavailable: not known.
        """
        ...

    async def allowed(self, person: Person, verb: str, resource: str, namespace: str) -> bool:
        """Whether the person may do it to every such object of memdrift's in the namespace; "" means in all of them.

        Raises:
            NotAllowed: memdrift's account may not ask.
            ClusterUnavailable: not known.
        """
        ...


class IncidentReader(Protocol):
    """One DriftIncident by its name."""

    async def read(self, namespace: str, name: str) -> DriftIncident | None:
        """The incident as the API server has it now; None where it does not exist.

        Raises:
            ClusterUnavailable.
        """
        ...


class Requests(Protocol):
    """Requests to look at a store now, as an annotation on it."""

    async def record(self, namespace: str, store: str, token: str) -> bool:
        """Set `memdrift.io/requested-at` to the token. False where the store does not exist.

        Raises:
            ClusterUnavailable: not recorded.
        """
        ...


class Profiler(Protocol):
    """Takes profiles from running containers."""

    async def capture(self, request: CaptureRequest) -> tuple[Captured, ...]:
        """All requested kinds of one life, one after the other.

        Raises:
            CaptureFailed: nothing usable was taken; the reason says why (`PodReplaced`, `PortClosed`, `Refused`,
                `TimedOut`, or a word of `evidence.limits.ProfileProblem`).
            NotAllowed: the port or base path is not in the administrator's file, or RBAC forbids the port-forward.
            ClusterUnavailable: the API server did not answer.
        """
        ...


class Analyser(Protocol):
    """Runs the evidence room outside the event loop."""

    async def analyse(self, comparison: Comparison) -> Findings:
        """The findings.

        Raises:
            CaptureFailed: a profile in the comparison cannot be decoded.
        """
        ...

    async def grown_stacks(self, comparison: Comparison) -> tuple[GrownStack, ...]:
        """The growth of the worst pod's heap by stack, cut to what a picture can show; empty without a heap profile.

        Raises:
            CaptureFailed: a profile in the comparison cannot be decoded.
        """
        ...


class Archive(Protocol):
    """Where evidence is kept, outside the pods and outside the cluster's database."""

    async def put(self, key: str, content: bytes, metadata: Mapping[str, str]) -> Stored:
        """Store under the key unless it is there; an object with other content under the key is an error.

        Raises:
            ArchiveUnavailable.
        """
        ...

    async def find(self, key: str) -> tuple[Stored, Mapping[str, str]] | None:
        """What is stored under the key, with its metadata; None where nothing is.

        Raises:
            ArchiveUnavailable.
        """
        ...

    async def read(self, key_or_uri: str) -> bytes:
        """The content.

        Raises:
            ArchiveUnavailable: also where the object does not exist (reason `ObjectNotFound`).
        """
        ...

    async def folders(self, prefix: str) -> tuple[str, ...]:
        """Names of the folders directly below a folder, sorted; none where it does not exist.

        Raises:
            ArchiveUnavailable.
        """
        ...

    async def listed(self, prefix: str) -> tuple[Listed, ...]:
        """Every object below a folder, by key.

        Raises:
            ArchiveUnavailable.
        """
        ...

    async def discard(self, key: str) -> None:
        """Delete one object; one that is gone is a success.

        Raises:
            ArchiveUnavailable: not confirmed; asking again is safe.
        """
        ...

    async def link(self, key_or_uri: str) -> str:
        """A link that works without credentials for as long as the administrator allows; "" where there is none.

        Raises:
            ArchiveUnavailable: it could not be signed.
        """
        ...


class Mirror(Protocol):
    """Servers that are sent profiles as well, without any promise."""

    def offer(self, profile: Mirrored) -> None:
        """Take note of a profile to send; returns at once, never raises, and may drop it."""
        ...


class Tracker(Protocol):
    """Where owners look."""

    async def file(self, filing: Filing) -> str:
        """File once per marker and return a URL, or "" where the tracker has none.

        Raises:
            TrackerUnavailable: not confirmed; filing again with the same marker and occurrence is safe.
        """
        ...

    async def remark(self, remark: Remark) -> None:
        """Add to the ticket of that marker, once per occurrence; nothing where there is no ticket.

        Raises:
            TrackerUnavailable: not confirmed; the same again is safe.
        """
        ...


class Trackers(Protocol):
    """The trackers that the administrator configured, by name."""

    def named(self, name: str, namespace: str) -> Tracker:
        """The tracker of that name.

        Raises:
            NotAllowed: not configured, or not for this namespace.
        """
        ...


class Turns(Protocol):
    """Who may write to trackers, one process at a time."""

    def turn(self, key: str) -> AbstractAsyncContextManager[None]:
        """Nobody else in the cluster has a turn for the key meanwhile, if it ends within 45 seconds.

        Raises:
            TrackerUnavailable: another process has it; entering again later is safe.
            ClusterUnavailable: not known.
        """
        ...


class Events(Protocol):
    """Kubernetes events."""

    async def publish(self, regarding: Resource, kind: str, reason: str, message: str) -> None:
        """Publish an event of kind `Normal` or `Warning`; a failure is logged, never raised."""
        ...


class Slots(Protocol):
    """How many stopgaps may run at once in the cluster."""

    async def acquire(self, holder: str) -> bool:
        """Take a slot for `namespace/incident`, or find it taken by the same holder already.

        Raises:
            ClusterUnavailable: not known; the caller must hold.
        """
        ...

    async def vacant(self, holder: str) -> bool:
        """Whether `acquire` would succeed now; nothing is taken.

        Raises:
            ClusterUnavailable: not known.
        """
        ...

    async def release(self, holder: str) -> None:
        """Give the slot back; a slot held by somebody else is left alone."""
        ...


class KubernetesCalls(Protocol):
    """Authenticated requests to the API server; what its adapters share without knowing each other."""

    async def call(
        self,
        method: str,
        path: Sequence[str],
        *,
        query: Mapping[str, str] | None = None,
        body: object | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        """The body of a 2xx answer.

        Attributes:
            path: the segments, such as ("api", "v1", "namespaces", namespace, "pods"); each one is escaped.
            body: JSON-ready data, also for `application/apply-patch+yaml`.

        Raises:
            TargetNotFound: 404; also where the API itself is not served.
            NotAllowed: 403.
            Conflict: 409; the reason is the server's (`AlreadyExists`, `Conflict`).
            SpecInvalid: the server refused the content (400, 422 and their like).
            ClusterUnavailable: no answer in time, 401, 429, 5xx; reason `DisruptionBudgetExhausted` for a 429 by a PDB.
        """
        ...


class Frames(Protocol):
    """An open stream of binary messages."""

    async def send(self, frame: bytes) -> None:
        """Send one message; into a stream that broke it is lost, and why it broke is read with `receive`."""
        ...

    async def receive(self) -> bytes:
        """The next message; empty once the other side has closed."""
        ...


class KubernetesStreams(Protocol):
    """Websockets to the API server."""

    def stream(
        self, path: Sequence[str], query: Mapping[str, str], subprotocol: str
    ) -> AbstractAsyncContextManager[Frames]:
        """An open stream; entering it raises what `KubernetesCalls.call` raises."""
        ...


class PodHttp(Protocol):
    """Plain HTTP to a port inside a pod, also one bound to localhost."""

    async def fetch(
        self, namespace: str, pod: str, port: int, path: str, *, maximum_bytes: int, timeout_seconds: float
    ) -> bytes:
        """The body of a 200 to `GET path`.

        Raises:
            CaptureFailed: `PortClosed`, `Refused` (another status), `NotPprof` (not HTTP, cut short, encoded),
                `TooLarge`, `TimedOut`, `PodReplaced` (no such pod).
            NotAllowed: the API server forbids it.
            ClusterUnavailable: it did not answer.
        """
        ...
