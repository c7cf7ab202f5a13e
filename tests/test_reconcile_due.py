"""When the scheduler is told to look again after a step that failed."""

from __future__ import annotations

import pytest

from memdrift.reconcile.gather import gather
from memdrift.reconcile.tick import due_seconds
from memdrift.remedy.steps import Failed, File, Step, TakeBaseline, TellAbsence, Tidy
from tests import builders
from tests.fakes import Universe

FILE = File("features-1")
BASELINE = TakeBaseline("features-1", "uid-1", "app")
ROWS: list[tuple[str, int, Step, float | None, float]] = [
    ("nothing was asked for: soon", 5, FILE, None, 5.0),
    ("less than the period was asked for", 300, FILE, 45.0, 45.0),
    ("more than a short period was asked for: a search may lag that long", 5, FILE, 45.0, 45.0),
    ("more than anybody waits was asked for", 5, FILE, 600.0, 60.0),
    ("a long period is as long as the store may go unjudged", 300, FILE, 600.0, 300.0),
    ("a baseline is tried once a period", 30, BASELINE, None, 30.0),
    ("so is retention", 30, Tidy(), 3.0, 30.0),
    ("and a ticket that is told of the end", 30, TellAbsence("features-1"), 3.0, 30.0),
]


@pytest.mark.parametrize(("period", "step", "asked", "seconds"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
async def test_after_a_failure(period: int, step: Step, asked: float | None, seconds: float) -> None:
    universe = Universe(store=builders.store(evaluationPeriodSeconds=period))
    world = universe.world()
    facts = await gather(world, builders.NAMESPACE, builders.STORE, universe.fleet, universe.administration)
    assert due_seconds(facts, step, Failed("TrackerUnavailable", "down", asked)) == seconds
