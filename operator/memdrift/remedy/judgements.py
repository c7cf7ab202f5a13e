"""What people have said of a leak, remembered by its fingerprint, and until when it counts.

Exists so that nobody answers the same question twice, and so that an accepted growth which becomes another one is told
anew. Which word counts is said by `inforce`. Must not forget a word by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from memdrift.api.driftincident import DriftIncident, JudgedRecord, Judgement
from memdrift.api.quantities import bytes_of, quantity_of
from memdrift.drift.verdict import Verdict
from memdrift.evidence.sentence import bytes_for_people
from memdrift.remedy import records
from memdrift.remedy.facts import Facts, Hold
from memdrift.remedy.inforce import QUIET, leaks_of, on_record, standing
from memdrift.remedy.reasons import Reason

JUDGED_QUIET = {Judgement.EXPECTED: Reason.JUDGED_EXPECTED, Judgement.NOISE: Reason.JUDGED_NOISE}
BEYOND_FACTOR = 1.5
"""Memory or pace above so many times what was judged is beyond it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How large a growth is; None where it could not be measured.

    Attributes:
        growth_bytes_per_hour: of the pod that grows fastest.
        memory_bytes: of the pod that uses most.
    """

    growth_bytes_per_hour: float | None
    memory_bytes: float | None

    def beyond(self, judged: Figures) -> str:
        """In words, by how much this is more than what was judged; "" where it is not, or cannot be compared."""
        for now, then, words in (
            (self.memory_bytes, judged.memory_bytes, ""),
            (self.growth_bytes_per_hour, judged.growth_bytes_per_hour, " per hour"),
        ):
            if now is not None and then is not None and now > BEYOND_FACTOR * max(then, 0.0):
                return f"{_size(now)}{words}, more than {BEYOND_FACTOR:g} times the {_size(then)}{words} judged"
        return ""


def _size(figure: float) -> str:
    return bytes_for_people(round(figure))


def figures_of(verdict: Verdict | None) -> Figures:
    """Those of the pods that drift now."""
    pods = verdict.drifting_pods if verdict is not None else ()
    growths = [pod.growth_bytes_per_hour.middle for pod in pods if pod.growth_bytes_per_hour]
    memories = [float(pod.memory_bytes) for pod in pods if pod.memory_bytes is not None]
    return Figures(max(growths, default=None), max(memories, default=None))


def judged_record(incident: DriftIncident, facts: Facts) -> JudgedRecord | None:
    """What is judged when an incident closes by a person's word: the figures of now, else those on record.

    The word's time is that at which it was noticed first. Where the word was given for another incident of the same
    leak, what was judged there: else a growth that is a little larger each time would never be beyond it. None where
    nobody has said anything.
    """
    judgement = incident.spec.judgement
    if judgement not in QUIET:
        other = quiet_about(incident, facts)
        return _inherited(other[0], facts) if other else None
    now, known = figures_of(facts.verdict(incident.spec.container)), _recorded(incident)
    growth = now.growth_bytes_per_hour if now.growth_bytes_per_hour is not None else known.growth_bytes_per_hour
    memory = max((each for each in (now.memory_bytes, known.memory_bytes) if each is not None), default=None)
    said = noticed(incident, facts)
    return JudgedRecord(
        judgement=judgement,
        time=facts.now if said is None else said.time,
        growth_per_hour=None if growth is None else quantity_of(records.two_digits(growth)),
        memory=None if memory is None else quantity_of(records.two_digits(memory)),
    )


def noticed(incident: DriftIncident, facts: Facts) -> JudgedRecord | None:
    """What is on record of a person's word, a new one with the moment of now and the figures that are on record.

    A word that was taken back is forgotten: given again, it is as new as another one.
    """
    word, known = incident.spec.judgement, incident.status.judged
    if word is Judgement.NONE:
        return known if known is not None and known.incident is not None else None
    if on_record(incident):
        return known
    figures = judged_figures(incident)
    growth, memory = figures.growth_bytes_per_hour, figures.memory_bytes
    return JudgedRecord(
        judgement=word,
        time=facts.now,
        growth_per_hour=None if growth is None else quantity_of(growth),
        memory=None if memory is None else quantity_of(memory),
    )


def _inherited(other: DriftIncident, facts: Facts) -> JudgedRecord:
    judged = judged_figures(other)
    growth, memory = judged.growth_bytes_per_hour, judged.memory_bytes
    return JudgedRecord(
        judgement=other.spec.judgement,
        incident=other.metadata.name,
        time=facts.now,
        growth_per_hour=None if growth is None else quantity_of(growth),
        memory=None if memory is None else quantity_of(memory),
    )


def _recorded(incident: DriftIncident) -> Figures:
    status = incident.status
    memories = [bytes_of(pod.memory) for pod in status.affected_pods if pod.memory is not None]
    growth = None if status.growth_per_hour is None else bytes_of(status.growth_per_hour)
    return Figures(growth, max(memories, default=None))


def judged_figures(incident: DriftIncident) -> Figures:
    """What was judged: as written down at that moment, else as the incident was confirmed."""
    judged = incident.status.judged
    if judged is None:
        return _recorded(incident)
    return Figures(
        None if judged.growth_per_hour is None else bytes_of(judged.growth_per_hour),
        None if judged.memory is None else bytes_of(judged.memory),
    )


def quiet_about(incident: DriftIncident, facts: Facts) -> tuple[DriftIncident, str] | None:
    """The incident whose judgement keeps this one quiet, and by how much it is beyond it ("" where it is not)."""
    others = [each for each in facts.incidents if each.metadata.name != incident.metadata.name]
    found = standing(leaks_of(incident), others) if incident.status.fingerprint else ()
    if not found:
        return None
    current, known = figures_of(facts.verdict(incident.spec.container)), _recorded(incident)
    # What cannot be measured now is as large as it was: missing data closes nothing.
    now = Figures(
        known.growth_bytes_per_hour if current.growth_bytes_per_hour is None else current.growth_bytes_per_hour,
        known.memory_bytes if current.memory_bytes is None else current.memory_bytes,
    )
    beyond = next((said for each in found if (said := now.beyond(judged_figures(each)))), "")
    return found[0], beyond


def hold_for(facts: Facts, verdict: Verdict) -> Hold | None:
    """Why no incident is opened for a drift: what grows was judged before, in the same revision, and is not beyond it.

    Without a profile a leak is only known by where it grows: another revision is looked at again.
    """
    revisions = {pod.revision for pod in verdict.drifting_pods}
    here = [each for each in facts.incidents if each.spec.container == verdict.container]
    for incident in reversed(here):
        said = incident.spec.judgement
        if said is Judgement.NONE and incident.status.judged is not None:
            said = incident.status.judged.judgement
        known = revisions <= {pod.revision for pod in incident.status.affected_pods}
        if said not in QUIET or not known or incident.status.outcome is None:
            continue
        found = standing(leaks_of(incident), facts.incidents)
        if not found:
            continue
        if figures_of(verdict).beyond(judged_figures(incident)):
            return None
        names = ", ".join(each.metadata.name for each in found)
        return Hold(JUDGED_QUIET[said], f"a person judged this growth {said} in {names}: {_bounds(incident)}")
    return None


def _bounds(incident: DriftIncident) -> str:
    judged = judged_figures(incident)
    parts = [
        f"{_size(BEYOND_FACTOR * figure)}{words}"
        for figure, words in ((judged.memory_bytes, ""), (judged.growth_bytes_per_hour, " per hour"))
        if figure is not None
    ]
    return f"quiet up to {' and '.join(parts)}" if parts else "quiet, as no figure was measured then"
