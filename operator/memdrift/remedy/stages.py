"""The stages of an incident, as one table.

    Confirmed → Capturing → Analysing → Filing → Holding → RestartingFirst → ComparingFirst → RestartingRest
              → Verifying → Closed

Every stage but `Holding` has a deadline and a way on when it passes; `Holding` has none and never expires into acting:
it ends by agreement of the guards, by a person, or because the drift is gone (it goes back to `Capturing` for evidence
that could not be had before). A crash in a stage costs at most one
repeat of one harmless step:

| stage           | on its deadline          | what a crash there repeats                                          |
|-----------------|--------------------------|---------------------------------------------------------------------|
| Confirmed       | goes on                  | the write of the verdict                                            |
| Capturing       | on with what there is    | one capture, unless the archive has it under its key already        |
| Analysing       | on without findings      | the analysis                                                        |
| Filing          | on without ticket        | the document under the same key, the ticket under the same marker   |
| Holding         | none                     | nothing: it only reads                                              |
| RestartingFirst | back to Holding          | an eviction of a UID that is gone, or an annotation that is there   |
| ComparingFirst  | closes (see below)       | nothing: it only reads                                              |
| RestartingRest  | closes as Inconclusive   | as RestartingFirst                                                  |
| Verifying       | closes as Inconclusive   | nothing: it only reads                                              |

`ComparingFirst` closes as NotRelieved where the fresh pod was not well for its soak, as Inconclusive where there is
none.
A store that cannot be judged any more gives the slot back at the same deadlines.

Must not decide: `decide` does, with these figures.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from memdrift.api.driftincident import DriftIncidentStatus, Stage
from memdrift.remedy.policy import Policy

RESTARTING = frozenset({Stage.RESTARTING_FIRST, Stage.COMPARING_FIRST, Stage.RESTARTING_REST, Stage.VERIFYING})
"""The stages that hold the slot: one stopgap at a time in the cluster."""

READY_SECONDS = 900.0
"""How long a replacement may take to become ready: cold caches of feature stores take minutes."""
ANALYSIS_SECONDS = 600.0
FILING_SECONDS = 600.0
CAPTURE_ATTEMPTS = 2
"""Attempts per pod and round: a second one helps against a passing fault, a third one only loads the pod."""
RECAPTURE_SECONDS = 300.0
"""How long `Holding` rests before another round, where no profile could be taken or stored at all."""


def deadline(status: DriftIncidentStatus, policy: Policy) -> datetime | None:
    """When the stage must have ended; None for `Holding`, `Closed` and a stage that was not entered yet."""
    entered = status.stage_entered_time
    seconds = _seconds(status, policy)
    return None if entered is None or seconds is None else entered + timedelta(seconds=seconds)


def _seconds(status: DriftIncidentStatus, policy: Policy) -> float | None:
    capture, soak = policy.spec.capture, policy.spec.remediation.soak_seconds
    pods = len(status.plan.pods) if status.plan else 1
    match status.stage:
        case Stage.CAPTURING:
            return 60 + capture.timeout_seconds * len(capture.profiles) * capture.max_pods * CAPTURE_ATTEMPTS
        case Stage.ANALYSING:
            return ANALYSIS_SECONDS
        case Stage.FILING:
            return FILING_SECONDS
        case Stage.RESTARTING_FIRST:
            return READY_SECONDS
        case Stage.COMPARING_FIRST:
            return READY_SECONDS + soak
        case Stage.RESTARTING_REST:
            return READY_SECONDS * max(pods, 1)
        case Stage.VERIFYING:
            return 3 * soak + READY_SECONDS
        case _:
            return None


def passed(status: DriftIncidentStatus, policy: Policy, now: datetime) -> bool:
    """Whether the stage's deadline lies behind."""
    end = deadline(status, policy)
    return end is not None and now >= end
