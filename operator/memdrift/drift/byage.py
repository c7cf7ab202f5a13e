"""Gates: does memory grow with the age of the pod, in life after life, and is it the shape of a leak?

The main enemy is the warm-up: every young pod rises. So growth is judged after the early part, must keep its pace, and
must be gone when the next life starts. Source of all: DETECTION.md, short lives: "growth at age a, seen in many lives,
is drift".
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.blocks import Floats
from memdrift.drift.loadbyage import not_explained_by_load_gate
from memdrift.drift.phrases import size_of, span_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.pooling import Pool
from memdrift.drift.slopes import theil_sen
from memdrift.drift.statistics import kendall_tau
from memdrift.drift.verdict import Gate

FEWEST_LIVES = 4
_SMALLEST_TAU = 0.6
_SMALLEST_AGREEMENT_PERCENT = 80.0
_SMALLEST_END_PACE = 0.5
_SMALLEST_FALL = 0.5
_SMALLEST_CURRENT_SHARE = 0.5
_HEAP_PERCENT = 5.0
_RESIDENT_PERCENT = 8.0
"""Of growth within a life; more where only a high-water mark is known: it settles for a day, after every start."""
_FEWEST_AGES = 4


def gates_by_age(pool: Pool, current_revisions: frozenset[str], policy: DetectionPolicy) -> tuple[Gate, ...]:
    """Every gate's answer, in the order in which a person reads them; growth by age is drift where all passed.

    Args:
        pool: the lives.
        current_revisions: of the pods that live now.
        policy: floors of material growth, as for a window; here for one life.
    """
    needed = float(np.median(_least_bytes(pool, policy)))
    agree = pool.amounts >= _least_bytes(pool, policy) / 2
    return (
        _lives(pool),
        _growth(pool, needed),
        _trend(pool),
        _agreement(agree),
        _current_revision(pool, agree, current_revisions),
        _keeps_pace(pool),
        _falls_back(pool),
        not_explained_by_load_gate(pool, needed, growth_bytes(pool)),
    )


def growth_bytes(pool: Pool) -> float:
    """Growth of the median life over the pool's ages."""
    return float(np.median(pool.amounts))


def growth_percent(pool: Pool) -> float:
    """The same, of the median life's memory after its warm-up."""
    level = float(np.median(pool.starts))
    return 100.0 * growth_bytes(pool) / level if level > 0 else 0.0


def _least_bytes(pool: Pool, policy: DetectionPolicy) -> Floats:
    """Of each life, by its own level: pods of one workload may differ."""
    percent = max(policy.minimum_growth_percent, _HEAP_PERCENT if pool.on_heap else _RESIDENT_PERCENT)
    return np.maximum(policy.minimum_growth_bytes, percent / 100 * pool.starts)


def _lives(pool: Pool) -> Gate:
    """Are there enough lives, of which some have ended? Source: three agree too often by chance."""
    count = len(pool.lives) if any(pool.ended) else 0
    told = (
        f"{len(pool.lives)} lives of about {span_of(pool.longest_seconds)} are aligned by age, after a warm-up of "
        f"{span_of(pool.warm_up_seconds)}; {FEWEST_LIVES} are needed"
    )
    return Gate("lives", float(count), float(FEWEST_LIVES), "lives", count >= FEWEST_LIVES, told)


def _growth(pool: Pool, needed: float) -> Gate:
    """Is the median life's growth material? Source: DETECTION.md, material.

    More is asked than of a window, since lives are few and short: of healthy series cut into lives of 90 minutes
    and of 6 hours, 3 of 917 windows drift at 5 %, none at 8 %.
    """
    level = max(float(np.median(pool.starts)), 1.0)
    grown = growth_bytes(pool)
    told = (
        f"a life grows by {size_of(grown)} ({100 * grown / level:.1f} %) over {span_of(pool.span_seconds)} of its age; "
        f"{size_of(needed)} are needed"
    )
    return Gate("growth-by-age", 100 * grown / level, 100 * needed / level, "percent", grown >= needed, told)


def _trend(pool: Pool) -> Gate:
    """Does the median life rise monotonically with its age? Source: DETECTION.md, trend."""
    tau = float(kendall_tau(pool.curve[None, :])[0])
    known = int(np.isfinite(pool.curve).sum()) >= _FEWEST_AGES
    told = f"the median life's memory has a Kendall's tau of {tau:.2f} with its age; {_SMALLEST_TAU} is needed"
    return Gate("trend-by-age", tau, _SMALLEST_TAU, "tau", known and tau >= _SMALLEST_TAU, told)


def _agreement(agree: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Gate:
    """Do nearly all lives grow? Source: SAFETY.md: one hot pod must not speak for its peers, nor a mean for all."""
    percent = 100.0 * float(agree.mean())
    told = (
        f"{int(agree.sum())} of {len(agree)} lives grow by at least half of what is needed; "
        f"{_SMALLEST_AGREEMENT_PERCENT:.0f} % must"
    )
    return Gate(
        "agreement", percent, _SMALLEST_AGREEMENT_PERCENT, "percent", percent >= _SMALLEST_AGREEMENT_PERCENT, told
    )


def _current_revision(pool: Pool, agree: np.ndarray[tuple[int], np.dtype[np.bool_]], revisions: frozenset[str]) -> Gate:
    """Do the lives of the revision that runs now grow as well? A leak that the last deploy fixed is over.

    A past life whose revision is not known speaks for no other than an unknown one.
    """
    own = np.array([life.revision in revisions for life in pool.lives])
    share = float(agree[own].mean()) if own.any() else 0.0
    told = (
        f"{int(agree[own].sum())} of {int(own.sum())} measurable lives of the running revision grow"
        if own.any()
        else "no life of the running revision is old enough yet"
    )
    return Gate(
        "current-revision",
        100 * share,
        100 * _SMALLEST_CURRENT_SHARE,
        "percent",
        share >= _SMALLEST_CURRENT_SHARE,
        told,
    )


def _keeps_pace(pool: Pool) -> Gate:
    """Does the second half of a life grow at half the pace of the first, at least? Source: DETECTION.md, saturation."""
    there = np.flatnonzero(np.isfinite(pool.curve))
    half = len(there) // 2
    if half < 2:
        return Gate("keeps-pace", None, _SMALLEST_END_PACE, "ratio", None, "too few ages are known to compare paces")
    halves = [pool.curve[there[0] : there[half] + 1], pool.curve[there[half] :]]
    first, second = (float(theil_sen(each[None, :]).middle[0]) for each in halves)
    ratio = second / first if first > 0 else float(second > 0)
    told = f"the second half of a life grows at {ratio:.2f} of the pace of its first; {_SMALLEST_END_PACE} is needed"
    return Gate("keeps-pace", ratio, _SMALLEST_END_PACE, "ratio", ratio >= _SMALLEST_END_PACE, told)


def _falls_back(pool: Pool) -> Gate:
    """Is the growth gone when the next life starts? What goes on in the next life grows by the calendar, not by age."""
    falls = pool.falls
    if not len(falls):
        return Gate("falls-back", None, _SMALLEST_FALL, "ratio", None, "no life was followed by another one")
    grown = growth_bytes(pool)
    ratio = float(np.median(falls)) / grown if grown > 0 else 0.0
    told = (
        f"the next life starts {size_of(float(np.median(falls)))} lower: {ratio:.2f} of the growth; "
        f"{_SMALLEST_FALL} is needed"
    )
    return Gate("falls-back", ratio, _SMALLEST_FALL, "ratio", ratio >= _SMALLEST_FALL, told)
