"""One tick of one store: gather → decide → perform → advance → tell, and nothing else.

Every tick explains itself in one report. What was decided is written to the incident before the store, so that intent
is on record before anything that follows from it. Must not hold state between two ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memdrift.api.driftincident import DriftIncident, Stage
from memdrift.api.featurestore import FeatureStore, FeatureStoreStatus
from memdrift.errors import MemdriftError
from memdrift.reconcile import telling
from memdrift.reconcile.gather import gather
from memdrift.reconcile.perform import perform
from memdrift.reconcile.world import Fleet, World
from memdrift.remedy import progress, status
from memdrift.remedy.decide import next_step
from memdrift.remedy.facts import Facts
from memdrift.remedy.steps import (
    Close,
    Done,
    Enter,
    Failed,
    OpenIncident,
    Step,
    StepOutcome,
    TakeBaseline,
    TellAbsence,
    Tidy,
    Wait,
)
from memdrift.report.tick import TickReport

SHORT_RETRY_SECONDS = 5.0
LONGEST_RETRY_SECONDS = 60.0
UNHURRIED = (TakeBaseline, TellAbsence, Tidy)


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick leaves behind for the scheduler.

    Attributes:
        due_seconds: when to look again; 0 where a step was taken and the next may follow at once.
        gone: the store does not exist and nothing of it is open.
        wants_restart: confirmed drift whose guards do not refuse for the mode: counts towards a storm.
    """

    report: TickReport
    due_seconds: float
    gone: bool
    wants_restart: bool


async def tick(world: World, namespace: str, name: str, fleet: Fleet) -> Ticked:
    """One tick.

    Raises:
        ClusterUnavailable: the API server did not answer; nothing was decided, or what was done is not yet written and
            will be found by the next tick.
    """
    began = world.clock.monotonic()
    facts = await gather(world, namespace, name, fleet, world.administration())
    step = next_step(facts)
    outcome = await perform(world, facts, step)
    incidents = await _advance(world, facts, step, outcome)
    written = await _tell_store(world, facts, incidents, step, outcome)
    await telling.publish(world, facts, incidents, written, step, outcome)
    seconds = world.clock.monotonic() - began
    return Ticked(
        report=telling.report(facts, incidents, written, step, outcome, seconds),
        due_seconds=due_seconds(facts, step, outcome),
        gone=facts.store is None and isinstance(step, Wait),
        wants_restart=telling.wants_restart(incidents),
    )


async def _advance(world: World, facts: Facts, step: Step, outcome: StepOutcome) -> tuple[DriftIncident, ...]:
    """All incidents after the step, the changed ones written."""
    incidents, acted = list(facts.incidents), step
    if isinstance(step, OpenIncident) and isinstance(outcome, Done):
        incidents = list(await world.incidents.of_store(facts.namespace, facts.store_name))
        acted = Enter(outcome.created, Stage.CONFIRMED)
    after = []
    for incident in incidents:
        advanced = progress.advance(incident, facts, acted, outcome)
        if telling.worth_writing(incident.status, advanced):
            await world.incidents.apply_status(facts.namespace, incident.metadata.name, advanced)
        after.append(incident.replace(status=advanced))
    return tuple(after)


async def _tell_store(
    world: World, facts: Facts, incidents: tuple[DriftIncident, ...], step: Step, outcome: StepOutcome
) -> FeatureStoreStatus | None:
    store: FeatureStore | None = facts.store
    if store is None:
        return None
    told = status.store_status(store, facts, incidents, step, outcome)
    if status.worth_writing(store.status, told):
        await world.stores.apply_status(facts.namespace, facts.store_name, told)
    return told


def due_seconds(facts: Facts, step: Step, outcome: StepOutcome) -> float:
    """When to look again: at once after a step, at the time a hold names, else after the evaluation period."""
    period = float(facts.policy.spec.evaluation_period_seconds) if facts.policy else 60.0
    if isinstance(outcome, Failed) and isinstance(step, UNHURRIED):
        return period  # nothing waits for it, and a pod that serves no profile must not be asked every few seconds
    if isinstance(outcome, Failed):
        # What was asked for is kept as long as the store may go unjudged: a search may lag behind what was created.
        asked = outcome.retry_after_seconds or SHORT_RETRY_SECONDS
        return min(max(period, LONGEST_RETRY_SECONDS), asked)
    if not isinstance(step, Wait):
        return period if isinstance(step, Close) else 0.0
    until: datetime | None = min((wait.hold.until for wait in step.every if wait.hold.until), default=None)
    if until is None:
        return period
    return min(period, max((until - facts.now).total_seconds(), 0.5))


def failed_report(namespace: str, name: str, now: datetime, seconds: float, error: Exception) -> TickReport:
    """The report of a tick that could not be finished."""
    return telling.failed(namespace, name, now, seconds, error, known=isinstance(error, MemdriftError))
