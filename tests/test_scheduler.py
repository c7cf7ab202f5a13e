"""The scheduler: one tick at a time per store, events that matter wake it, one store's fault ends no other's ticks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from memdrift.api.featurestore import TargetRef
from memdrift.errors import ClusterUnavailable
from memdrift.reconcile.tick import Ticked
from memdrift.reconcile.world import Fleet
from memdrift.report.tick import TickReport, TickResult
from memdrift.scheduler import Scheduler
from tests import builders

TARGET = TargetRef(kind="Deployment", name="features")


@dataclass
class HandClock:
    """A clock that only moves by hand."""

    seconds: float = 0.0

    def now(self):
        return builders.START

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Bench:
    """A scheduler whose ticks are what the test says."""

    behave: Callable[[str], Awaitable[float]]
    clock: HandClock = field(default_factory=HandClock)
    ticked: list[tuple[str, Fleet]] = field(default_factory=list)
    reports: list[TickReport] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    gone: set[str] = field(default_factory=set)
    wanting: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(
            self._tick,
            self.clock,
            4,
            self.reports.append,
            lambda _, store: self.forgotten.append(store),
            lambda _: None,
        )

    async def _tick(self, namespace: str, store: str, fleet: Fleet) -> Ticked:
        self.ticked.append((store, fleet))
        due = await self.behave(store)
        report = TickReport(namespace, store, builders.START, 0.0)
        return Ticked(report, due, store in self.gone, store in self.wanting)

    async def run(self, turns: int = 50) -> None:
        """Let everything that is due happen; the clock stands still meanwhile."""
        running = asyncio.create_task(self.scheduler.run(self.stop))
        for _ in range(turns):
            await asyncio.sleep(0)
        self.stop.set()
        await running
        self.stop.clear()


async def hourly(_: str) -> float:
    return 3600.0


async def test_a_new_store_is_looked_at_at_once_and_then_after_its_period() -> None:
    bench = Bench(hourly)
    bench.scheduler.store_seen("market", "a", TARGET, "1")
    await bench.run()
    assert [store for store, _ in bench.ticked] == ["a"]
    bench.clock.seconds = 4000
    await bench.run()
    assert [store for store, _ in bench.ticked] == ["a", "a"]


async def test_our_own_status_writes_do_not_wake_it_and_a_changed_spec_does() -> None:
    bench = Bench(hourly)
    for version in ("1", "1", "1"):
        bench.scheduler.store_seen("market", "a", TARGET, version)
        await bench.run()
    assert len(bench.ticked) == 1
    bench.scheduler.store_seen("market", "a", TARGET, "2")
    await bench.run()
    assert len(bench.ticked) == 2


async def test_a_store_never_ticks_twice_at_once_and_an_event_meanwhile_is_not_lost() -> None:
    release, running = asyncio.Event(), []

    async def slow(store: str) -> float:
        running.append(store)
        assert running.count(store) == 1
        await release.wait()
        running.remove(store)
        return 3600.0

    bench = Bench(slow)
    bench.scheduler.store_seen("market", "a", TARGET, "1")
    task = asyncio.create_task(bench.scheduler.run(bench.stop))
    for _ in range(20):
        await asyncio.sleep(0)
    bench.scheduler.store_seen("market", "a", TARGET, "2")
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(bench.ticked) == 1
    release.set()
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(bench.ticked) == 2
    bench.stop.set()
    await task


async def test_a_failing_store_is_tried_again_later_and_stops_no_other() -> None:
    async def behave(store: str) -> float:
        if store == "bad":
            raise ClusterUnavailable("ApiServerFailed", "down")
        if store == "broken":
            raise RuntimeError("a bug")
        return 3600.0

    bench = Bench(behave)
    for name in ("bad", "broken", "good"):
        bench.scheduler.store_seen("market", name, TARGET, "1")
    await bench.run()
    results = {report.store: report.result for report in bench.reports}
    assert results == {"bad": TickResult.POSTPONED, "broken": TickResult.FAILED, "good": TickResult.DONE}
    bench.clock.seconds = 10
    await bench.run()
    assert [store for store, _ in bench.ticked].count("bad") == 2


async def test_rivals_and_storms_are_seen_across_stores() -> None:
    bench = Bench(hourly, wanting={"a", "b"})
    for name in ("a", "b", "c"):
        bench.scheduler.store_seen("market", name, TARGET if name != "c" else TARGET.replace(name="other"), "1")
    bench.scheduler.store_seen("elsewhere", "d", TARGET, "1")
    await bench.run()
    bench.clock.seconds = 4000
    await bench.run()
    fleets = dict(bench.ticked)
    assert fleets["a"] == Fleet(("b",), 4, 2)
    assert fleets["c"].rivals == ()
    assert fleets["d"].rivals == ()


async def test_a_store_that_could_not_be_looked_at_yet_counts_as_one_that_wants_a_restart() -> None:
    failing = {"a", "b", "c"}

    async def behave(store: str) -> float:
        if store in failing:
            raise ClusterUnavailable("ApiServerFailed", "down")
        return 60.0

    bench = Bench(behave)
    for name in ("a", "b", "c", "d"):
        bench.scheduler.store_seen("market", name, TARGET, "1")
    await bench.run()
    bench.clock.seconds = 100.0
    await bench.run()
    assert [fleet.storming for store, fleet in bench.ticked if store == "d"][-1] == 3
    failing.clear()
    bench.clock.seconds = 300.0
    await bench.run()
    failing.update({"a", "b", "c"})
    for seconds in (500.0, 900.0):
        bench.clock.seconds = seconds
        await bench.run()
    assert [fleet.storming for store, fleet in bench.ticked if store == "d"][-1] == 0, "what was known stays known"


async def test_an_incident_that_was_deleted_wakes_its_store_and_is_forgotten() -> None:
    bench = Bench(hourly)
    bench.scheduler.store_seen("market", "a", TARGET, "1")
    bench.scheduler.incident_seen("market", "a", "a-1", "1")
    await bench.run()
    bench.scheduler.incident_gone("market", "a", "a-1")
    bench.scheduler.incident_gone("market", "unknown", "unknown-1")
    await bench.run()
    assert [store for store, _ in bench.ticked] == ["a", "a"]
    bench.scheduler.incident_seen("market", "a", "a-1", "1")
    await bench.run()
    assert len(bench.ticked) == 3, "one of the same name and version is news again"


async def test_a_deleted_store_is_looked_at_once_more_and_then_forgotten() -> None:
    bench = Bench(hourly)
    bench.scheduler.store_seen("market", "a", TARGET, "1")
    await bench.run()
    bench.gone.add("a")
    bench.scheduler.store_gone("market", "a")
    await bench.run()
    assert [store for store, _ in bench.ticked] == ["a", "a"]
    assert bench.forgotten == ["a"]
    bench.clock.seconds = 10_000
    await bench.run()
    assert len(bench.ticked) == 2


async def test_the_fleet_is_known_once_every_store_was_looked_at() -> None:
    async def soon(_: str) -> float:
        return 60.0

    bench = Bench(soon)
    for name in ("a", "b"):
        bench.scheduler.store_seen("market", name, TARGET, "1")
    await bench.run()
    assert [fleet.known for _, fleet in bench.ticked] == [False, False]
    bench.clock.seconds = 100.0
    await bench.run()
    assert [fleet.known for _, fleet in bench.ticked[2:]] == [True, True]
