"""The verdict on a container whose lives are too short to be judged alone: growth by age.

Exists so that the front door need not know how lives are pooled. Never says that latency follows, and projects no
limit: what restarts by itself every 90 minutes must not be restarted by us as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from memdrift.drift.blocks import Window
from memdrift.drift.byage import gates_by_age, growth_bytes, growth_percent
from memdrift.drift.phrases import change_of, size_of, span_of
from memdrift.drift.podverdict import JudgedLife
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.pooling import Pool, pooled
from memdrift.drift.verdict import Gate, GrowthKind, Interval, PodVerdict, Verdict, VerdictKind, VerdictReason

_HOUR = 3600.0


def verdict_by_age(
    window: Window, container: str, judged: Sequence[JudgedLife], policy: DetectionPolicy
) -> Verdict | None:
    """`Drifting` where every gate by age passed; None where they did not, or where no lives can be pooled.

    Args:
        window: with its past lives.
        container: which one.
        judged: its living lives, most of which could not be judged alone.
        policy: thresholds.
    """
    pool = pooled(window, container, policy.warm_up_seconds)
    if pool is None:
        return None
    gates = gates_by_age(pool, frozenset(life.pod.revision for life in judged), policy)
    grown = _grown_up(window, judged, pool)
    if not all(gate.passed for gate in gates) or len(grown) < max(policy.minimum_drifting_pods, 1):
        return None
    kind = GrowthKind.HEAP if pool.on_heap else GrowthKind.UNSPECIFIED
    pods = [_drifting(pod, pool, kind, gates) for pod in grown]
    others = [life.pod for life in judged if life.pod not in grown]
    return Verdict(
        container=container,
        kind=VerdictKind.DRIFTING,
        reason=VerdictReason.GROWTH_BY_AGE,
        growth_kind=kind,
        window_seconds=window.seconds,
        block_ended_at=window.ended_at,
        pods=(*pods, *others),
        sentence=_sentence(pool, pods[0]),
        queries=window.queries,
        impact_allowed=not window.latency_scope_is_store,
    )


def _grown_up(window: Window, judged: Sequence[JudgedLife], pool: Pool) -> list[PodVerdict]:
    """The living pods that could not be judged alone, oldest first, past their warm-up; the oldest where none is."""
    unjudged = [life.pod for life in judged if life.pod.kind is VerdictKind.UNKNOWN]
    pods = sorted(unjudged, key=lambda pod: (pod.started_at, pod.uid))
    return [pod for pod in pods if window.ended_at - pod.started_at > pool.warm_up_seconds] or pods[:1]


def _drifting(pod: PodVerdict, pool: Pool, kind: GrowthKind, gates: tuple[Gate, ...]) -> PodVerdict:
    low, middle, high = (float(pace) * _HOUR for pace in np.quantile(pool.slopes, [0.025, 0.5, 0.975]))
    return replace(
        pod,
        kind=VerdictKind.DRIFTING,
        growth_kind=kind,
        gates=gates,
        onset_at=None,
        growth_bytes=growth_bytes(pool),
        growth_percent=growth_percent(pool),
        growth_bytes_per_hour=Interval(low, middle, high),
        seconds_to_limit=None,
    )


def _sentence(pool: Pool, worst: PodVerdict) -> str:
    memory = "live heap" if pool.on_heap else "resident memory"
    return (
        f"{memory} grows with age in {len(pool.lives)} lives of about {span_of(pool.longest_seconds)}: "
        f"{worst.growth_percent:.0f} % ({size_of(worst.growth_bytes)}) within {span_of(pool.span_seconds)}, while "
        f"load at the same ages {change_of(load_change_percent(pool))}; each life starts low again"
    )


def load_change_percent(pool: Pool) -> float | None:
    """Load of the older half of the ages against the younger half, median over lives; None where it is unknown."""
    known = [each for each in pool.load if np.isfinite(each).any()]
    if not known:
        return None
    total = np.sum(known, axis=0)
    half = total.shape[1] // 2
    changes = []
    for row in total:
        young, old = row[:half][np.isfinite(row[:half])], row[half:][np.isfinite(row[half:])]
        if len(young) and len(old) and np.median(young) > 0:
            changes.append(100.0 * (float(np.median(old)) / float(np.median(young)) - 1))
    return float(np.median(changes)) if changes else None
