"""Log lines as machines and people read them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from memdrift.adapters import logs
from memdrift.drift.verdict import VerdictKind
from memdrift.report.tick import TickReport, TickResult

REPORT = TickReport("market", "twin", datetime(2025, 3, 1, tzinfo=UTC), 0.1, verdict=VerdictKind.STEADY)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_stream_that_is_no_terminal_gets_json(stream: io.StringIO) -> None:
    logs.configure(stream=stream)
    logging.getLogger("memdrift.x").info("asked %s", "twice", extra={"source": "main", "seconds": 0.5})
    (line,) = lines(stream)
    assert line.pop("time")
    assert line == {
        "level": "info",
        "logger": "memdrift.x",
        "message": "asked twice",
        "source": "main",
        "seconds": 0.5,
    }


def test_every_tick_has_the_same_message_and_keys(stream: io.StringIO) -> None:
    logs.configure(stream=stream)
    logs.log_tick(REPORT)
    logs.log_tick(TickReport("a", "b", REPORT.now, 1, TickResult.FAILED, hold_reason="InternalError", error="no"))
    first, second = lines(stream)
    assert first["message"] == second["message"] == "tick"
    assert first.keys() == second.keys()
    assert (first["level"], second["level"]) == ("info", "error")
    assert first["sentence"] == "market/twin: Steady (0.10 s)"


def test_a_person_reads_the_sentence(stream: io.StringIO) -> None:
    logs.configure(stream=stream, human=True)
    logs.log_tick(REPORT)
    logging.getLogger("memdrift.x").warning("asked", extra={"source": "main"})
    tick, other = stream.getvalue().splitlines()
    assert tick.endswith("info    market/twin: Steady (0.10 s)")
    assert other.endswith("warning asked source=main")


@pytest.mark.parametrize("human", [True, False])
@pytest.mark.parametrize(
    "fields",
    [
        {"authorization": "s3cr3t"},
        {"headers": {"Authorization": "s3cr3t", "X": "y"}},
        {"note": "sent Bearer s3cr3t to it"},
        {"url": "https://user:s3cr3t@host/path"},
        {"list": ["Basic s3cr3t"]},
        {"apiKey": "s3cr3t"},
    ],
)
def test_secrets_are_hidden(stream: io.StringIO, fields: dict[str, object], human: bool) -> None:
    logs.configure(stream=stream, human=human)
    logging.getLogger("memdrift.x").info("asked", extra=fields)
    try:
        raise ValueError("Bearer s3cr3t was refused")
    except ValueError:
        logging.getLogger("memdrift.x").exception("failed")
    assert "s3cr3t" not in stream.getvalue()
    assert "hidden" in stream.getvalue()


@pytest.mark.parametrize("human", [True, False])
def test_a_hostile_text_stays_on_its_line(stream: io.StringIO, human: bool) -> None:
    logs.configure(stream=stream, human=human)
    hostile = 'x\n{"level":"info"}\r\x1b[2J\u2028\u202e' + "y" * 100_000
    logging.getLogger("memdrift.x").info("%s", hostile, extra={"function": hostile})
    text = stream.getvalue()
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert len(text) < 10_000
