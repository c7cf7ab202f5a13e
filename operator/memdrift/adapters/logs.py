"""Log lines: one JSON object each for machines, one sentence each for a person at a terminal.

Exists so that messages are constant and everything that varies has its own key, given as `extra=` of the standard
library; the key `sentence` is what a person reads instead of message and keys. Must not print a secret, and must not
let a text from a pod, a metric or a tracker forge a line.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TextIO

from memdrift.report.tick import TickReport, TickResult, sentence

_NO_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "settings", "k8s_skip"}
"""What every record has, and what kopf hangs on its records for its own use."""
_SECRET_KEY = re.compile(r"authorization|password|passwd|secret|bearer|cookie|api_?key|credential", re.I)
_SECRET_VALUE = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{4,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_VALUE_CHARACTERS_AT_MOST = 4000

_ticks = logging.getLogger("memdrift.tick")


def configure(level: str = "INFO", stream: TextIO | None = None, *, human: bool | None = None) -> logging.Handler:
    """Send all logging of the process to one stream, standard error by default.

    Args:
        level: the least severe level that is shown.
        stream: None is standard error.
        human: None looks whether the stream is a terminal.
    """
    target = stream if stream is not None else sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(HumanFormatter() if (target.isatty() if human is None else human) else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Each request of a scrape or a probe is no news.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    # Each watch event is no news either: the tick that follows it says what came of it.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    return handler


def log_tick(report: TickReport) -> None:
    """The one line of a tick; the same keys every time."""
    level = {TickResult.DONE: logging.INFO, TickResult.POSTPONED: logging.WARNING, TickResult.FAILED: logging.ERROR}
    _ticks.log(level[report.result], "tick", extra={**asdict(report), "sentence": sentence(report)})


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _clean(record.getMessage()),
        }
        line.update({key: value for key, value in _safe_fields(record).items() if key not in line})
        if record.exc_info:
            # JSON escapes the line breaks of a traceback, so it stays one line and readable.
            line["exception"] = _hidden(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=False)


class HumanFormatter(logging.Formatter):
    """Time, level, and the sentence; or the message with its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with a traceback below it where there is one."""
        told = getattr(record, "sentence", "")
        if not told:
            fields = _safe_fields(record)
            told = " ".join([record.getMessage(), *(f"{key}={value}" for key, value in fields.items())])
        line = f"{_time(record)} {record.levelname.lower():7} {_clean(str(told))}"
        return f"{line}\n{_hidden(self.formatException(record.exc_info))}" if record.exc_info else line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _safe_fields(record: logging.LogRecord) -> dict[str, object]:
    return {key: _safe(key, value) for key, value in vars(record).items() if key not in _NO_FIELDS}


def _safe(key: str, value: object) -> object:
    if _SECRET_KEY.search(key):
        return "(hidden)"
    if isinstance(value, Mapping):
        return {str(inner): _safe(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(key, item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return _clean(str(value))


def _hidden(text: str) -> str:
    return _SECRET_VALUE.sub("(hidden)", text)


def _clean(text: str) -> str:
    return _CONTROL.sub("�", _hidden(text))[:_VALUE_CHARACTERS_AT_MOST]
