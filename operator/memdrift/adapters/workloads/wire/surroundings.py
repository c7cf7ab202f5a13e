"""What stands around a workload: disruption budgets and autoscalers.

Exists because both decide whether a restart is possible, or hide why it is needed. Must not interpret.
"""

from __future__ import annotations

from memdrift.api.builtin import LabelSelector, Metadata, Wire


class BudgetSpec(Wire):
    """Which pods a disruption budget protects; no selector selects nothing, an empty one everything."""

    selector: LabelSelector | None = None


class BudgetStatus(Wire):
    """How many of them may go now."""

    observed_generation: int = 0
    disruptions_allowed: int = 0


class Budget(Wire):
    """A PodDisruptionBudget."""

    metadata: Metadata
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class ScaleTarget(Wire):
    """What an autoscaler scales."""

    kind: str = ""
    name: str = ""
    api_version: str = ""


class AutoscalerSpec(Wire):
    """What an autoscaler may do."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    max_replicas: int = 0


class AutoscalerStatus(Wire):
    """What it did."""

    current_replicas: int = 0


class Autoscaler(Wire):
    """A HorizontalPodAutoscaler."""

    metadata: Metadata
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()
