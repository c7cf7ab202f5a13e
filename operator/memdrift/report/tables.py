"""Stores and incidents as rows of text, for a terminal.

Exists so that the command line prints the same words as the resources. Text from pods and metrics is hostile: control
characters are taken out here. Must not print, and must not know colours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import FeatureStore

Row = tuple[str, ...]
STORE_HEADINGS: Row = (
    "NAMESPACE",
    "STORE",
    "MODE",
    "READY",
    "VERDICT",
    "GROWTH/H",
    "LATENCY",
    "TO LIMIT",
    "REMEDIATION",
)
INCIDENT_HEADINGS: Row = (
    "NAMESPACE",
    "INCIDENT",
    "STAGE",
    "WHY NOT",
    "SUSPECT",
    "GROWTH/H",
    "PROFILES",
    "OUTCOME",
    "AGE",
)
GATE_HEADINGS: Row = ("GATE", "FIGURE", "THRESHOLD", "UNIT", "PASSED", "MEANING")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain(text: object) -> str:
    """Text without anything that could move a cursor or reverse a line."""
    return _CONTROL.sub("�", str(text))


def span(seconds: float) -> str:
    """A duration as kubectl shows it: `45s`, `12m`, `5h`, `3d`."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


def condition(resource: FeatureStore | DriftIncident, kind: str) -> tuple[str, str, str]:
    """Status, reason and message of a condition; empty words where it is absent."""
    found = next((each for each in resource.status.conditions if each.type == kind), None)
    return (str(found.status), found.reason, plain(found.message)) if found else ("", "", "")


def store_row(store: FeatureStore) -> Row:
    """One line of `memdrift status`."""
    status = store.status
    ready, reason, _ = condition(store, "Ready")
    latency, objective = status.latency_milliseconds, store.spec.objective.latency_milliseconds
    return (
        store.metadata.namespace,
        store.metadata.name,
        str(store.spec.mode),
        ready if ready == "True" else f"{ready} {reason}".strip(),
        status.verdict or "-",
        status.growth_per_hour or "-",
        f"{latency} of {objective} ms" if latency is not None else "-",
        span(status.seconds_to_limit) if status.seconds_to_limit is not None else "-",
        condition(store, "Remediating")[1] or "-",
    )


def incident_row(incident: DriftIncident, now: datetime) -> Row:
    """One line of `memdrift incidents`."""
    status = incident.status
    suspect = status.findings.suspects[0] if status.findings and status.findings.suspects else None
    name = f"{suspect.module or suspect.function} {suspect.version}".strip() if suspect else "-"
    age = (now - status.confirmed_time).total_seconds() if status.confirmed_time else 0.0
    return (
        incident.metadata.namespace,
        incident.metadata.name,
        str(status.stage),
        status.reason or "-",
        plain(name),
        status.growth_per_hour or "-",
        str(len(status.profiles)),
        str(status.outcome or "-"),
        span(max(age, 0.0)),
    )


def gate_rows(incident: DriftIncident) -> Sequence[Row]:
    """Every gate of the verdict that confirmed an incident."""
    verdict = incident.status.verdict
    words = {True: "yes", False: "no", None: "not asked"}
    return [
        (
            gate.name,
            plain(gate.figure or "-"),
            plain(gate.threshold or "-"),
            plain(gate.unit),
            words[gate.passed],
            plain(gate.sentence),
        )
        for gate in (verdict.gates if verdict else ())
    ]


def explanation(store: FeatureStore, incident: DriftIncident | None) -> Sequence[Row]:
    """Why memdrift did, or did not, act: (question, answer) from the newest look."""
    rows: list[Row] = []
    for kind, question in (
        ("Ready", "can it be judged"),
        ("Drifting", "does it drift"),
        ("Remediating", "what is done"),
    ):
        status, reason, message = condition(store, kind)
        rows.append(
            (question, f"{status or 'not looked at yet'} ({reason}): {message}" if reason else "not looked at yet")
        )
    stalled = condition(store, "Stalled")
    if stalled[1]:
        rows.append(("a person is needed", f"{stalled[1]}: {stalled[2]}"))
    if store.status.next_eligible_time is not None:
        rows.append(("no restart before", store.status.next_eligible_time.isoformat()))
    budget = store.status.budget
    rows.append(
        (
            "stopgaps",
            f"{budget.used_last_24_hours} in 24 h, {budget.used_last_7_days} in 7 d, {budget.consecutive} in a row",
        )
    )
    return rows if incident is None else [*rows, *_incident_answers(incident)]


def _incident_answers(incident: DriftIncident) -> Sequence[Row]:
    status = incident.status
    rows: list[Row] = [("incident", f"{incident.metadata.name}, stage {status.stage}")]
    if status.verdict is not None:
        rows.append(("verdict", plain(status.verdict.sentence)))
    if status.findings is not None:
        rows.append(("profiles say", plain(status.findings.sentence)))
    if status.findings is not None and status.findings.confidence_percent is not None:
        sure = f"{status.findings.confidence_percent} %: {plain(status.findings.confidence_reason)}"
        rows.append(("how sure", sure))
    if status.change is not None and status.change.sentence:
        rows.append(("what changed", plain(status.change.sentence)))
    if status.change is not None and status.change.command:
        rows.append(("to take it back", plain(status.change.command)))
    if incident.spec.judgement or status.judged is not None:
        rows.append(("judged", str(incident.spec.judgement or (status.judged.judgement if status.judged else ""))))
    if status.recommendation is not None:
        rows.append(("recommended", str(status.recommendation)))
    if status.ticket is not None:
        rows.append(("ticket", plain(status.ticket.url or f"filed with {status.ticket.tracker}")))
    if status.archive is not None:
        rows.append(("evidence", plain(status.archive.uri)))
    if status.plan is not None and status.outcome is None:
        rows.append(("plan", f"{status.plan.hash}: {plain(status.plan.sentence)}"))
    rows += [
        (
            "did",
            f"{action.time:%H:%M:%S} {action.kind} {action.state} {plain(action.pod)} {plain(action.detail)}".rstrip(),
        )
        for action in status.actions
    ]
    return rows
