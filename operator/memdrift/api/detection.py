"""When growth counts as drift: `spec.detection` of a FeatureStore.

Exists so that the thresholds have units, bounds and defaults. Must not hold anything about acting.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from memdrift.api.quantities import Quantity
from memdrift.api.wire import WireModel

WindowSeconds = Annotated[int, Field(ge=120, le=2_592_000)]


class DetectionSpec(WireModel):
    """When growth counts as drift."""

    window_seconds: Annotated[
        list[WindowSeconds],
        Field(min_length=1, max_length=4, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ] = Field(default=[21_600, 86_400, 259_200])
    """The windows to judge, in seconds; any of them may confirm. Default 6, 24 and 72 hours. 604800 (one week)
    beside them confirms nothing: it explains a rise that the same hours of last week had as well, for which it asks for
    eight days of blocks of an hour. More than a week is not supported yet: the store holds with `NotSupportedYet`. Two
    minutes are for demonstrations only."""
    min_growth_percent: Annotated[int, Field(ge=0, le=1000)] = 2
    """The least growth within a window that matters, in percent of the median memory of the window. Default 2."""
    min_growth: Quantity = "16Mi"
    """The least growth within a window that matters, in bytes as a quantity. Default `16Mi`. Both this and
    `minGrowthPercent` must be reached."""
    min_coverage_percent: Annotated[int, Field(ge=1, le=100)] = 80
    """How much of a pod's own life in the window must have been measured, in percent. Default 80. Less gives the
    verdict `Unknown`."""
    warm_up_seconds: Annotated[int, Field(ge=0, le=86_400)] = 1_800
    """The first seconds of every container's life, which are not judged. Default 1800."""
    confirm_after_new_blocks: Annotated[int, Field(ge=1, le=20)] = 2
    """How many new blocks of measurements must each see the drift before an incident is opened. Default 2."""
    min_drifting_pods: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many pods must drift before the store does. Default 1."""
