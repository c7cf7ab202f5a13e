"""Gates: does memory grow with the age of the pod, in life after life, and is it the shape of a leak?

The main enemy is the warm-up: every young pod rises. So growth is judged after the early part, must keep its pace, and
must be gone when the next life starts. Source of all: DETECTION.md, short lives: "growth at age a, seen in many lives,
is drift".
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.blocks import Floats
from memdrift.drift.phrases import size_of, span_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.pooling import Pool
from memdrift.drift.statistics import correlation, kendall_tau, median, theil_sen
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
_SMALLEST_CORRELATION = 0.3
_RISING_LOAD_TAU = 0.4
_RISING_LOAD_SHARE = 0.05
_FEWEST_LOAD_SHARE = 0.5
_FEWEST_AGES = 4


def gates_by_age(pool: Pool, current_revisions: frozenset[str], policy: DetectionPolicy) -> tuple[Gate, ...]:
    """Every gate's answer, in the order in which a person reads them; growth by age is drift where all passed.

    Args:
        pool: the lives.
        current_revisions: of the pods that live now.
        policy: floors of material growth, as for a window; here for one life.
    """
    needed = _least_bytes(pool, policy)
    agree = pool.amounts >= needed / 2
    return (
        _lives(pool),
        _growth(pool, needed),
        _trend(pool),
        _agreement(agree),
        _current_revision(pool, agree, current_revisions),
        _keeps_pace(pool),
        _falls_back(pool),
        _not_explained_by_load(pool, needed),
    )


def growth_bytes(pool: Pool) -> float:
    """Growth of the median life over the pool's ages."""
    return float(np.median(pool.amounts))


def growth_percent(pool: Pool) -> float:
    """The same, of the median life's memory after its warm-up."""
    level = float(np.median(pool.starts))
    return 100.0 * growth_bytes(pool) / level if level > 0 else 0.0


def _least_bytes(pool: Pool, policy: DetectionPolicy) -> float:
    percent = max(policy.minimum_growth_percent, _HEAP_PERCENT if pool.on_heap else _RESIDENT_PERCENT)
    return max(policy.minimum_growth_bytes, percent / 100 * float(np.median(pool.starts)))


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

    More is asked than of a window, since lives are few and short: measured on healthy series cut into lives of 90 minutes
    and of 6 hours, 0.4 % of the windows drift at 5 %, none of 917 at 8 %.
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


def _not_explained_by_load(pool: Pool, needed: float) -> Gate:
    """Is growth left when what load at the same ages explains is taken away? Source: DETECTION.md, load."""
    known = [
        each for each in pool.load if np.isfinite(each).sum() >= _FEWEST_LOAD_SHARE * np.isfinite(pool.memory).sum()
    ]
    if not known:
        return Gate("not-explained-by-load", None, None, "percent", None, "load is missing: growth cannot be explained")
    load = np.stack(known)
    level = max(float(np.median(pool.starts)), 1.0)
    explained = max(_proportional(load.sum(axis=0)) * level, _tied(pool, load))
    left = growth_bytes(pool) - explained
    told = (
        f"load at the same ages explains {size_of(explained)} of a life's growth and leaves {size_of(left)}; "
        f"{size_of(needed)} are needed"
    )
    return Gate("not-explained-by-load", 100 * left / level, 100 * needed / level, "percent", left >= needed, told)


def _proportional(total: Floats) -> float:
    """By which share load rises within the median life; 0 where it does not rise."""
    levels = median(total)
    usable = levels > 0
    if not usable.any():
        return 0.0
    shares = total[usable] / levels[usable][:, None]
    curve = median(shares.T)[None, :]
    rise = float(theil_sen(curve).middle[0]) * (int(np.isfinite(curve).sum()) - 1)
    rising = float(kendall_tau(curve)[0]) >= _RISING_LOAD_TAU and rise >= _RISING_LOAD_SHARE
    return rise / max(1 - rise / 2, 0.1) if rising else 0.0


def _tied(pool: Pool, load: Floats) -> float:
    """Bytes of the median life's growth that moves with load from block to block, all series together."""
    changes = _differences(pool.memory).ravel()
    moves = np.stack([_differences(each).ravel() for each in load])
    usable = np.isfinite(changes) & np.isfinite(moves).all(axis=0)
    changes, moves = changes[usable], moves[:, usable]
    tied = [
        one
        for one in range(len(moves))
        if correlation(moves[one][None, :], changes[None, :])[0] >= _SMALLEST_CORRELATION
    ]
    if not tied:
        return 0.0
    per_unit, *_ = np.linalg.lstsq(moves[tied].T, changes, rcond=None)
    rises = [float(np.median(theil_sen(load[one]).middle)) * (len(pool.ages) - 1) for one in tied]
    return max(float(np.dot(np.maximum(per_unit, 0.0), rises)), 0.0)


def _differences(values: Floats) -> Floats:
    return np.concatenate([values[:, lag:] - values[:, :-lag] for lag in (1, 2)], axis=1)
