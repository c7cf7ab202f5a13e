"""Which life of which container `profile` asks, as the person who runs it may see it.

Exists apart from the command because a name may be a store's or a pod's. Must not ask a pod.
"""

from __future__ import annotations

from datetime import datetime

import click
from pydantic import ValidationError

from memdrift.adapters.connection import Connection
from memdrift.adapters.workloads import KubernetesWorkloads
from memdrift.api.builtin import ContainerStatus, Pod
from memdrift.api.driftincident import Stage
from memdrift.api.featurestore import FeatureStore
from memdrift.cli import cluster
from memdrift.cli.faults import refusal, told
from memdrift.errors import NotAllowed, TargetNotFound
from memdrift.evidence.findings import ProfileKind
from memdrift.ports import CaptureRequest
from memdrift.remedy.target import Pod as TargetPod
from memdrift.remedy.target import Target

DEFAULT_PORT, DEFAULT_BASE_PATH = 6060, "/debug/pprof"
_ANNOTATION = "kubectl.kubernetes.io/default-container"


async def request_for(
    connection: Connection, namespace: str, name: str, container: str | None, port: int | None, base_path: str | None
) -> CaptureRequest:
    """Whom to ask for what; which kinds and how much is still the caller's.

    Raises:
        click.ClickException: neither a store nor a pod has the name, or it has no container that runs.
    """
    kind, _, plain = name.rpartition("/")
    if kind not in {"", "pod", "po", "store", "featurestore", "fst"}:
        raise click.ClickException(f"{name}: write pod/NAME, store/NAME or the name alone")
    store = await _store(connection, namespace, plain, only=kind not in {"", "pod", "po"}) if kind[:2] != "po" else None
    pod_name = await _worst(connection, store) if store is not None else plain
    if store is not None:
        capture = store.spec.capture
        container, port, base_path = (
            container or capture.container,
            port or capture.port,
            base_path or capture.base_path,
        )
    pod = await _pod(connection, namespace, pod_name, plain)
    chosen = _container(pod, container)
    if chosen.state.running is None or chosen.state.running.started_at is None:
        raise click.ClickException(f"container {chosen.name} of pod {pod.metadata.name} does not run")
    return CaptureRequest(
        namespace=namespace,
        pod=pod.metadata.name,
        uid=pod.metadata.uid,
        container=chosen.name,
        started_at=chosen.state.running.started_at,
        revision="",
        port=port or DEFAULT_PORT,
        base_path=base_path or DEFAULT_BASE_PATH,
        kinds=(ProfileKind.HEAP,),
        maximum_bytes=0,
        timeout_seconds=0.0,
    )


async def _store(connection: Connection, namespace: str, name: str, *, only: bool) -> FeatureStore | None:
    """The store of that name; None where there is none, or where the person may not know and a pod may be meant."""
    try:
        return (await cluster.stores(connection, namespace, name))[0]
    except (TargetNotFound, NotAllowed) as error:
        if only:
            raise refusal(error, f"FeatureStore {namespace}/{name}") from error
        return None


async def _worst(connection: Connection, store: FeatureStore) -> str:
    """The worst drifting pod of the store that still runs, else the one that has run longest."""
    namespace = store.metadata.namespace
    target: Target = await KubernetesWorkloads(connection).observe(namespace, store.spec.target_ref)
    running = [pod for pod in target.pods if not pod.deleting and any(each.started_at for each in pod.containers)]
    if not running:
        reference = store.spec.target_ref
        raise click.ClickException(f"{reference.kind} {namespace}/{reference.name} has no running pod")
    drifting = await _drifting(connection, store)

    def rank(pod: TargetPod) -> tuple[int, datetime]:
        return (drifting.index(pod.uid) if pod.uid in drifting else len(drifting), pod.created_at)

    return min(running, key=rank).name


async def _drifting(connection: Connection, store: FeatureStore) -> list[str]:
    """UIDs of the pods that drift, the worst of the newest incident first; none where the person may not know."""
    namespace, name = store.metadata.namespace, store.metadata.name
    try:
        incidents = await cluster.incidents(connection, namespace, name)
    except NotAllowed as error:
        told(f"which pod is the worst one is not known, so the oldest is asked: {error.message}")
        return []
    opened = [incident for incident in incidents if incident.status.stage is not Stage.CLOSED]
    return [pod.uid for incident in reversed(opened) for pod in incident.status.affected_pods]


async def _pod(connection: Connection, namespace: str, name: str, asked: str) -> Pod:
    try:
        return Pod.model_validate_json(
            await connection.call("GET", ("api", "v1", "namespaces", namespace, "pods", name))
        )
    except ValidationError as error:
        raise refusal(error, f"pod {namespace}/{name}", "look at it with kubectl, then try again") from error
    except TargetNotFound as error:
        what = f"neither a FeatureStore nor a pod is called {asked}" if asked == name else f"pod {name} is gone"
        raise click.ClickException(f"{what} in namespace {namespace}; choose another with -n") from error


def _container(pod: Pod, wanted: str | None) -> ContainerStatus:
    ordinary = pod.status.container_statuses
    known = {each.name: each for each in (*ordinary, *pod.status.init_container_statuses)}
    name = wanted or pod.metadata.annotations.get(_ANNOTATION) or (ordinary[0].name if len(ordinary) == 1 else "")
    if name not in known:
        names = ", ".join(known) or "none"
        raise click.ClickException(f"say which container of pod {pod.metadata.name} with -c: {names}")
    return known[name]
