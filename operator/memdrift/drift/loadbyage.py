"""Gate: does load at the same ages explain what memory does with age?

Exists because traffic often comes to a fresh pod little by little, and memory with it. Judges load only; whether memory
grows with age is not its business.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.blocks import Floats
from memdrift.drift.phrases import size_of
from memdrift.drift.pooling import Pool
from memdrift.drift.slopes import theil_sen
from memdrift.drift.statistics import correlation, kendall_tau, median
from memdrift.drift.verdict import Gate

_SMALLEST_CORRELATION = 0.3
_RISING_LOAD_TAU = 0.4
_RISING_LOAD_SHARE = 0.05
_FEWEST_LOAD_SHARE = 0.5


def not_explained_by_load_gate(pool: Pool, needed_bytes: float, grown_bytes: float) -> Gate:
    """Is growth left when what load at the same ages explains is taken away?

    Memory in proportion to a load that rises with age, or what moves with load from block to block in all lives,
    whichever is more. Not asked where not all load series are known in half of the lives' blocks at once.

    Source: DETECTION.md, load; `explanation` asks the same of a single life.

    Args:
        pool: the lives.
        needed_bytes: the least growth that matters.
        grown_bytes: of the median life.
    """
    known = list(pool.load)
    jointly = np.isfinite(np.stack(known)).all(axis=0) if known else np.zeros(0, dtype=bool)
    if jointly.sum() < max(_FEWEST_LOAD_SHARE * np.isfinite(pool.memory).sum(), 1):
        return Gate("not-explained-by-load", None, None, "percent", None, "load is missing: growth cannot be explained")
    load = np.stack(known)
    level = max(float(np.median(pool.starts)), 1.0)
    explained = max(_proportional(load.sum(axis=0)) * level, _tied(pool, load))
    left = grown_bytes - explained
    told = (
        f"load at the same ages explains {size_of(explained)} of a life's growth and leaves {size_of(left)}; "
        f"{size_of(needed_bytes)} are needed"
    )
    return Gate(
        "not-explained-by-load", 100 * left / level, 100 * needed_bytes / level, "percent", left >= needed_bytes, told
    )


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
