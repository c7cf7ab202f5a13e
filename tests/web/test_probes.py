"""Health, readiness and metrics over a real connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.web.fakes import Room, running_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with running_room(tmp_path / "token") as running:
        yield running


async def ask(room: Room, path: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(f"{room.url}{path}") as answer:
        return answer.status, await answer.json()


def hear_all(room: Room) -> None:
    now = room.clock.monotonic()
    room.health.watch_heard("featurestores", now)
    room.health.watch_heard("driftincidents", now)
    room.health.scheduler_turned(0.5, now)


async def test_a_fresh_process_is_alive_and_ready(room: Room) -> None:
    assert await ask(room, "/healthz") == (200, {"status": "alive", "failing": []})
    status, document = await ask(room, "/readyz")
    assert (status, document["status"]) == (200, "ready")


async def test_a_silent_watch_names_itself_and_in_the_end_ends_the_process(room: Room) -> None:
    hear_all(room)
    room.clock.passed = 181
    room.health.watch_heard("featurestores", room.clock.monotonic())
    room.health.scheduler_turned(0, room.clock.monotonic())
    assert (await ask(room, "/healthz"))[0] == 200, "an API server that is being upgraded is no reason to restart"
    status, document = await ask(room, "/readyz")
    assert (status, document["failing"]) == (503, ["watch_age_seconds/driftincidents"])
    room.clock.passed = 601
    status, document = await ask(room, "/healthz")
    assert (status, document["failing"]) == (503, ["watch_dead_seconds/driftincidents"])


async def test_a_scheduler_that_stopped_is_unready_but_not_killed(room: Room) -> None:
    room.clock.passed = 100
    now = room.clock.monotonic()
    room.health.watch_heard("featurestores", now)
    room.health.watch_heard("driftincidents", now)
    assert (await ask(room, "/healthz"))[0] == 200
    status, document = await ask(room, "/readyz")
    assert (status, document["status"], document["failing"]) == (503, "unready", ["scheduler_lag_seconds"])


async def test_an_overloaded_scheduler_is_unready(room: Room) -> None:
    hear_all(room)
    room.health.scheduler_turned(61.0, room.clock.monotonic())
    assert (await ask(room, "/readyz"))[1]["failing"] == ["scheduler_lag_seconds"]


async def test_failures_outside_degrade_and_name_themselves(room: Room) -> None:
    room.health.source_failed("main", "TimedOut", room.clock.monotonic())
    room.health.source_answered("spare")
    room.health.clock_compared("api-server", -31.5)
    room.health.clock_compared("main", 2.0)
    room.health.archive_answered(False, "ArchiveUnavailable")
    room.clock.passed = 301
    hear_all(room)
    status, document = await ask(room, "/readyz")
    assert (status, document["status"]) == (200, "degraded")
    assert document["failing"] == ["source_lag_seconds/main", "clock_skew_seconds/api-server", "archive_unreachable"]
    figures = {(figure["name"], figure["subject"]): figure for figure in document["figures"]}
    assert figures["source_lag_seconds", "main"]["value"] == 301
    assert figures["source_lag_seconds", "main"]["detail"] == "TimedOut"
    assert figures["source_lag_seconds", "spare"]["passed"]
    assert figures["clock_skew_seconds", "main"]["value"] == 2.0


async def test_a_source_that_answers_again_owes_nothing(room: Room) -> None:
    room.health.source_failed("main", "TimedOut", room.clock.monotonic())
    room.clock.passed = 400
    hear_all(room)
    room.health.source_failed("main", "TimedOut", room.clock.monotonic())
    assert (await ask(room, "/readyz"))[1]["failing"] == ["source_lag_seconds/main"]
    room.health.source_answered("main")
    assert (await ask(room, "/readyz"))[1]["status"] == "ready"


async def test_metrics_show_the_same_figures(room: Room) -> None:
    room.health.clock_compared("api-server", 1.5)
    async with aiohttp.ClientSession() as session, session.get(f"{room.url}/metrics") as answer:
        assert answer.content_type == "text/plain"
        lines = (await answer.text()).splitlines()
    assert 'memdrift_clock_skew_seconds{peer="api-server"} 1.5' in lines
    assert 'memdrift_build_info{version="0.0.0"} 1.0' in lines


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/nothing"])
async def test_every_answer_has_the_security_headers(room: Room, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{room.url}{path}") as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Server"] == "memdrift"


async def test_unknown_paths_and_methods_are_refused_as_json(room: Room) -> None:
    assert (await ask(room, "/nothing"))[0] == 404
    status, document = await ask(room, "/alerts")
    assert (status, document["reason"]) == (405, "MethodNotAllowed")
