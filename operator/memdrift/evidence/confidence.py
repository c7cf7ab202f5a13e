"""How sure a finding is, and why: three questions, multiplied.

How much of the growth does the suspect hold? How much of the metric's growth do the profiles explain? Is the growth
more than chance would show? Must not know what the suspect is.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

SAMPLED_EVERY_BYTES = 512 * 1024
"""Between two samples of the heap, where its profile does not say: the default of Go, jemalloc and V8."""
STEADY_SHARE = 0.01
"""By so much of what they hold two profiles of a steady heap differ, however finely it is sampled."""
NO_MORE_THAN_NOISE = 1.0
CERTAINLY_MORE_THAN_NOISE = 3.0
EXPLAINED_UNKNOWN = 0.75
"""Where the metric's growth is not known, a suspect is not contradicted, but not confirmed either."""


class Basis(NamedTuple):
    """What a comparison gives a suspect to stand on.

    Attributes:
        growth_bytes: net growth of the heap between the profiles.
        noises: that growth as a multiple of what chance alone would show: one standard error of sampling, and the ups
            and downs of a steady heap.
        explained_percent: of the metric's growth; None where that is not known.
        metric_grew: False where the metric is known not to have grown at all.
    """

    growth_bytes: int
    noises: float
    explained_percent: float | None
    metric_grew: bool


def basis_of(
    in_use_bytes: int, growth_bytes: int, explained_percent: float | None, *, period_bytes: int, metric_grew: bool
) -> Basis:
    """The basis of a comparison whose newer profile holds `in_use_bytes`.

    `period_bytes` lie between two samples of the coarser profile: 1 where every allocation is counted, 0 where unknown.
    """
    held = max(1, in_use_bytes + max(0, in_use_bytes - growth_bytes))
    apart = period_bytes if period_bytes > 0 else SAMPLED_EVERY_BYTES
    sampling = apart * held if apart > 1 else 0
    noise = sqrt(sampling + (STEADY_SHARE * held) ** 2)
    return Basis(growth_bytes, growth_bytes / noise, explained_percent, metric_grew)


def confidence_percent(share_percent: float, basis: Basis) -> float:
    """0 to 100, for a suspect that holds so much of the growth."""
    span = CERTAINLY_MORE_THAN_NOISE - NO_MORE_THAN_NOISE
    real = min(1.0, max(0.0, (basis.noises - NO_MORE_THAN_NOISE) / span))
    explained = EXPLAINED_UNKNOWN if basis.explained_percent is None else basis.explained_percent / 100.0
    return min(100.0, share_percent) * real * (explained if basis.metric_grew else 0.0)


def confidence_reason(share_percent: float, basis: Basis, *, leaks: int = 1) -> str:
    """The three answers in words; `leaks` is how many hold that share together."""
    if not basis.metric_grew:
        explained = "the metric did not grow in that time"
    elif basis.explained_percent is None:
        explained = "how much the metric grew in that time is not known"
    else:
        explained = f"the profiles explain {basis.explained_percent:.0f} % of the metric's growth"
    times = f"{basis.noises:.1f} times" if basis.noises < 10 else f"{basis.noises:.0f} times"
    noise = f"the heap's growth is {times} what chance would show" if basis.noises > 0 else "the heap is flat"
    holders = "it holds" if leaks <= 1 else f"{leaks} leaks together hold"
    return f"{holders} {min(100.0, share_percent):.0f} % of the growth; {explained}; {noise}"
