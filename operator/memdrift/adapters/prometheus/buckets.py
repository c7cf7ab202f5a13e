"""The real bucket bounds around a store's objective.

Exists because a quantile is interpolated inside a bucket: where the objective lies inside one too, only the bounds say
on which side the requests are. Must not send anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite

SAME_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class Buckets:
    """The bounds next to the objective.

    Attributes:
        kept_milliseconds: the largest bound that is not above the objective; 0 where there is none.
        slow_milliseconds: the smallest that is not below it; infinite where there is none.
        slow_label: the second one as its label says it; "" where it is infinite.
    """

    kept_milliseconds: float
    slow_milliseconds: float
    slow_label: str

    @property
    def counted_bound(self) -> str:
        """The bound above which requests must be counted; "" where the objective is a bound itself, or has none."""
        return "" if self.kept_milliseconds == self.slow_milliseconds else self.slow_label


def buckets_around(objective_milliseconds: float, labels: Iterable[str]) -> Buckets | None:
    """The bounds among these labels (seconds) that are next to the objective; None where no bound is finite."""
    bounds = {1000.0 * seconds: label for label in sorted(labels) if isfinite(seconds := _seconds(label))}
    if not bounds:
        return None
    near = SAME_SHARE * objective_milliseconds
    kept = max((bound for bound in bounds if bound <= objective_milliseconds + near), default=0.0)
    slow = min((bound for bound in bounds if bound >= objective_milliseconds - near), default=inf)
    return Buckets(kept, slow, bounds.get(slow, ""))


def _seconds(label: str) -> float:
    try:
        return float(label)
    except ValueError:
        return inf
