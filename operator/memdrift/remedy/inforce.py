"""Which word about a leak is in force: the newest one, by the moment at which it was noticed.

Exists because a person may judge any incident of a leak, also an old and closed one, and because incidents are pruned:
neither their numbers nor their absence may bring back a word that was taken back. Must not weigh how large a growth is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from memdrift.api.driftincident import DriftIncident, Judgement, Stage

QUIET = frozenset({Judgement.EXPECTED, Judgement.NOISE})
"""The words that stop capture, ticket and restart."""


def on_record(incident: DriftIncident) -> bool:
    """Whether the incident's word was noticed before, as its own and not as another incident's."""
    judged = incident.status.judged
    return judged is not None and judged.incident is None and judged.judgement is incident.spec.judgement


def leaks_of(incident: DriftIncident) -> frozenset[str]:
    """The fingerprints of the incident's leaks; its container where profiles named none."""
    findings = incident.status.findings
    named = {leak.fingerprint for leak in findings.leaks} if findings else set()
    if incident.status.fingerprint:
        named.add(incident.status.fingerprint)
    return frozenset(named) or frozenset({f"container {incident.spec.container}"})


def standing(leaks: Iterable[str], incidents: Sequence[DriftIncident]) -> tuple[DriftIncident, ...]:
    """The incidents whose judgement keeps all of these leaks quiet; empty where one of them is not judged so.

    The newest judgement of each leak counts; an incident that was closed by another one's is none.
    """
    found: dict[str, DriftIncident] = {}
    for leak in leaks:
        newest = _newest(leak, incidents)
        if newest is None or newest.spec.judgement not in QUIET:
            return ()
        found[newest.metadata.name] = newest
    return tuple(found.values())


def _newest(leak: str, incidents: Iterable[DriftIncident]) -> DriftIncident | None:
    """The incident of which the newest word about a leak was said: of words noticed at once that of the newest one."""
    judged = [each for each in incidents if each.spec.judgement is not Judgement.NONE and leak in leaks_of(each)]
    return max(judged, key=lambda each: (_said_at(each), each.spec.number), default=None)


def _said_at(incident: DriftIncident) -> datetime:
    """When the word was noticed; a word that is not on record yet was given since the last look."""
    judged = incident.status.judged
    return judged.time if judged is not None and on_record(incident) else datetime.max.replace(tzinfo=UTC)


def expendable(incidents: Sequence[DriftIncident]) -> DriftIncident | None:
    """The oldest closed incident that can be forgotten without changing what stands; None where each one is needed.

    A quiet word in force is needed; one that takes an older quiet word back is, as long as that one is there.
    """
    closed = (each for each in incidents if each.status.stage is Stage.CLOSED)
    return next((each for each in closed if not _needed(each, incidents)), None)


def _needed(incident: DriftIncident, incidents: Sequence[DriftIncident]) -> bool:
    others = [each for each in incidents if each is not incident]
    for leak in leaks_of(incident):
        if _newest(leak, incidents) is not incident:
            continue
        next_one = _newest(leak, others)
        if incident.spec.judgement in QUIET or (next_one is not None and next_one.spec.judgement in QUIET):
            return True
    return False
