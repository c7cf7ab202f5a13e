"""Everything a decision may look at, as one immutable snapshot.

Exists so that the same Facts always give the same Step, and so that a decision can be replayed. Holds values only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import FeatureStore
from memdrift.drift.blocks import Window
from memdrift.drift.relief import Relief
from memdrift.drift.verdict import Verdict
from memdrift.remedy.policy import Policy
from memdrift.remedy.reasons import Reason
from memdrift.remedy.target import Target


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason not to act, with a time to ask again.

    Attributes:
        until: None where only an event (a person, a changed spec) can end it; it is still asked every period.
        person_needed: shown as `Stalled`.
    """

    reason: Reason
    message: str
    until: datetime | None = None
    person_needed: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at one tick of one store.

    Attributes:
        store: None where it was deleted; its incidents are then closed as `Gone`.
        store_name: its name, also when it is gone.
        policy: spec and ceilings combined; None where the store is gone.
        problem: why the store cannot be judged at all (spec, target, ceilings), None where it can.
        target: None where `problem` says why.
        verdicts: fresh ones, one per container; empty where `metrics_problem` says why.
        windows: what the verdicts were judged from.
        metrics_problem: the reason word and sentence of a failed measurement.
        incidents: all of the store, oldest number first, as the API server has them.
        firing_alerts: of `blockingAlerts`; None where they could not be asked.
        fleet_stores, storming_stores: how many stores are watched, and how many of them want a restart now, or could
            not be looked at yet.
        fleet_known: every watched store was looked at since the process began, so that these figures mean something.
        relief: the comparison before and after, by incident name, where one is due.
        skew_seconds: the largest measured difference between the clocks that are compared; None where unknown.
        tidying_due: the store's part of the archive was not looked through for a while, and may be.
    """

    now: datetime
    namespace: str
    store_name: str
    store: FeatureStore | None
    policy: Policy | None
    problem: Hold | None
    target: Target | None
    verdicts: tuple[Verdict, ...]
    windows: tuple[Window, ...]
    metrics_problem: tuple[str, str] | None
    incidents: tuple[DriftIncident, ...]
    firing_alerts: tuple[str, ...] | None = ()
    fleet_stores: int = 1
    storming_stores: int = 0
    fleet_known: bool = True
    relief: dict[str, Relief] = field(default_factory=dict)
    skew_seconds: float | None = None
    tidying_due: bool = False

    def verdict(self, container: str) -> Verdict | None:
        """The fresh verdict on a container, or None."""
        return next((verdict for verdict in self.verdicts if verdict.container == container), None)

    def after(self, seconds: float) -> datetime:
        """The moment so many seconds from now."""
        return self.now + timedelta(seconds=seconds)
