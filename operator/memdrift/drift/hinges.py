"""Where a memory turns from flat to rising.

Exists because everything that is said of growth counts from there. Finds the block; whether the growth behind it
matters is not its business.
"""

from __future__ import annotations

import numpy as np

from memdrift.drift.batch import Indices
from memdrift.drift.blocks import Floats
from memdrift.drift.fits import Approach, Centred, evidence_for, hinge_fits
from memdrift.drift.statistics import counted, following
from memdrift.drift.stretch import FEWEST_BLOCKS

_HINGE_EVIDENCE = 2.0
"""A hinge moves the verdict to a part of the data, so it must pay for its place twice over."""


def hinge_blocks(values: Floats, approach: Approach, lines: Floats, known: Centred) -> Indices:
    """The block at which each row turns from flat to rising; 0 where no hinge explains it better than a line.

    Args:
        values: the memory.
        approach: to a bound, that fits it best.
        lines: errors of its straight lines.
        known: the memory around its mean.
    """
    everyone = np.arange(len(values))
    there = known.there
    counts = counted(there)
    allowed = there & (following(there) >= np.maximum(FEWEST_BLOCKS, counts // 3)[:, None])
    rises, errors = hinge_fits(values, known)
    best = np.argmin(np.where(allowed, errors, np.inf), axis=1)
    error = np.where(allowed.any(axis=1), errors[everyone, best], np.inf)
    finite = np.where(np.isfinite(error), error, 0.0)
    preferred = evidence_for(finite, lines, counts) >= _HINGE_EVIDENCE
    approaching = (approach.rises > 0) & (approach.errors < error)
    return np.where(preferred & (rises[everyone, best] > 0) & ~approaching, best, 0)
