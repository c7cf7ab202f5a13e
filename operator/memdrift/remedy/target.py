"""What is known of the workload a store points at, as one snapshot.

Exists so that guards and plans speak of replicas and pods without knowing API objects. Holds values only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ContainerLife:
    """One running container of a pod.

    Attributes:
        started_at: `state.running.startedAt`; None while it is not running.
        restarts: the kubelet's restart count.
        memory_limit_bytes, memory_request_bytes: None where the template sets none.
        last_exit_reason: reason of the last termination (`OOMKilled`), "" where there is none.
        killed_for_memory_at: epoch seconds of the last termination where its reason was `OOMKilled`, else None.
    """

    name: str
    image: str
    image_id: str
    started_at: datetime | None
    ready: bool
    restarts: int = 0
    memory_limit_bytes: int | None = None
    memory_request_bytes: int | None = None
    last_exit_reason: str = ""
    killed_for_memory_at: float | None = None


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of the workload.

    Attributes:
        revision: name of the revision its template belongs to, without memdrift's own annotations (see `Revision`).
        deleting: deletionTimestamp is set.
    """

    name: str
    uid: str
    node: str
    zone: str
    revision: str
    ready: bool
    deleting: bool
    created_at: datetime
    containers: tuple[ContainerLife, ...]

    def container(self, name: str) -> ContainerLife | None:
        """The container of that name, or None."""
        return next((container for container in self.containers if container.name == name), None)


@dataclass(frozen=True, slots=True)
class Revision:
    """One pod template, memdrift's own annotations left out.

    Attributes:
        identity: digest of the template; equal before and after our restart annotation.
        number: the largest revision number among the ReplicaSets or ControllerRevisions with this template.
        created_at: the earliest of them.
        images: container name to image, sorted by name.
        settings: what else of the template can matter, as (what, value); values of variables are digests.
    """

    identity: str
    number: int
    created_at: datetime
    images: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Disruption:
    """A PodDisruptionBudget that selects the workload's pods."""

    name: str
    allowed: int


@dataclass(frozen=True, slots=True)
class Target:
    """One observed workload.

    Attributes:
        controller: "Kind/name" of the controlling owner of the workload, "" where nobody owns it.
        default_container: from the default-container annotation, or the only container; "" where ambiguous.
        sidecars: containers that are not in the workload's template (injected), never judged as the app.
        restarted_for: value of the template annotation `memdrift.io/restarted-for`, "" where absent.
        rolling: a rollout is in progress (observed generation behind, or updated, available or total replicas differ).
        autoscaler: "name: current/max" of an HPA on this workload, "" where there is none.
        revisions: newest last; the last one is the current template's.
        ownership: annotations of the workload itself that say whose it is (`api.filing.OWNERSHIP`).
    """

    api_version: str
    kind: str
    name: str
    uid: str
    generation: int
    desired_replicas: int
    ready_replicas: int
    updated_replicas: int
    paused: bool
    rolling: bool
    controller: str
    default_container: str
    containers: tuple[str, ...]
    restarted_for: str
    pods: tuple[Pod, ...]
    revisions: tuple[Revision, ...]
    disruptions: tuple[Disruption, ...] = ()
    autoscaler: str = ""
    ports: tuple[tuple[str, int], ...] = field(default=())
    ownership: tuple[tuple[str, str], ...] = ()

    def pod(self, uid: str) -> Pod | None:
        """The pod with that UID, or None: a name may come back as another pod."""
        return next((pod for pod in self.pods if pod.uid == uid), None)

    def gone(self, uid: str) -> bool:
        """Whether that pod is not there any more, or on its way out."""
        found = self.pod(uid)
        return found is None or found.deleting

    @property
    def revision(self) -> str:
        """Identity of the current template; "" where no revision is known."""
        return self.revisions[-1].identity if self.revisions else ""
