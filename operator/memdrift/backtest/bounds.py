"""How often something may still happen that was seen so many times: the bound that an exposure allows.

Exists so that no rate stands alone: zero episodes in five pod-weeks say less than 0.6 a week, not never. Must not know
what is counted.
"""

from __future__ import annotations

import math

CONFIDENCE = 0.95
_HALVINGS = 80


def upper_rate(count: int, exposure: float) -> float | None:
    """The exact one-sided 95 % Poisson bound of a rate: with none seen it is 3.0 divided by the exposure.

    Args:
        count: how many were seen.
        exposure: over how much, in the unit of time that the rate is wanted in.

    Returns:
        None without exposure: nothing was looked at.
    """
    if exposure <= 0:
        return None
    low, high = 0.0, count + 5.0 * math.sqrt(count + 1.0) + 5.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _at_most(count, middle) > 1.0 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return high / exposure


def _at_most(count: int, mean: float) -> float:
    """The probability of at most `count` events of a Poisson process with that mean."""
    if mean <= 0.0:
        return 1.0
    logarithms = [seen * math.log(mean) - mean - math.lgamma(seen + 1.0) for seen in range(count + 1)]
    return math.fsum(math.exp(each) for each in logarithms)
