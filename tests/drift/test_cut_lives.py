"""Healthy recorded series cut into lives of 90 minutes and of 6 hours: left alone, and found once each life grows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memdrift.drift.policy import DetectionPolicy
from tests.drift import cutlives
from tests.drift.series import HOUR

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not cutlives.MANIFEST.is_file(), reason="../shared/drift-corpus is absent: recorded series stay there"
    ),
]

POLICY = replace(DetectionPolicy(), minimum_growth_bytes=0.0)
"""Half of the pods are smaller than 100 MiB: without the absolute floor the shapes alone decide."""
CUTS = [("nezha", 4, 5400, 6 * HOUR), ("alibaba", 8, 6 * HOUR, 24 * HOUR)]


@pytest.mark.parametrize(("family", "every", "life", "window"), CUTS)
def test_healthy_lives_are_left_alone(family: str, every: int, life: int, window: int) -> None:
    found = cutlives.rate(cutlives.healthy(family, every), life, window, 0.0, POLICY, heap=False)
    assert found.of_windows >= 30
    assert found.windows == 0, found


@pytest.mark.parametrize(("family", "every", "life", "window"), CUTS)
def test_growth_in_each_life_is_found(family: str, every: int, life: int, window: int) -> None:
    found = cutlives.rate(cutlives.healthy(family, every), life, window, 0.5, POLICY, heap=False)
    assert found.series >= 0.9 * found.of_series, found
    assert found.windows >= 0.8 * found.of_windows, found
