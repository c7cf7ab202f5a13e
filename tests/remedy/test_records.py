"""Figures as a resource holds them."""

from __future__ import annotations

import pytest

from memdrift.api.driftincident import DriftIncidentStatus
from memdrift.remedy import records


@pytest.mark.parametrize(
    ("figure", "held"),
    [(84.4, 84), (-31.6, -32), (5e7, 1_000_000), (-5e7, -1_000_000), (float("inf"), 1_000_000), (float("nan"), 0)],
)
def test_a_percentage_is_one_that_the_resource_takes(figure: float, held: int) -> None:
    found = records.percent(figure)
    assert found == held
    assert DriftIncidentStatus().replace(load_change_percent=found).load_change_percent == held
