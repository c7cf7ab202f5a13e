"""An objective inside a histogram's bucket is judged by the bucket's bounds, never by what was interpolated between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from memdrift.drift.blocks import Floats
from memdrift.drift.judge import judge
from memdrift.drift.verdict import VerdictKind
from memdrift.report import bundle
from tests.drift.series import POLICY, flat, life, line, window

N = 48
LEAK = line(N, 200, 60)


def with_buckets(latency: Floats, kept: float, slow: float, share: Floats | None = None):
    blocks = life(live_heap=LEAK, latency=latency)
    return replace(blocks, kept_bound_milliseconds=kept, slow_bound_milliseconds=slow, slow_fraction=share)


CASES = {
    "above the upper bound": (True, with_buckets(line(N, 60, 300), 100, 250)),
    "between the bounds, above the objective by interpolation": (False, with_buckets(line(N, 60, 170), 100, 250)),
    "between the bounds, but too many requests are counted above": (
        True,
        with_buckets(line(N, 60, 170), 100, 250, line(N, 0.0, 0.05)),
    ),
    "between the bounds, and few requests are counted above": (
        False,
        with_buckets(line(N, 60, 170), 100, 250, flat(N, 0.004)),
    ),
    "in the last bucket, which has no bound": (False, with_buckets(line(N, 60, 170), 100, np.inf)),
    "fine buckets: the objective is a bound": (True, with_buckets(line(N, 60, 170), 200, 200)),
}


@pytest.mark.parametrize("sentence", CASES)
def test_impact(sentence):
    impact, blocks = CASES[sentence]
    (verdict,) = judge([window(blocks)], POLICY)
    assert verdict.drifting
    assert (verdict.kind is VerdictKind.DRIFTING_WITH_IMPACT) is impact, verdict.pods[0].gates[-2].sentence


@pytest.mark.parametrize("sentence", CASES)
def test_a_stored_bundle_says_the_same(sentence):
    _, blocks = CASES[sentence]
    before = judge([window(blocks)], POLICY)
    assert judge(bundle.decode(bundle.encode([window(blocks)], before, {})), POLICY) == before
