"""Counting persistence: how many new blocks in a row saw drift, or no longer saw it.

Exists because the same blocks looked at twice prove nothing, and because the count must survive the operator. Must not
judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from memdrift.api.featurestore import Hit
from memdrift.drift.verdict import Verdict, VerdictKind


def counted(verdict: Verdict, earlier: Hit | None, now: datetime) -> Hit | None:
    """The hit after a verdict: one more for a new block, none after a steady one, unchanged by an unknown one."""
    if verdict.kind is VerdictKind.UNKNOWN:
        return earlier
    return one_more(verdict, earlier, now) if verdict.drifting else None


def one_more(verdict: Verdict, earlier: Hit | None, now: datetime) -> Hit:
    """The earlier hit with this block counted, unless it was counted already."""
    block_end = datetime.fromtimestamp(verdict.block_ended_at, UTC)
    if earlier is None:
        return Hit(container=verdict.container, count=1, block_end_time=block_end, since_time=now)
    if block_end <= earlier.block_end_time:
        return earlier
    return earlier.replace(count=earlier.count + 1, block_end_time=block_end)


def all_counted(verdicts: Sequence[Verdict], earlier: Sequence[Hit], now: datetime) -> list[Hit]:
    """`status.hits` after these verdicts; containers without a verdict keep their count."""
    known = {hit.container: hit for hit in earlier}
    for verdict in verdicts:
        hit = counted(verdict, known.get(verdict.container), now)
        if hit is None:
            known.pop(verdict.container, None)
        else:
            known[verdict.container] = hit
    return sorted(known.values(), key=lambda hit: hit.container)
