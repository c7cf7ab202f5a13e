"""What the owner of a store asks of the detector, in the detector's own units.

Exists so that the pure room does not read resources; must not hold anything that a person cannot set.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectionPolicy:
    """Thresholds of one store.

    Attributes:
        minimum_growth_percent: of the median memory per window.
        minimum_growth_bytes: absolute floor of the growth in a window.
        minimum_coverage_percent: of the blocks of a pod's own life in the window.
        warm_up_seconds: the first part of every life, which is not judged.
        settling_seconds: the age below which resident memory, where no live heap is known, is not called drifting.
        minimum_drifting_pods: how many pods of one container must drift.
        objective_milliseconds: the latency objective at the configured quantile.
        objective_quantile: which quantile latency is measured at; names it in sentences.
    """

    minimum_growth_percent: float = 2.0
    minimum_growth_bytes: float = 16 * 1024 * 1024
    minimum_coverage_percent: float = 80.0
    warm_up_seconds: float = 1800.0
    settling_seconds: float = 86_400.0
    minimum_drifting_pods: int = 1
    objective_milliseconds: float = 200.0
    objective_quantile: float = 0.99
