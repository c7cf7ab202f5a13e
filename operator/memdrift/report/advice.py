"""What to do about an incident: one sentence and, where there is one, the command.

Exists so that the page, the ticket and the terminal recommend the same. Must not decide what is recommended.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from memdrift.api.driftincident import Recommendation
from memdrift.report.view import IncidentView

_SENTENCES = {
    Recommendation.ROLL_BACK: "Roll back: the change below brought the growth.",
    Recommendation.RESTART: "A restart buys time; nothing is known of the cause.",
    Recommendation.RAISE_LIMIT: "Raise the memory limit; the growth ends by itself.",
    Recommendation.FIX_FIRST: "Fix the growing code below; a restart only buys time.",
    Recommendation.INVESTIGATE: "The profiles do not name the cause: look outside the heap (cgo, stacks, mappings).",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation.

    Attributes:
        command: to be typed as it is; "" where there is none.
    """

    sentence: str
    command: str = ""


def advice(recommendation: Recommendation, namespace: str, kind: str, name: str) -> Advice:
    """What is recommended for a workload, with the command where there is one."""
    command = rollback(namespace, kind, name) if recommendation is Recommendation.ROLL_BACK else ""
    return Advice(_SENTENCES[recommendation], command)


def rollback(namespace: str, kind: str, name: str) -> str:
    """The command that rolls the workload back."""
    name, where = shlex.quote(name), shlex.quote(namespace)
    if kind == "Rollout":  # kubectl takes no option before the name of a plugin
        return f"kubectl argo rollouts undo {name} -n {where}"
    return f"kubectl -n {where} rollout undo {kind.lower()}/{name}"


def recommended(view: IncidentView) -> Advice | None:
    """The incident's recommendation; None where it has none yet."""
    chosen = view.incident.status.recommendation
    if chosen is None:
        return None
    change = view.incident.status.change
    known = change.command if change and chosen is Recommendation.ROLL_BACK else ""
    if view.store is None:  # then nobody knows the workload, and a guessed one could be another's
        return Advice(_SENTENCES[chosen], known)
    target = view.store.spec.target_ref
    advised = advice(chosen, view.incident.metadata.namespace, str(target.kind), target.name)
    return replace(advised, command=known) if known else advised


def waits_for(view: IncidentView) -> tuple[str, str] | None:
    """A sentence and a command where the incident waits for a person's yes; None where it does not."""
    incident = view.incident
    if incident.status.plan is None or incident.status.outcome is not None or incident.status.restart_started_time:
        return None
    if incident.spec.approval is not None and incident.spec.approval.plan == incident.status.plan.hash:
        return None
    where = f"{incident.metadata.name} -n {incident.metadata.namespace}"
    return incident.status.plan.sentence, f"kubectl memdrift approve {where} --plan {incident.status.plan.hash}"
