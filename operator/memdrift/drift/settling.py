"""Gate: has a memory that is only a high-water mark been watched for long enough?

Exists because resident memory of a managed runtime is a ratchet: it rises whenever a busier moment, or a lazier
collection, than all before comes along, and does not fall again. Until a whole day's moments have passed, such a rise
and a leak look the same, load or no load. Live heap is what the last collection left, so it is not asked.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.batch import Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.gates import GateRows, gate_rows
from memdrift.drift.phrases import span_of
from memdrift.drift.policy import DetectionPolicy


def settled_gate(ages: Floats, ratchet: Bools, seconds_to_limit: Floats, policy: DetectionPolicy) -> GateRows:
    """Is it live heap, or a life of a day, or will growth meet a limit before the life is a day old?

    Source: measured on 56 healthy pods of DETECTION.md's corpus, lives of 12 to 20 hours: 18 of them rise by 4 to 46 %
    within their first day, in straight lines and under falling load, and level off.

    Args:
        ages: of the lives at the window's end, in seconds.
        ratchet: which rows are judged by resident memory: no live heap is known, or it does not grow.
        seconds_to_limit: the latest time at which a limit is met, NaN where none is in sight.
        policy: how long settling takes.
    """
    needed = float(policy.settling_seconds)
    doomed = np.isfinite(seconds_to_limit) & (seconds_to_limit <= np.maximum(needed - ages, 0.0))

    def say(row: int) -> str:
        if not ratchet[row]:
            return "live heap has no need to settle"
        if doomed[row] and ages[row] < needed:
            return f"lived for {span_of(ages[row])}, and meets a limit before {span_of(needed)}"
        return f"lived for {span_of(ages[row])}; resident memory settles within {span_of(needed)}"

    passed = ~ratchet | (ages >= needed) | doomed
    return gate_rows("settled", "seconds", ages, needed, np.asarray(passed), say)
