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
    undo = f"argo rollouts undo {shlex.quote(name)}" if kind == "Rollout" else ""
    return f"kubectl -n {shlex.quote(namespace)} {undo or f'rollout undo {kind.lower()}/{shlex.quote(name)}'}"


def recommended(view: IncidentView) -> Advice | None:
    """The incident's recommendation; None where it has none yet."""
    chosen = view.incident.status.recommendation
    if chosen is None:
        return None
    target = view.store.spec.target_ref if view.store is not None else None
    kind, name = (str(target.kind), target.name) if target else ("Deployment", view.incident.spec.store_ref.name)
    advised = advice(chosen, view.incident.metadata.namespace, kind, name)
    change = view.incident.status.change
    return replace(advised, command=change.command) if advised.command and change and change.command else advised


def waits_for(view: IncidentView) -> tuple[str, str] | None:
    """A sentence and a command where the incident waits for a person's yes; None where it does not."""
    incident = view.incident
    if incident.status.plan is None or incident.status.outcome is not None or incident.status.restart_started_time:
        return None
    if incident.spec.approval is not None and incident.spec.approval.plan == incident.status.plan.hash:
        return None
    where = f"{incident.metadata.name} -n {incident.metadata.namespace}"
    return incident.status.plan.sentence, f"kubectl memdrift approve {where} --plan {incident.status.plan.hash}"
