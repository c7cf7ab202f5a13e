"""How far the API server's clock is ahead of ours, from the `Date` header of ordinary answers.

Exists because deadlines, cooldowns and the ages of pods compare times of two clocks. Must not ask anything itself.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime


class ClockSkew:
    """The interval in which the skew lies, narrowed by every answer.

    A `Date` header has no fractions, so one answer leaves a second of doubt, plus the time the answer took. Many
    answers overlap to less. Where a new answer contradicts what was known, a clock was set: only the new one counts.
    """

    def __init__(self) -> None:
        self._least_seconds: float | None = None
        self._most_seconds = 0.0

    @property
    def seconds(self) -> float | None:
        """Server's clock minus ours, the middle of what is possible; None before the first answer."""
        if self._least_seconds is None:
            return None
        return (self._least_seconds + self._most_seconds) / 2

    def observe(self, date_header: str | None, sent_at: datetime, received_at: datetime) -> None:
        """Learn from one answer; one without a readable `Date` teaches nothing."""
        try:
            shown = parsedate_to_datetime(date_header or "")
            least = (shown - received_at).total_seconds()
            most = (shown - sent_at).total_seconds() + 1.0
        except (ValueError, TypeError):
            return
        if self._least_seconds is None or least > self._most_seconds or most < self._least_seconds:
            self._least_seconds, self._most_seconds = least, most
        else:
            self._least_seconds = max(least, self._least_seconds)
            self._most_seconds = min(most, self._most_seconds)
