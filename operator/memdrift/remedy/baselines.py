"""Which revision still lacks a baseline, and which baselines an incident is compared with.

Exists because a leak can only be seen against a young profile of the same revision, and blamed only against the last
healthy revision. Must not read profiles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import Baseline, Mode, ProfileFormat
from memdrift.drift.verdict import VerdictKind
from memdrift.remedy.facts import Facts
from memdrift.remedy.policy import Policy
from memdrift.remedy.steps import TakeBaseline
from memdrift.remedy.target import Pod, Target


def profiled_container(policy: Policy, target: Target) -> str:
    """The container whose profiles are taken; "" where it is ambiguous."""
    return policy.spec.capture.container or target.default_container


def missing(facts: Facts, policy: Policy, target: Target) -> TakeBaseline | None:
    """The youngest ready pod of the current revision, once past its warm-up, where that revision has no baseline.

    A pod that is drifting already is no baseline: its profile would hide the growth that happened before. Where others
    of the revision drift, a pod that has only just warmed up is one, and makes late what was missing when they began.
    """
    capture = policy.spec.capture
    wanted = capture.baseline and capture.format is ProfileFormat.GO_PPROF and policy.allows(Mode.CAPTURE)
    if not wanted or facts.store is None or policy.kill_switch or policy.spec.pause_requests or target.rolling:
        return None
    if facts.metrics_problem is not None:  # whether the revision drifts already is not known
        return None
    container = profiled_container(policy, target)
    drifting = {pod.uid for verdict in facts.verdicts for pod in verdict.drifting_pods if verdict.drifting}
    have = {baseline.revision for baseline in facts.store.status.baselines if baseline.container == container}
    if not container or target.revision in have:
        return None
    pods = [
        pod
        for pod in target.pods
        if _ripe(pod, container, facts, policy) and pod.revision == target.revision and pod.uid not in drifting
        if not any(verdict.drifting for verdict in facts.verdicts) or _young(pod, container, facts, policy)
    ]
    youngest = max(pods, key=lambda pod: pod.created_at, default=None)
    return TakeBaseline(youngest.name, youngest.uid, container) if youngest else None


def _ripe(pod: Pod, container: str, facts: Facts, policy: Policy) -> bool:
    life = pod.container(container)
    warm = timedelta(seconds=policy.spec.detection.warm_up_seconds)
    started = life.started_at if life else None
    return pod.ready and not pod.deleting and started is not None and facts.now - started >= warm


def _young(pod: Pod, container: str, facts: Facts, policy: Policy) -> bool:
    life, detection = pod.container(container), policy.spec.detection
    if life is None or life.started_at is None:
        return False
    grace = max(detection.warm_up_seconds, min(detection.window_seconds) / 4)
    return facts.now - life.started_at <= timedelta(seconds=detection.warm_up_seconds + grace)


def inputs(baselines: Sequence[Baseline], revision: str, container: str, incidents: Sequence[DriftIncident]) -> str:
    """Identifies the baselines that an incident of this revision is compared with."""
    used = [
        *earlier(baselines, revision, container),
        *(each for each in last_healthy(baselines, revision, container, incidents)),
    ]
    return hashlib.sha256(" ".join(sorted(each.sha256 for each in used)).encode()).hexdigest()[:16]


def earlier(baselines: Sequence[Baseline], revision: str, container: str) -> list[Baseline]:
    """The young profiles of the revision that drifts."""
    return [each for each in baselines if each.revision == revision and each.container == container]


def last_healthy(
    baselines: Sequence[Baseline], revision: str, container: str, incidents: Sequence[DriftIncident]
) -> list[Baseline]:
    """The profiles of the newest other revision that was judged steady and never had an incident."""
    guilty = {pod.revision for incident in incidents for pod in incident.status.affected_pods} | {revision}
    others = [
        each for each in baselines if each.container == container and each.revision not in guilty and each.healthy
    ]
    newest = max(others, key=lambda each: each.taken_time, default=None)
    return [each for each in others if newest is not None and each.revision == newest.revision]


def with_health(baselines: Sequence[Baseline], facts: Facts, target: Target, container: str) -> list[Baseline]:
    """The baselines, the current revision's marked healthy once its verdict is steady, unless it ever drifted."""
    verdict = facts.verdict(container)
    guilty = {pod.revision for incident in facts.incidents for pod in incident.status.affected_pods}
    steady = verdict is not None and verdict.kind is VerdictKind.STEADY and not target.rolling
    return [
        each.replace(healthy=True)
        if steady and each.revision == target.revision and each.revision not in guilty and not each.healthy
        else each
        for each in baselines
    ]
