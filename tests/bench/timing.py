"""How long things take on this core, beside each other."""

from __future__ import annotations

import time
from collections.abc import Callable


def fastest_seconds(*works: Callable[[], object], repeats: int) -> list[float]:
    """Processor seconds of each work's fastest repeat: what disturbs a benchmark only ever makes it slower.

    They take turns, so that a machine that is slower for a while is slower for all of them.
    """
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, seconds in zip(works, taken, strict=True):
            began = time.process_time()
            work()
            seconds.append(time.process_time() - began)
    return [min(seconds) for seconds in taken]
