"""One step in, one outcome out: the only module that changes the world.

Exists so that every effect is one line under one step's name, and so that each can be repeated. A failure is an
outcome, not an exception: what is not confirmed did not happen, and is tried again. Must not decide.
"""

from __future__ import annotations

from dataclasses import replace

from memdrift.api.driftincident import DriftIncident, DriftIncidentSpec, ObjectRef, Stage
from memdrift.errors import MemdriftError, Permanent, Transient
from memdrift.reconcile import comparing, evidence, remarks, reporting, tickets, tidying
from memdrift.reconcile.world import World
from memdrift.remedy import progress
from memdrift.remedy.facts import Facts
from memdrift.remedy.reasons import Reason
from memdrift.remedy.steps import (
    Analyse,
    AnnotateTemplate,
    Begin,
    Capture,
    Close,
    Done,
    Evict,
    Failed,
    File,
    OpenIncident,
    Prune,
    PutDocument,
    Step,
    StepBack,
    StepOutcome,
    TakeBaseline,
    TellAbsence,
    Tidy,
)
from memdrift.report import bundle, document

SLOT_MESSAGE = "another stopgap is under way in the cluster"


async def perform(world: World, facts: Facts, step: Step) -> StepOutcome:
    """Carry the step out."""
    try:
        return await _perform(world, facts, step)
    except Permanent as error:
        return Failed(error.reason, error.message, permanent=True)
    except Transient as error:
        return Failed(error.reason, error.message, error.retry_after_seconds)
    except MemdriftError as error:
        return Failed(error.reason, error.message)


async def _perform(world: World, facts: Facts, step: Step) -> StepOutcome:  # noqa: C901 - one line per step
    match step:
        case OpenIncident():
            return await _open(world, facts, step)
        case TakeBaseline():
            return await evidence.take_baseline(world, facts, step)
        case Capture():
            return await evidence.capture(world, facts, incident_of(facts, step.incident), step)
        case Analyse():
            return await comparing.analyse(world, facts, incident_of(facts, step.incident))
        case PutDocument():
            return await _put_document(world, facts, incident_of(facts, step.incident))
        case File():
            return await _file(world, facts, incident_of(facts, step.incident))
        case Begin():
            return await _begin(world, facts, step)
        case Evict():
            await _take_slot(world, facts, step.incident)
            await world.workloads.evict(facts.namespace, step.pod, step.uid)
        case AnnotateTemplate():
            await _take_slot(world, facts, step.incident)
            await _annotate(world, facts, step)
        case StepBack():
            await world.slots.release(holder(facts, step.incident))
        case Close():
            return await _close(world, facts, step)
        case Prune():
            await world.incidents.delete(facts.namespace, step.incident)
        case TellAbsence():
            await _tell_absence(world, facts, incident_of(facts, step.incident))
        case Tidy():
            await tidying.tidy(world, facts)
        case _:
            pass  # Wait, Enter and Intend change nothing but the status, which is written afterwards
    return Done()


def incident_of(facts: Facts, name: str) -> DriftIncident:
    """The incident that a step names."""
    return next(incident for incident in facts.incidents if incident.metadata.name == name)


def holder(facts: Facts, incident: str) -> str:
    """How an incident is called where it holds a slot."""
    return f"{facts.namespace}/{incident}"


async def _open(world: World, facts: Facts, step: OpenIncident) -> Done:
    assert facts.store is not None
    numbers = [incident.spec.number for incident in facts.incidents]
    number = max([facts.store.status.incident_count, _left_on_template(facts), *numbers]) + 1
    reference = ObjectRef(name=facts.store_name, uid=facts.store.metadata.uid)
    spec = DriftIncidentSpec(store_ref=reference, container=step.container, number=number)
    created = await world.incidents.create(facts.namespace, f"{facts.store_name}-{number}", spec)
    return Done(created=created.metadata.name)


def _left_on_template(facts: Facts) -> int:
    """The number of the incident that the workload was restarted for last: its name would look like a restart of ours.

    It outlives a store that was deleted and created again.
    """
    left = facts.target.restarted_for.removeprefix(f"{facts.store_name}-") if facts.target else ""
    return int(left) if left.isdecimal() and len(left) < 10 else 0


async def _put_document(world: World, facts: Facts, incident: DriftIncident) -> Done:
    """The document last: it names the report."""
    kept = await reporting.keep(world, facts, incident)
    done = Done(report=kept.report, exhibit=kept.exhibit)
    content = document.encode(incident.replace(status=progress.reported(incident.status, done)))
    stored = await world.archive.put(evidence.document_key(incident, content), content, {})
    return replace(done, document=(stored.uri, stored.sha256))


async def _file(world: World, facts: Facts, incident: DriftIncident) -> Done:
    assert facts.policy is not None
    filing = facts.policy.spec.filing
    assert filing is not None
    view = await reporting.view_of(world, facts, incident)
    of_store = facts.store.metadata.annotations if facts.store is not None else {}
    of_workload = dict(facts.target.ownership) if facts.target is not None else {}
    tracker = world.trackers.named(filing.tracker, facts.namespace)
    told = tickets.filing_of(view, tickets.addressed(filing, of_store, of_workload))
    return Done(ticket_url=await tracker.file(told), ticket_marker=told.marker)


async def _tell_absence(world: World, facts: Facts, incident: DriftIncident) -> None:
    assert facts.policy is not None
    assert facts.target is not None
    assert incident.status.ticket is not None
    tracker = world.trackers.named(incident.status.ticket.tracker, facts.namespace)
    await tracker.remark(remarks.absence_of(incident, facts.policy, facts.target))


async def _begin(world: World, facts: Facts, step: Begin) -> StepOutcome:
    """The decision's measurements are stored; the write that follows begins the restart.

    The slot is only looked at here and taken before each act: who has it has written so before, so that an incident
    which dies in between can never keep it.
    """
    if not await world.slots.vacant(holder(facts, step.incident)):
        return Failed(str(Reason.SLOT_TAKEN), SLOT_MESSAGE)
    incident = incident_of(facts, step.incident)
    context = {
        "store": facts.store_name,
        "namespace": facts.namespace,
        "incident": step.incident,
        "plan": step.plan.hash,
        "now": facts.now.isoformat(),
    }
    policy = facts.policy.detection if facts.policy else None
    content = bundle.encode(facts.windows, facts.verdicts, context, policy)
    stored = await world.archive.put(evidence.decision_key(incident, content), content, {})
    return Done(document=(stored.uri, stored.sha256))


async def _take_slot(world: World, facts: Facts, incident: str) -> None:
    """One stopgap at a time in the cluster; taking a slot that is ours already changes nothing."""
    if not await world.slots.acquire(holder(facts, incident)):
        raise Transient(str(Reason.SLOT_TAKEN), SLOT_MESSAGE)


async def _annotate(world: World, facts: Facts, step: AnnotateTemplate) -> None:
    assert facts.policy is not None
    assert facts.target is not None
    reference = facts.policy.spec.target_ref
    await world.workloads.annotate_template(
        facts.namespace, reference, facts.target.uid, step.incident, paused=step.paused
    )


async def _close(world: World, facts: Facts, step: Close) -> Done:
    """The final document first: an incident that is closed is complete in the archive."""
    incident = incident_of(facts, step.incident)
    closed = incident.replace(status=progress.advance(incident, facts, step, Done()))
    assert closed.status.stage is Stage.CLOSED
    kept = await reporting.keep(world, facts, closed)
    done = Done(report=kept.report, exhibit=kept.exhibit)
    final = incident.replace(status=progress.advance(incident, facts, step, done))
    content = document.encode(final)
    await world.archive.put(evidence.document_key(incident, content), content, {})
    await world.slots.release(holder(facts, step.incident))
    return done
