"""Waiting for the world: poll with a deadline, and say what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


class WaitedTooLong(AssertionError):
    """What was waited for did not come."""


def until(found: Callable[[], Found], what: str, *, seconds: float, every: float = 1.0) -> Found:
    """The first true answer.

    Raises:
        WaitedTooLong: none came in time; the last exception, if any, is its cause.
    """
    end, last = time.monotonic() + seconds, None
    while True:
        try:
            answer = found()
            if answer:
                return answer
        except (AssertionError, OSError, KeyError, IndexError, RuntimeError) as error:
            last = error
        if time.monotonic() > end:
            raise WaitedTooLong(f"waited {seconds:.0f} s for {what}") from last
        time.sleep(every)
