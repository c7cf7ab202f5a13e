"""Waiting for something to become true, with a deadline and an honest message; never sleeping for luck."""

import time
from collections.abc import Callable


class NotInTime(Exception):
    """Something did not become true before its deadline."""


def until(
    condition: Callable[[], bool], what: str, *, seconds: float = 60, pause_seconds: float = 0.1, hint: str = ""
) -> None:
    """Returns as soon as the condition holds; raises `NotInTime` naming `what` when it did not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotInTime(f"{what} did not happen within {seconds:g} s. {hint}".strip())
        time.sleep(pause_seconds)
