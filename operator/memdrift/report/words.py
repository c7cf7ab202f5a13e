"""An incident in sentences and figures: what every form of its report begins with.

Exists so that the first line answers what leaks, how fast, since when; in the page, the ticket and the terminal alike.
Must not know any markup.
"""

from __future__ import annotations

from dataclasses import dataclass

from memdrift.api.driftincident import DriftIncident
from memdrift.drift.phrases import change_of, quantile_of, span_of
from memdrift.report.view import IncidentView

_SEVERITY = {"DriftingWithImpact": "alarm", "Drifting": "warn", "Steady": "good"}
_OUTCOMES = {
    "Relieved": "good", "Resolved": "good", "Expected": "good", "NotRelieved": "alarm", "Inconclusive": "warn",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that counts at three in the morning.

    Attributes:
        note: what it is compared with, "" where with nothing.
    """

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A word about the incident; the severity is `alarm`, `warn`, `good` or ""."""

    word: str
    severity: str = ""


def headline(incident: DriftIncident) -> str:
    """What leaks, where and how fast, in one sentence."""
    status, store = incident.status, incident.spec.store_ref.name
    pace = f"{status.growth_per_hour} per hour" if status.growth_per_hour else "an unknown amount"
    suspects = status.findings.suspects if status.findings else []
    if not suspects:
        native = status.verdict is not None and status.verdict.growth_kind == "Native"
        cause = "outside the heap that profiles see" if native else "and the cause is not known yet"
        return f"{store} grows by {pace} {cause}"
    first = suspects[0]
    where = f"{first.module or first.function} {first.version}".strip()
    kept = f" keeps {first.retained_by}" if first.retained_by else " keeps memory"
    return f"{store} grows by {pace}: {where}{kept}"


def badges(incident: DriftIncident) -> tuple[Badge, ...]:
    """Verdict, stage and what a person said."""
    status, found = incident.status, []
    if status.verdict is not None:
        found.append(Badge(_spaced(status.verdict.kind), _SEVERITY.get(status.verdict.kind, "")))
    if status.outcome is not None:
        found.append(Badge(f"Closed: {_spaced(status.outcome)}", _OUTCOMES.get(str(status.outcome), "")))
    else:
        found.append(Badge(_spaced(status.stage)))
    if incident.spec.judgement:
        found.append(Badge(f"Judged: {_spaced(incident.spec.judgement)}"))
    return tuple(found)


def sentences(incident: DriftIncident) -> tuple[str, ...]:
    """Verdict, findings and change, each in its own words."""
    status = incident.status
    parts = (
        status.verdict.sentence if status.verdict else "",
        status.findings.sentence if status.findings else "",
        status.change.sentence if status.change else "",
    )
    return tuple(f"{_begun(part).rstrip('.')}." for part in parts if part)


def _begun(sentence: str) -> str:
    """With a capital letter, unless it begins with a name."""
    first = sentence.split(" ", 1)[0]
    return sentence[:1].upper() + sentence[1:] if first.isalpha() else sentence


def figures(view: IncidentView) -> tuple[Figure, ...]:
    """The tiles: growth, time left, latency, load, how much is explained."""
    status = view.incident.status
    objective = view.store.spec.objective if view.store is not None else None
    onset = f"since {status.onset_time:%Y-%m-%d %H:%M} UTC" if status.onset_time else ""
    grown = f", {status.growth_percent} % so far" if status.growth_percent is not None else ""
    found = [Figure("Grows per hour", status.growth_per_hour or "-", f"{onset}{grown}".strip(", "))]
    if status.seconds_to_limit is not None:
        found.append(Figure("Limit reached in", span_of(status.seconds_to_limit), _counted_from(view)))
    if status.latency_milliseconds is not None:
        note = (
            f"objective {objective.latency_milliseconds} ms at {quantile_of(float(objective.quantile))}"
            if objective
            else ""
        )
        found.append(Figure("Latency", f"{status.latency_milliseconds} ms", note))
    if status.load_change_percent is not None:
        found.append(Figure("Load since then", change_of(status.load_change_percent), "what growth must not follow"))
    if status.findings is not None and status.findings.explained_percent is not None:
        found.append(Figure("Profiles explain", f"{status.findings.explained_percent} %", "of the metric's growth"))
    found.append(Figure("Pods affected", str(len(status.affected_pods)), f"container {view.incident.spec.container}"))
    return tuple(found)


def _counted_from(view: IncidentView) -> str:
    confirmed = view.incident.status.confirmed_time
    return f"counted from {confirmed:%H:%M} UTC" if confirmed else ""


def _spaced(word: object) -> str:
    """`DriftingWithImpact` as "Drifting with impact"."""
    text = str(word)
    spaced = "".join(f" {letter.lower()}" if letter.isupper() and at else letter for at, letter in enumerate(text))
    return spaced.strip()
