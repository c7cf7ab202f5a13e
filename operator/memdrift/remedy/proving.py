"""From confirmed drift to evidence that is stored and told: what comes before any thought of a restart.

Exists so that evidence is gathered in the same order whatever may follow. Must not weigh a restart: `holding` does.
"""

from __future__ import annotations

from memdrift.api.driftincident import Stage
from memdrift.api.featurestore import Mode, ProfileFormat
from memdrift.remedy import guards, stages
from memdrift.remedy.guards import Case
from memdrift.remedy.steps import Analyse, Capture, Enter, File, PutDocument, Step, Wait

HANDS_OFF: tuple[guards.Guard, ...] = (guards.kill_switch, guards.paused)


def confirm(case: Case) -> Step:
    """Onwards, as far as the mode and the format of the profiles allow."""
    name = case.incident.metadata.name
    if not case.policy.allows(Mode.CAPTURE):
        return Enter(name, Stage.HOLDING)
    if case.policy.spec.capture.format is ProfileFormat.NONE:
        return Enter(name, Stage.FILING)
    return Enter(name, Stage.CAPTURING)


def capture(case: Case) -> Step:
    """Worst pods first, until enough are profiled, nothing is left to try, or the time is over."""
    status, name, capture = case.status, case.incident.metadata.name, case.policy.spec.capture
    held = guards.first_hold(HANDS_OFF, case)
    if held is not None:
        return Wait(held, name)
    if not case.policy.allows(Mode.CAPTURE):
        return Enter(name, Stage.HOLDING)
    taken = {profile.pod_uid for profile in status.profiles if profile.kind == telling_kind(case)}
    left = None
    if len(taken) < capture.max_pods and not stages.passed(status, case.policy, case.facts.now):
        left = next(
            (pod for pod in status.affected_pods if pod.uid not in taken and _worth_trying(case, pod.uid)), None
        )
    if left is not None:
        return Capture(name, left.name, left.uid)
    return Enter(name, Stage.ANALYSING if taken else Stage.FILING)


def telling_kind(case: Case) -> str:
    """The kind of profile without which a pod counts as not profiled: the heap, where it is asked for at all."""
    asked = [str(kind) for kind in case.policy.spec.capture.profiles]
    return "heap" if "heap" in asked else next(iter(asked), "heap")


def _worth_trying(case: Case, uid: str) -> bool:
    pod = case.target.pod(uid)
    entered = case.status.stage_entered_time
    recent = (each for each in case.status.capture_failures if entered is None or each.time >= entered)
    failures = sum(1 for failure in recent if failure.pod_uid == uid)
    return pod is not None and not pod.deleting and failures < stages.CAPTURE_ATTEMPTS


def analyse(case: Case) -> Step:
    """Compare what was taken, once there are measurements that the profiles must explain."""
    name = case.incident.metadata.name
    if case.status.findings is None and not stages.passed(case.status, case.policy, case.facts.now):
        unmeasured = guards.metrics(case)  # what the profiles must explain is a measurement
        return Analyse(name) if unmeasured is None else Wait(unmeasured, name)
    return Enter(name, Stage.FILING)


def file(case: Case) -> Step:
    """The document into the archive first, then the ticket that points at it."""
    status, name = case.status, case.incident.metadata.name
    late = stages.passed(status, case.policy, case.facts.now)
    if status.archive is None and not late:
        return PutDocument(name)
    if unfiled(case) and not late:
        return File(name)
    return Enter(name, Stage.HOLDING)


def unfiled(case: Case) -> bool:
    """Whether a ticket is wanted, allowed, and not confirmed yet."""
    return case.status.ticket is None and case.policy.spec.filing is not None and case.policy.allows(Mode.CAPTURE)
