"""A closed incident's status after a tick: what people say of it later, and whether its leak stays away.

Exists because the end of an incident is not the end of what is learnt of it, and because all of that must survive the
process. Pure and total, as `progress` is. Must not reopen anything: a leak that returns is another incident.
"""

from __future__ import annotations

from memdrift.api.driftincident import AbsenceRecord, ActionRecord, ActionState, DriftIncident, DriftIncidentStatus
from memdrift.remedy import absence, judgements
from memdrift.remedy.facts import Facts
from memdrift.remedy.reasons import Reason
from memdrift.remedy.steps import Done, Failed, Step, StepOutcome, TellAbsence


def advance(incident: DriftIncident, facts: Facts, step: Step, outcome: StepOutcome) -> DriftIncidentStatus:
    """The closed incident's status after this tick; the very same where nothing is new."""
    status = incident.status
    judged = judgements.noticed(incident, facts)
    if judged != status.judged:
        status = status.replace(judged=judged)
    record = absence.followed(incident, facts)
    if isinstance(step, TellAbsence):
        record = _told(incident, facts, step, outcome, record)
        if step.incident == incident.metadata.name and isinstance(outcome, Done) and facts.policy is not None:
            said = absence.sentence(incident, facts.policy)
            told = ActionRecord(kind=Reason.LEAK_ABSENT, state=ActionState.DONE, time=facts.now, detail=said)
            status = status.replace(actions=[*status.actions, told])
    return status if record == status.absence else status.replace(absence=record)


def _told(
    incident: DriftIncident, facts: Facts, step: TellAbsence, outcome: StepOutcome, record: AbsenceRecord | None
) -> AbsenceRecord | None:
    """Told once, also in older incidents with the same ticket: else pruning the newest would let them tell it again."""
    subject = next(each for each in facts.incidents if each.metadata.name == step.incident)
    known, status = subject.status.absence, incident.status
    if known is None:
        return record
    if isinstance(outcome, Failed):
        return known.replace(tried_time=facts.now) if subject.metadata.name == incident.metadata.name else record
    same = status.fingerprint is not None and status.fingerprint == subject.status.fingerprint
    older = same and incident.spec.number < subject.spec.number
    if older and status.absence is not None and status.absence.told_time is not None:
        return status.absence
    return known.replace(told_time=facts.now) if older or subject.metadata.name == incident.metadata.name else record
