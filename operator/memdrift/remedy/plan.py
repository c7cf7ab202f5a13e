"""The smallest restart that helps, as data that a person can approve.

Exists so that what is shown, what is approved and what is done are one value with one hash. Must not decide whether
to act.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from memdrift.api.driftincident import AffectedPod, DriftIncident, ObjectRef, PlanRecord
from memdrift.api.featurestore import Strategy
from memdrift.drift.blocks import POD_TOTAL
from memdrift.remedy.policy import Policy
from memdrift.remedy.target import Target

MOST_PODS = 64
"""What a plan may name: as many as are written down, so that its hash can be recomputed from the record."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One stopgap.

    Attributes:
        pods: (name, UID) in the order of eviction, worst first; for `Rollout` every pod of the workload.
        hash: of the workload's identity, the strategy and the set of pods; the order does not change it.
    """

    strategy: Strategy
    pods: tuple[tuple[str, str], ...]
    hash: str
    sentence: str

    def record(self) -> PlanRecord:
        """The plan on the wire."""
        return PlanRecord(
            hash=self.hash,
            strategy=self.strategy,
            pods=[ObjectRef(name=name, uid=uid) for name, uid in self.pods],
            sentence=self.sentence,
        )


def plan_for(incident: DriftIncident, target: Target, policy: Policy) -> Plan:
    """What would be restarted now; an empty `pods` means there is nothing left that a restart could help."""
    strategy = policy.spec.remediation.strategy
    living = {pod.uid: pod for pod in target.pods if not pod.deleting}
    if strategy is Strategy.ROLLOUT:
        pods = tuple((pod.name, pod.uid) for pod in sorted(living.values(), key=lambda pod: pod.name))
        what = f"restart all {len(pods)} pods of {target.kind}/{target.name} as a rollout"
    else:
        container = incident.spec.container
        pods = tuple(
            (pod.name, pod.uid)
            for pod in incident.status.affected_pods
            if pod.uid in living and still_runs(pod, target, container)
        )
        names = ", ".join(name for name, _ in pods)
        what = f"evict {len(pods)} of {len(living)} pods of {target.kind}/{target.name}, one at a time: {names}"
    pods = pods[:MOST_PODS]
    return Plan(strategy=strategy, pods=pods, hash=_hash(incident, target, strategy, pods), sentence=what)


def _hash(incident: DriftIncident, target: Target, strategy: Strategy, pods: Sequence[tuple[str, str]]) -> str:
    identity = [incident.metadata.uid, target.uid, str(strategy), sorted(uid for _, uid in pods)]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


def still_runs(pod: AffectedPod, target: Target, container: str) -> bool:
    """Whether this life goes on: a container that restarted within its pod is another life, and may be healthy."""
    found = target.pod(pod.uid)
    if found is None:
        return False
    starts = [life.started_at for life in found.containers if container in {life.name, POD_TOTAL}]
    known = [start for start in starts if start is not None]
    return not known or max(known) < pod.started_time + timedelta(seconds=1)


def concerns(plan: Plan, incident: DriftIncident, target: Target) -> bool:
    """Whether the plan was made for this workload and not for another one that `spec.targetRef` named before."""
    return plan.hash == _hash(incident, target, plan.strategy, plan.pods)


def recorded(incident: DriftIncident) -> Plan | None:
    """The plan that was begun, as it was written down."""
    record = incident.status.plan
    if record is None:
        return None
    pods = tuple((pod.name, pod.uid) for pod in record.pods)
    return Plan(strategy=Strategy(record.strategy), pods=pods, hash=record.hash, sentence=record.sentence)
