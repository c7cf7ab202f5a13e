"""Fakes at our own ports: a small world that behaves, remembers what was done to it, and can fail on demand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from memdrift.api.administration import Administration
from memdrift.api.driftincident import DriftIncident, DriftIncidentSpec, DriftIncidentStatus, ObjectMeta
from memdrift.api.featurestore import FeatureStore, FeatureStoreStatus, TargetRef
from memdrift.drift.blocks import Window
from memdrift.errors import (
    ArchiveUnavailable,
    CaptureFailed,
    ClusterUnavailable,
    Conflict,
    MetricsUnavailable,
    TargetNotFound,
    TrackerUnavailable,
)
from memdrift.evidence.findings import Comparison, Findings, GrowingStack, ModuleChange, Suspect, Taken
from memdrift.ports import BlocksRequest, Captured, CaptureRequest, Filing, Listed, Remark, Resource, Stored
from memdrift.reconcile.tick import Ticked, tick
from memdrift.reconcile.world import Fleet, World
from memdrift.remedy.target import Pod, Target
from memdrift.report.exhibit import GrownStack
from tests import builders

READY_AFTER = timedelta(seconds=8)


class Crashed(BaseException):
    """The process died here: nothing after this line happened, and nobody could catch it."""


@dataclass
class Universe:
    """Everything outside memdrift, in one object with one clock.

    Attributes:
        acts: what was done to pods and workloads, in order: ("evict", uid), ("annotate", incident), ("capture", uid).
        failing: names of ports that do not answer now: cluster, metrics, archive, tracker, pods.
        crash_after: crash right after the effect of this kind of act, before anything is written.
        lose_writes: status writes vanish (the process believes nothing; it crashes instead of knowing).
        unserved_kinds: profiles that the pods answer with an error, while they serve the others.
    """

    now: datetime = builders.START + timedelta(seconds=30)
    administration: Administration = field(default_factory=builders.administration)
    store: FeatureStore | None = field(default_factory=builders.store)
    target: Target = field(default_factory=lambda: builders.target(builders.pod(1), builders.pod(2)))
    behaviour: builders.Behaviour = builders.LEAKING
    incidents: dict[str, DriftIncident] = field(default_factory=dict)
    objects: dict[str, tuple[bytes, Mapping[str, str]]] = field(default_factory=dict)
    tickets: dict[str, Filing] = field(default_factory=dict)
    occurrences: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    events: list[tuple[str, str, str]] = field(default_factory=list)
    acts: list[tuple[str, str]] = field(default_factory=list)
    slot: str = ""
    failing: set[str] = field(default_factory=set)
    crash_after: set[str] = field(default_factory=set)
    budget_allows: int = 1
    explained_percent: float = 95.0
    skew: float | None = 0.0
    fleet: Fleet = field(default_factory=Fleet)
    born: int = 2
    ready_at: dict[str, datetime] = field(default_factory=dict)
    status_writes: int = 0
    unserved_kinds: set[str] = field(default_factory=set)
    tidy_next: dict[tuple[str, str], datetime] = field(default_factory=dict)

    # The clock

    def monotonic(self) -> float:
        return self.now.timestamp()

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.target.paused:
            return
        pods = tuple(
            replace(pod, ready=True) if self.ready_at.get(pod.uid, self.now) <= self.now else pod
            for pod in self.target.pods
        )
        self._set_pods(pods)

    def _set_pods(self, pods: tuple[Pod, ...]) -> None:
        ready = sum(1 for pod in pods if pod.ready)
        self.target = replace(
            self.target, pods=pods, ready_replicas=ready, rolling=ready < self.target.desired_replicas
        )

    def _replace_pod(self, uid: str) -> None:
        self.born += 1
        fresh = builders.pod(self.born, self.now, self.target.revision, ready=False)
        self.ready_at[fresh.uid] = self.now + READY_AFTER
        self._set_pods((*(pod for pod in self.target.pods if pod.uid != uid), fresh))

    def _effect(self, kind: str, what: str) -> None:
        self.acts.append((kind, what))
        if kind in self.crash_after:
            self.crash_after.discard(kind)
            raise Crashed(kind)

    def _answering(self, port: str, error: Exception) -> None:
        if port in self.failing:
            raise error

    # The world that a tick sees

    def world(self) -> World:
        return World(
            clock=self._Clock(self),
            metrics=self._Metrics(self),
            workloads=self._Workloads(self),
            stores=self._Stores(self),
            incidents=self._Incidents(self),
            profiler=self._Profiler(self),
            analyser=self._Analyser(self),
            archive=self._Archive(self),
            trackers=self._Trackers(self),
            events=self._Events(self),
            slots=self._Slots(self),
            skew_seconds=lambda: self.skew,
            administration=lambda: self.administration,
            tidy_next=self.tidy_next,
        )

    async def tick(self) -> Ticked:
        return await tick(self.world(), builders.NAMESPACE, builders.STORE, self.fleet)

    async def live(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Tick as the scheduler would, for so many seconds of the universe's clock, surviving every crash."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end and not until():
            try:
                due = (await self.tick()).due_seconds
            except Crashed:
                due = 2.0
            except ClusterUnavailable:
                due = 5.0
            self.pass_time(max(due, 0.1))

    @property
    def incident(self) -> DriftIncident:
        return max(self.incidents.values(), key=lambda incident: incident.spec.number)

    def edit(self, **spec: object) -> None:
        """Somebody applies a changed spec."""
        assert self.store is not None
        changed = builders.store(**spec)  # type: ignore[arg-type]
        meta = self.store.metadata.replace(generation=self.store.metadata.generation + 1)
        self.store = changed.replace(metadata=meta, status=self.store.status)

    # The ports

    @dataclass
    class _Clock:
        of: Universe

        def now(self) -> datetime:
            return self.of.now

        def monotonic(self) -> float:
            return self.of.monotonic()

    @dataclass
    class _Metrics:
        of: Universe

        async def windows(self, request: BlocksRequest) -> tuple[Window, ...]:
            self.of._answering("metrics", MetricsUnavailable("MetricsUnreachable", "down"))
            return (builders.window(request.target.pods, self.of.now, self.of.behaviour),)

        async def firing_alerts(self, source: str, namespace: str, names: Sequence[str]) -> tuple[str, ...]:
            self.of._answering("metrics", MetricsUnavailable("MetricsUnreachable", "down"))
            return ()

    @dataclass
    class _Workloads:
        of: Universe

        async def observe(self, namespace: str, reference: TargetRef) -> Target:
            self.of._answering("cluster", ClusterUnavailable("ApiServerFailed", "down"))
            self.of._answering("target", TargetNotFound("NotFound", "no such Deployment"))
            return self.of.target

        async def evict(self, namespace: str, pod: str, uid: str) -> None:
            self.of._answering("pods", ClusterUnavailable("ApiServerFailed", "down"))
            found = self.of.target.pod(uid)
            if found is None:
                return
            if found.name != pod:
                raise Conflict("PodReplaced", "another pod")
            if self.of.budget_allows < 1:
                raise ClusterUnavailable("DisruptionBudgetExhausted", "no room")
            self.of._replace_pod(uid)
            self.of._effect("evict", uid)

        async def annotate_template(
            self, namespace: str, reference: TargetRef, uid: str, incident: str, *, paused: bool = False
        ) -> None:
            self.of.target = replace(self.of.target, paused=paused)
            if self.of.target.restarted_for == incident:
                self.of.acts.append(("pause" if paused else "resume", incident))
                return
            self.of.target = replace(self.of.target, restarted_for=incident)
            for pod in self.of.target.pods:
                self.of._replace_pod(pod.uid)
            self.of._effect("annotate", incident)

    @dataclass
    class _Stores:
        of: Universe

        async def read(self, namespace: str, name: str) -> FeatureStore | None:
            self.of._answering("cluster", ClusterUnavailable("ApiServerFailed", "down"))
            return self.of.store

        async def apply_status(self, namespace: str, name: str, status: FeatureStoreStatus) -> None:
            self.of._answering("cluster", ClusterUnavailable("ApiServerFailed", "down"))
            self.of._answering("writes", ClusterUnavailable("ApiServerFailed", "down"))
            self.of.status_writes += 1
            if self.of.store is not None:
                wired = FeatureStoreStatus.model_validate(status.to_wire())
                self.of.store = self.of.store.replace(status=wired)

    @dataclass
    class _Incidents:
        of: Universe

        async def create(self, namespace: str, name: str, spec: DriftIncidentSpec) -> DriftIncident:
            if name not in self.of.incidents:
                meta = ObjectMeta(name=name, namespace=namespace, uid=f"incident-uid-{spec.number}", generation=1)
                self.of.incidents[name] = DriftIncident(metadata=meta, spec=spec)
                self.of._effect("open", name)
            return self.of.incidents[name]

        async def of_store(self, namespace: str, store: str) -> tuple[DriftIncident, ...]:
            self.of._answering("cluster", ClusterUnavailable("ApiServerFailed", "down"))
            return tuple(sorted(self.of.incidents.values(), key=lambda incident: incident.spec.number))

        async def apply_status(self, namespace: str, name: str, status: DriftIncidentStatus) -> None:
            self.of._answering("cluster", ClusterUnavailable("ApiServerFailed", "down"))
            self.of._answering("writes", ClusterUnavailable("ApiServerFailed", "down"))
            self.of.status_writes += 1
            if name in self.of.incidents:
                wired = DriftIncidentStatus.model_validate(status.to_wire())
                self.of.incidents[name] = self.of.incidents[name].replace(status=wired)

        async def delete(self, namespace: str, name: str) -> None:
            self.of.incidents.pop(name, None)

    @dataclass
    class _Profiler:
        of: Universe

        async def capture(self, request: CaptureRequest) -> tuple[Captured, ...]:
            self.of._answering("pprof", CaptureFailed("PortClosed", "nothing listens"))
            self.of.acts.append(("capture", request.uid))
            started_at = request.started_at.timestamp()
            return tuple(
                Captured(
                    Taken(
                        request.pod, request.uid, started_at, request.revision, kind, self.of.now.timestamp(),
                        f"{request.uid} {kind} {self.of.now}".encode(),
                    ),
                    0.01,
                )
                for kind in request.kinds
                if kind not in self.of.unserved_kinds
            )  # fmt: skip

    @dataclass
    class _Analyser:
        of: Universe

        async def analyse(self, comparison: Comparison) -> Findings:
            has_base = bool(comparison.earlier) and comparison.metric_growth_bytes is not None
            return Findings(
                compared_with="baseline of the same revision" if comparison.earlier else "nothing: totals only",
                profile_growth_bytes=50 * builders.MEBIBYTE,
                metric_growth_bytes=comparison.metric_growth_bytes,
                explained_percent=self.of.explained_percent if has_base else None,
                stacks=(GrowingStack(("context.WithCancel", "async.Run"), 50 * builders.MEBIBYTE, 1000, 96.0),),
                suspects=(
                    Suspect("async.(*task).Run", "github.com/grab/async", "v0.0.3", 50 * builders.MEBIBYTE, 96.0),
                ),
                changes=(ModuleChange("github.com/grab/async", "v0.0.5", "v0.0.3", True),),
                fingerprint="f1",
                sentence="async holds the growth",
            )

        async def grown_stacks(self, comparison: Comparison) -> tuple[GrownStack, ...]:
            return ((("main.main", "async.Run", "context.WithCancel"), 50 * builders.MEBIBYTE),)

    @dataclass
    class _Archive:
        of: Universe

        async def put(self, key: str, content: bytes, metadata: Mapping[str, str]) -> Stored:
            self.of._answering("archive", ArchiveUnavailable("ArchiveUnreachable", "down"))
            known = self.of.objects.get(key)
            if known is not None and known[0] != content:
                raise ArchiveUnavailable("ArchiveConflict", "other content")
            self.of.objects[key] = (content, metadata)
            if known is None:
                self.of._effect("put " + key.rsplit("/", 1)[-1].split("-")[0], key)
            return self._stored(key, existed=known is not None)

        def _stored(self, key: str, *, existed: bool) -> Stored:
            content = self.of.objects[key][0]
            return Stored(key, f"memory:{key}", hashlib.sha256(content).hexdigest(), len(content), existed)

        async def find(self, key: str) -> tuple[Stored, Mapping[str, str]] | None:
            self.of._answering("archive", ArchiveUnavailable("ArchiveUnreachable", "down"))
            return (self._stored(key, existed=True), self.of.objects[key][1]) if key in self.of.objects else None

        async def read(self, key_or_uri: str) -> bytes:
            self.of._answering("archive", ArchiveUnavailable("ArchiveUnreachable", "down"))
            return self.of.objects[key_or_uri.removeprefix("memory:")][0]

        async def folders(self, prefix: str) -> tuple[str, ...]:
            below = [key.removeprefix(prefix + "/") for key in self.of.objects if key.startswith(prefix + "/")]
            return tuple(sorted({key.split("/")[0] for key in below if "/" in key}))

        async def listed(self, prefix: str) -> tuple[Listed, ...]:
            self.of._answering("archive", ArchiveUnavailable("ArchiveUnreachable", "down"))
            return tuple(
                Listed(key, len(content), float(number))
                for number, (key, (content, _)) in enumerate(self.of.objects.items())
                if key.startswith(prefix + "/")
            )

        async def discard(self, key: str) -> None:
            self.of._answering("archive", ArchiveUnavailable("ArchiveUnreachable", "down"))
            self.of.objects.pop(key, None)
            self.of._effect("discard", key)

        async def link(self, key_or_uri: str) -> str:
            return ""

    @dataclass
    class _Trackers:
        of: Universe

        def named(self, name: str, namespace: str) -> Universe._Trackers:
            return self

        async def file(self, filing: Filing) -> str:
            self.of._answering("tracker", TrackerUnavailable("TrackerUnreachable", "down"))
            if filing.occurrence not in self.of.occurrences:
                self.of.occurrences.append(filing.occurrence)
                self.of.tickets.setdefault(filing.marker, filing)
                self.of._effect("file", filing.marker)
            return f"https://tracker/{filing.marker}"

        async def remark(self, remark: Remark) -> None:
            self.of._answering("tracker", TrackerUnavailable("TrackerUnreachable", "down"))
            if remark.occurrence not in {each.occurrence for each in self.of.remarks}:
                self.of.remarks.append(remark)
                self.of._effect("remark", remark.occurrence)

    @dataclass
    class _Events:
        of: Universe

        async def publish(self, regarding: Resource, kind: str, reason: str, message: str) -> None:
            self.of.events.append((regarding.kind, reason, message))

    @dataclass
    class _Slots:
        of: Universe

        async def acquire(self, holder: str) -> bool:
            if self.of.slot in {"", holder}:
                self.of.slot = holder
                return True
            return False

        async def vacant(self, holder: str) -> bool:
            return self.of.slot in {"", holder}

        async def release(self, holder: str) -> None:
            if self.of.slot == holder:
                self.of.slot = ""
