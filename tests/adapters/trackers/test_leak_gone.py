"""From a fixed leak to the one comment on its ticket: whole ticks against every issue tracker."""

from __future__ import annotations

from dataclasses import dataclass, replace

from memdrift.api.driftincident import Stage
from memdrift.ports import Tracker
from tests import builders
from tests.adapters.trackers.sites import Site
from tests.fakes import Universe

NEEDED_SECONDS = 120


@dataclass
class Named:
    """The trackers of a process that has one."""

    tracker: Tracker

    def named(self, name: str, namespace: str) -> Tracker:
        assert (name, namespace) == ("tickets", builders.NAMESPACE)
        return self.tracker


def universe_with(site: Site, tracker: Tracker) -> Universe:
    filing = {"tracker": "tickets", "project": site.project, "absenceSeconds": NEEDED_SECONDS}
    universe = Universe(
        administration=builders.administration(trackers=[site.entry]),
        store=builders.store("Capture", filing=filing, evaluationPeriodSeconds=10),
    )
    universe._Trackers = lambda _: Named(tracker)  # type: ignore[assignment,method-assign,misc]
    return universe


def fix(universe: Universe) -> None:
    """Somebody rolls out a revision that does not leak."""
    pods = tuple(builders.pod(number, universe.now, "r3") for number in (11, 12))
    fixed = replace(universe.target.revisions[-1], identity="r3", number=3)
    universe.target = builders.target(*pods, revisions=(*universe.target.revisions, fixed))
    universe.behaviour = builders.HEALTHY


def gone(site: Site) -> list[str]:
    (ticket,) = site.tickets()
    return [comment for comment in ticket.comments if "The leak is gone" in comment]


async def test_a_fixed_leak_is_one_comment_also_where_its_note_is_lost(site: Site) -> None:
    async with site.process() as tracker:
        universe = universe_with(site, tracker)
        await universe.live(900, until=lambda: bool(universe.incidents) and universe.incident.status.ticket is not None)
        fix(universe)

        def complete() -> bool:
            known = universe.incident.status.absence
            return known is not None and known.judged_seconds >= NEEDED_SECONDS

        await universe.live(900, until=complete)
        assert universe.incident.status.stage is Stage.CLOSED
        assert gone(site) == []
        universe.failing = {"writes"}
        await universe.live(20)
        assert universe.incident.status.absence is not None
        assert universe.incident.status.absence.told_time is None
        (comment,) = gone(site)
        universe.failing = set()
        await universe.live(60)
    assert universe.incident.status.absence.told_time is not None
    assert gone(site) == [comment]
    assert "absent for 2 min at comparable load since revision 3" in comment
    assert "80 % of the" in comment
