"""Allowed windows: days and hours in a named time zone.

Exists because daylight saving moves a window by an hour of UTC twice a year. The zones come in from `zoneinfo`, whose
data is a dependency; must not read the machine's own zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from memdrift.api.featurestore import AllowedWindow, Weekday

_DAYS = list(Weekday)


def known(time_zone: str) -> bool:
    """Whether the name is one of the IANA database."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _clock(text: str) -> tuple[time, int]:
    hours, minutes = (int(part) for part in text.split(":"))
    return (time(0, 0), 1) if hours == 24 else (time(hours, minutes), 0)


def _spans(window: AllowedWindow, around: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The window's openings from the day before until a week after the moment."""
    zone = ZoneInfo(window.time_zone)
    today: date = around.astimezone(zone).date()
    start, _ = _clock(window.start)
    end, next_day = _clock(window.end)
    for offset in range(-1, 9):
        day = today + timedelta(days=offset)
        if _DAYS[day.weekday()] not in window.days:
            continue
        wraps = next_day or end <= start
        last = day + timedelta(days=1) if wraps else day
        yield datetime.combine(day, start, zone), datetime.combine(last, end, zone)


def open_now(windows: Sequence[AllowedWindow], now: datetime) -> bool:
    """Whether a restart may start; no windows at all means always."""
    return not windows or any(start <= now < end for window in windows for start, end in _spans(window, now))


def opens_at(windows: Sequence[AllowedWindow], now: datetime) -> datetime | None:
    """When the next window opens; None where none does within a week."""
    return min((start for window in windows for start, _ in _spans(window, now) if start > now), default=None)
