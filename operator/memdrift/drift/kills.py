"""Recurring OOM kills: a verdict of their own, because the kernel's kill is the plainest proof that memory ran out.

Exists because a container that is killed every 90 minutes has no life that could be judged, and a crash that cures
itself is easily overlooked. Never says `DriftingWithImpact`: the kernel restarts it already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from memdrift.drift.blocks import POD_TOTAL, LifeBlocks, Window
from memdrift.drift.phrases import size_of, span_of
from memdrift.drift.podverdict import JudgedLife
from memdrift.drift.verdict import Gate, GrowthKind, PodVerdict, Verdict, VerdictKind, VerdictReason

FEWEST_KILLS = 3
FEWEST_KNOWN_KILLS = 1
"""Told by the API server, which remembers only the last of each pod."""
NEAR_LIMIT_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Kill:
    """An end of a life for its memory.

    Attributes:
        at: epoch seconds; for an unknown one, the end of the life's last block.
        known: whether the API server told of it; else the life ended at its limit, and its pod went on.
    """

    pod: str
    at: float
    known: bool
    limit_bytes: int | None


def kills_in(window: Window, container: str) -> tuple[Kill, ...]:
    """The container's kills inside the window, oldest first.

    A life that ended within a block of a kill that the API server told of ended by that one.
    """
    past = [each for each in window.past_lives if each.life.container == container]
    living = [each for each in window.lives if each.life.container == container]
    told = {
        (each.life.pod, each.life.killed_for_memory_at): each.life.limit_bytes
        for each in (*past, *living)
        if each.life.killed_for_memory_at is not None
    }
    known = [Kill(pod, at, True, limit) for (pod, at), limit in told.items() if at is not None]
    slack = 2.0 * window.block_seconds
    found = list(known)
    for each in past:
        end = _end_at_limit(each)
        goes_on = any(_follows(other, each) for other in (*past, *living))
        same = any(kill.pod == each.life.pod and abs(kill.at - (end or 0.0)) <= slack for kill in known)
        if end is not None and goes_on and not same:
            found.append(Kill(each.life.pod, end, False, each.life.limit_bytes))
    began = window.ended_at - window.seconds
    return tuple(sorted((kill for kill in found if began <= kill.at <= window.ended_at), key=lambda kill: kill.at))


def kill_gates(kills: Sequence[Kill], window: Window) -> tuple[Gate, Gate]:
    """Do kills recur, and did the API server tell of one?

    Three moments, at least a block apart: one burst that takes every pod with it once does not recur. One kill must be
    known for certain, since memory near a limit when a life ends may be chance; the API server forgets all but the last
    kill of each pod, so the others need not be known. Source: DETECTION.md, short lives.
    """
    moments = len(moments_of(kills, window.block_seconds))
    known = sum(kill.known for kill in kills)
    return (
        Gate(
            "kills",
            float(moments),
            float(FEWEST_KILLS),
            "moments",
            moments >= FEWEST_KILLS,
            f"{len(kills)} lives ended for their memory, at {moments} moments in {span_of(window.seconds)}; "
            f"{FEWEST_KILLS} moments are needed",
        ),
        Gate(
            "known-kills",
            float(known),
            float(FEWEST_KNOWN_KILLS),
            "kills",
            known >= FEWEST_KNOWN_KILLS,
            f"{known} of them are OOM kills that the API server told of, {len(kills) - known} ended at "
            f"{NEAR_LIMIT_SHARE:.0%} of the limit or more while the pod went on; {FEWEST_KNOWN_KILLS} must be told",
        ),
    )


def moments_of(kills: Sequence[Kill], block_seconds: float) -> list[float]:
    """When kills happened; those within a block of the one before count as one moment."""
    found: list[float] = []
    last = -np.inf
    for kill in kills:
        if kill.at - last > block_seconds:
            found.append(kill.at)
        last = kill.at
    return found


def verdict_of_kills(
    window: Window, container: str, judged: Sequence[JudgedLife], by_age: Verdict | None = None
) -> Verdict | None:
    """`Drifting` where kills recur; None where they do not.

    None as well where no pod lives whose profile could explain them, and for the pods' total: a container's verdict
    says it. How many pods must drift is not asked: three kills of one pod are no chance.

    Args:
        window: with its past lives.
        container: which one.
        judged: its living lives.
        by_age: what pooling found; its figures are kept, and the kills lead.
    """
    kills = kills_in(window, container)
    gates = kill_gates(kills, window)
    if container == POD_TOTAL or not judged or not all(gate.passed for gate in gates):
        return None
    base = by_age.pods if by_age else tuple(life.pod for life in sorted(judged, key=lambda life: life.pod.started_at))
    pods = [_drifting(pod, gates) for pod in base]
    return Verdict(
        container=container,
        kind=VerdictKind.DRIFTING,
        reason=VerdictReason.KILLS_RECUR,
        growth_kind=by_age.growth_kind if by_age else pods[0].growth_kind,
        window_seconds=window.seconds,
        block_ended_at=window.ended_at,
        pods=tuple(pods),
        sentence=kills_sentence(kills, window) + (f"; {by_age.sentence}" if by_age else ""),
        queries=window.queries,
        impact_allowed=not window.latency_scope_is_store,
    )


def kills_sentence(kills: Sequence[Kill], window: Window) -> str:
    """How often, of how many pods, and in which rhythm."""
    moments = moments_of(kills, window.block_seconds)
    pods = len({kill.pod for kill in kills})
    rhythm = float(np.median(np.diff(moments)))
    of_pods = f" in {pods} pods" if pods > 1 else ""
    limits = {kill.limit_bytes for kill in kills if kill.limit_bytes is not None}
    at_limit = f" at its limit of {size_of(limits.pop())}" if len(limits) == 1 else ""
    return (
        f"killed for memory{at_limit} {len(kills)} times in {span_of(window.seconds)}{of_pods}, "
        f"about every {span_of(round(rhythm / 60) * 60 if rhythm >= 600 else rhythm)}"
    )


def _drifting(pod: PodVerdict, gates: tuple[Gate, ...]) -> PodVerdict:
    own = pod.gates if pod.kind is VerdictKind.DRIFTING else ()
    grows = GrowthKind.UNSPECIFIED if pod.growth_kind is GrowthKind.NONE else pod.growth_kind
    return replace(pod, kind=VerdictKind.DRIFTING, growth_kind=grows, gates=(*gates, *own), seconds_to_limit=None)


def _end_at_limit(blocks: LifeBlocks) -> float | None:
    """When the life ended, if its memory was near its limit by then."""
    limit = blocks.life.limit_bytes
    high = np.fmax(blocks.working_set.p90, blocks.resident.p90)
    seen = np.flatnonzero(np.isfinite(high) & (blocks.starts >= blocks.life.started_at))
    if limit is None or not len(seen) or high[seen[-1]] < NEAR_LIMIT_SHARE * limit:
        return None
    return float(blocks.starts[seen[-1]] + blocks.block_seconds)


def _follows(other: LifeBlocks, each: LifeBlocks) -> bool:
    """A later life of the same pod; a pod of another UID is a new pod, whatever ended the old one."""
    one, two = each.life, other.life
    return (one.pod, one.uid) == (two.pod, two.uid) and two.started_at > one.started_at
