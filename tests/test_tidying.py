"""Retention as a step: one deletion per tick, only with what is needed in sight, never during an incident."""

from __future__ import annotations

import pytest

from memdrift.api.driftincident import Stage
from memdrift.reconcile import tidying
from tests import builders
from tests.fakes import Universe

DAY = 86_400


def keeping(after_days: int | None) -> dict[str, object]:
    retention = {} if after_days is None else {"retention": {"afterDays": after_days}}
    return {"archives": [{"name": "folder", "url": "file:///archive", **retention}]}


async def closed_incident(after_days: int | None) -> Universe:
    """A leak on three pods, proved and relieved, with more profiles than must stay."""
    pods = [builders.pod(number) for number in (1, 2, 3, 4)]
    universe = Universe(administration=builders.administration(**keeping(after_days)), target=builders.target(*pods))
    universe.edit(capture={"maxPods": 4})
    await universe.live(7200, until=lambda: bool(universe.incidents) and universe.incident.status.stage is Stage.CLOSED)
    assert universe.incident.status.stage is Stage.CLOSED
    universe.behaviour = builders.HEALTHY
    return universe


def discarded(universe: Universe) -> list[str]:
    return [what for kind, what in universe.acts if kind == "discard"]


async def later(universe: Universe, days: float) -> None:
    """So long afterwards, with a few looks every twelve hours."""
    for _ in range(int(days * 2)):
        universe.pass_time(12 * 3600)
        await universe.live(20)


async def test_by_default_nothing_is_ever_deleted() -> None:
    universe = await closed_incident(None)
    stored = set(universe.objects)
    await later(universe, 3)
    assert discarded(universe) == []
    assert stored <= set(universe.objects)


async def test_first_last_and_worst_stay_and_every_look_deletes_one_file() -> None:
    universe = await closed_incident(1)
    status = universe.incident.status
    before = len(universe.acts)
    assert discarded(universe) == []
    await later(universe, 3)
    assert discarded(universe)
    assert len(universe.acts) > before
    for kind in ("heap", "goroutine"):
        of_kind = [each for each in status.profiles if str(each.kind) == kind]
        worst = min(of_kind, key=lambda each: [pod.uid for pod in status.affected_pods].index(each.pod_uid))
        needed = {
            min(of_kind, key=lambda each: each.taken_time).uri,
            max(of_kind, key=lambda each: each.taken_time).uri,
        }
        for uri in needed | {worst.uri}:
            assert uri.removeprefix("memory:") in universe.objects
    assert status.decision is not None
    assert status.decision.uri.removeprefix("memory:") in universe.objects
    assert any("/document-" in key for key in universe.objects)
    assert all(
        f"memory:{key}" not in {row.uri for row in universe.store.status.baselines} for key in discarded(universe)
    )


async def test_an_incident_whose_resource_is_gone_is_thinned_by_its_document() -> None:
    universe = await closed_incident(1)
    universe.incidents.clear()
    await later(universe, 3)
    assert any("/profiles/" in key for key in discarded(universe))


async def test_a_document_that_cannot_be_read_keeps_everything() -> None:
    universe = await closed_incident(1)
    universe.incidents.clear()
    for key in universe.objects:
        if "/document-" in key:
            universe.objects[key] = (b"{}", {})
    await later(universe, 3)
    assert not any("/profiles/" in key for key in discarded(universe))


async def test_nothing_is_deleted_while_an_incident_is_open_or_the_kill_switch_is_on() -> None:
    universe = await closed_incident(1)
    universe.administration = builders.administration(**keeping(1), killSwitch=True)
    await later(universe, 3)
    assert discarded(universe) == []


async def test_an_archive_that_is_away_is_asked_again_in_an_hour_and_delays_nothing() -> None:
    universe = await closed_incident(1)
    await later(universe, 1.5)
    done = len(discarded(universe))
    universe.failing.add("archive")
    await later(universe, 2)
    assert len(discarded(universe)) == done
    universe.failing.clear()


def test_the_first_looks_of_many_stores_are_spread() -> None:
    universe = Universe(administration=builders.administration(**keeping(1)))
    world = universe.world()
    for number in range(200):
        tidying.due(world, "market", f"store-{number}", universe.administration, universe.now)
    seconds = sorted((due - universe.now).total_seconds() for due in world.tidy_next.values())
    assert seconds[0] >= 0
    assert seconds[-1] <= tidying.FIRST_WITHIN_SECONDS
    assert seconds[150] - seconds[50] > 600


@pytest.mark.parametrize("name", ["a-1", "a"])
def test_folders_of_another_store_with_a_similar_name_are_not_taken(name: str) -> None:
    pattern = tidying.folder_pattern(name)
    assert pattern.fullmatch(f"{name}-12-0a1b2c3d")
    assert not pattern.fullmatch(f"{name}-1-3-0a1b2c3d")
    assert not pattern.fullmatch(f"b{name}-1-0a1b2c3d")
