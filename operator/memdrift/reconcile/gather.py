"""Ports, spec and the clock in, Facts out.

Exists so that everything a decision looks at is read once, in one place, before it is made. A port that does not answer
becomes a fact (a problem, a missing measurement), never a guess. Must not decide or write.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from memdrift.api.administration import Administration
from memdrift.api.driftincident import DriftIncident, Stage
from memdrift.api.featurestore import FeatureStore
from memdrift.drift import judge
from memdrift.drift.blocks import LifeBlocks, Window
from memdrift.drift.relief import Relief, relief
from memdrift.drift.verdict import Verdict
from memdrift.errors import ArchiveUnavailable, ClusterUnavailable, MemdriftError, MetricsUnavailable, Permanent
from memdrift.errors import TargetNotFound as TargetMissing
from memdrift.ports import BlocksRequest
from memdrift.reconcile import tidying
from memdrift.reconcile.world import Fleet, World
from memdrift.remedy import policy as policies
from memdrift.remedy.baselines import profiled_container
from memdrift.remedy.facts import Facts, Hold
from memdrift.remedy.policy import Policy
from memdrift.remedy.reasons import Reason
from memdrift.remedy.target import Target
from memdrift.report import bundle

OWNERS_FAULTS = frozenset({"QueryInvalid", "QueryNotConfined", "QueryHasNoPods"})
"""A query that cannot be asked is not a source that does not answer: its owner must change it."""

ACTING = frozenset({Stage.HOLDING, Stage.RESTARTING_FIRST, Stage.RESTARTING_REST})
"""The stages in which the guards are asked before a pod is touched."""

Measured = tuple[tuple[Window, ...], tuple[Verdict, ...], tuple[str, str] | None]


async def gather(world: World, namespace: str, name: str, fleet: Fleet, administration: Administration) -> Facts:
    """One snapshot for one store.

    Raises:
        ClusterUnavailable: the store or its incidents could not be read; nothing is known, so nothing is decided.
    """
    store, incidents = await asyncio.gather(
        world.stores.read(namespace, name), world.incidents.of_store(namespace, name)
    )
    now = world.clock.now()
    if store is None:
        world.judged.pop((namespace, name), None)
        world.tidy_next.pop((namespace, name), None)
        return _nothing(now, namespace, name, incidents)
    policy = policies.combine(store.spec, administration, namespace)
    problem = refusal(store, administration, namespace, fleet)
    target: Target | None = None
    if problem is None:
        target, problem = await _observe(world, store, policy)
    windows, verdicts, metrics_problem = await _measure(world, store, target, policy, now)
    if metrics_problem is not None and metrics_problem[0] in OWNERS_FAULTS:
        reason, message = metrics_problem
        problem = Hold(Reason.SPEC_INVALID, f"{reason}: {message}", person_needed=True)
    return Facts(
        now=now,
        namespace=namespace,
        store_name=name,
        store=store,
        policy=policy,
        problem=problem,
        target=target,
        verdicts=verdicts,
        windows=windows,
        metrics_problem=metrics_problem,
        incidents=incidents,
        firing_alerts=await _alerts(world, store, incidents),
        fleet_stores=fleet.stores,
        storming_stores=fleet.storming,
        fleet_known=fleet.known,
        relief=await _reliefs(world, policy, windows, incidents),
        skew_seconds=world.skew_seconds(),
        tidying_due=tidying.due(world, namespace, name, administration, now),
    )


def _nothing(now: datetime, namespace: str, name: str, incidents: tuple[DriftIncident, ...]) -> Facts:
    return Facts(now, namespace, name, None, None, None, None, (), (), None, incidents)


def refusal(store: FeatureStore, administration: Administration, namespace: str, fleet: Fleet) -> Hold | None:
    """What makes a store impossible to judge before anything outside is asked."""
    unsupported = policies.unsupported(store.spec)
    if unsupported:
        return Hold(Reason.NOT_SUPPORTED_YET, "; ".join(unsupported), person_needed=True)
    wrong = policies.faults(store.spec)
    if wrong:
        return Hold(Reason.SPEC_INVALID, "; ".join(wrong), person_needed=True)
    forbidden = policies.blocking_refusals(store.spec, administration, namespace)
    if forbidden:
        return Hold(Reason.NOT_ALLOWED, "; ".join(forbidden), person_needed=True)
    if fleet.rivals:
        others = ", ".join(fleet.rivals)
        target = store.spec.target_ref
        message = f"{target.kind}/{target.name} is the target of {others} too: delete one of the stores"
        return Hold(Reason.TARGET_CLAIMED_TWICE, message, person_needed=True)
    return None


async def _observe(world: World, store: FeatureStore, policy: Policy) -> tuple[Target | None, Hold | None]:
    try:
        target = await world.workloads.observe(store.metadata.namespace, store.spec.target_ref)
    except TargetMissing as error:
        return None, Hold(Reason.TARGET_NOT_FOUND, error.message, person_needed=True)
    except ClusterUnavailable as error:
        return None, Hold(Reason.CLUSTER_UNAVAILABLE, error.message)
    except Permanent as error:
        return None, Hold(Reason.NOT_ALLOWED, f"{error.reason}: {error.message}", person_needed=True)
    if policy.spec.capture.format != "None" and not profiled_container(policy, target):
        names = ", ".join(target.containers)
        return target, Hold(
            Reason.CONTAINER_AMBIGUOUS, f"set `spec.capture.container` to one of: {names}", person_needed=True
        )
    return target, None


async def _measure(world: World, store: FeatureStore, target: Target | None, policy: Policy, now: datetime) -> Measured:
    """Windows and verdicts, or the reason why there are none."""
    if target is None:
        return (), (), None
    request = BlocksRequest(
        namespace=store.metadata.namespace,
        store=store.metadata.name,
        target=target,
        metrics=store.spec.metrics,
        quantile=store.spec.objective.quantile,
        objective_milliseconds=store.spec.objective.latency_milliseconds,
        windows_seconds=tuple(store.spec.detection.window_seconds),
        now=now,
    )
    try:
        windows = await world.metrics.windows(request)
    except (MetricsUnavailable, Permanent) as error:
        return (), (), (error.reason, error.message)
    known = world.judged.setdefault((store.metadata.namespace, store.metadata.name), judge.JudgedWindows())
    return windows, await world.judging.verdicts(windows, policy.detection, known), None


async def _alerts(world: World, store: FeatureStore, incidents: tuple[DriftIncident, ...]) -> tuple[str, ...] | None:
    """Asked only while an incident waits to act or to go on; None where nobody answered."""
    names = store.spec.remediation.blocking_alerts
    if not names or not any(incident.status.stage in ACTING for incident in incidents):
        return ()
    try:
        return await world.metrics.firing_alerts(store.spec.metrics.source, store.metadata.namespace, names)
    except MemdriftError:
        return None


async def _reliefs(
    world: World, policy: Policy, windows: tuple[Window, ...], incidents: tuple[DriftIncident, ...]
) -> dict[str, Relief]:
    """The comparison before and after, for incidents whose restart is being checked."""
    found = {}
    for incident in incidents:
        if incident.status.stage is Stage.VERIFYING and windows:
            compared = await _relief(world, policy, windows, incident)
            if compared is not None:
                found[incident.metadata.name] = compared
    return found


async def _relief(world: World, policy: Policy, windows: tuple[Window, ...], incident: DriftIncident) -> Relief | None:
    decision, started = incident.status.decision, incident.status.restart_started_time
    if decision is None or started is None:
        return None
    try:
        before = bundle.decode(await world.archive.read(decision.uri))
    except (ArchiveUnavailable, ValueError):
        return None
    old = {pod.uid for pod in incident.status.pods_before}
    container = incident.spec.container
    earlier = [each for each in _lives(before, container) if each.life.uid in old]
    fresh = [each for each in _lives(windows, container) if each.life.uid not in old]
    touched = {pod.uid for pod in incident.status.plan.pods} if incident.status.plan else old
    return relief([each for each in earlier if each.life.uid in touched], fresh, policy.detection, started.timestamp())


def _lives(windows: tuple[Window, ...], container: str) -> list[LifeBlocks]:
    """The container's lives in the shortest window, whose blocks are the finest."""
    shortest = min(windows, key=lambda window: window.seconds)
    return [each for each in shortest.lives if each.life.container == container]
