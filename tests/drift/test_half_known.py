"""What is half known must not restart anything: page cache, sparse latency, load that ended, a limit of zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from memdrift.drift.blocks import Floats, LifeBlocks
from memdrift.drift.judge import judge
from memdrift.drift.verdict import VerdictKind, VerdictReason
from tests.drift.series import POLICY, flat, life, line, noise, window

N = 48
SLOW = {"live_heap": line(N, 500, 30), "latency": line(N, 150, 150), "block_seconds": 1800}


def kept(values: Floats, blocks: slice) -> Floats:
    found = np.full(len(values), np.nan)
    found[blocks] = values[blocks]
    return found


NO_IMPACT: dict[str, Callable[[], LifeBlocks]] = {
    "page cache that meets the limit": lambda: life(**SLOW, working_set=line(N, 1000, 900), limit=2048),
    "page cache pinned at the limit": lambda: life(**SLOW, working_set=flat(N, 2048), limit=2048),
    "a limit of zero": lambda: life(**SLOW, resident=flat(N, 600), limit=0),
    "latency that ended hours ago": lambda: life(
        live_heap=line(N, 200, 60), latency=kept(line(N, 100, 300), slice(0, 36))
    ),
    "latency in a sixth of the blocks": lambda: life(
        live_heap=line(N, 200, 60), latency=kept(line(N, 100, 300), slice(40, 48))
    ),
}


@pytest.mark.parametrize("sentence", NO_IMPACT)
def test_has_no_impact(sentence):
    (verdict,) = judge([window(NO_IMPACT[sentence]())], POLICY)
    assert verdict.kind is VerdictKind.DRIFTING, verdict.sentence


LOAD_MISSING: dict[str, Floats] = {
    "load that ended half-way": kept(flat(N, 40.0), slice(0, 24)),
    "two series, each in another half": np.stack(
        (kept(flat(N, 40.0), slice(0, 24)), kept(flat(N, 40.0), slice(24, N)))
    ),
    "one of two series is missing": np.stack((flat(N, 40.0), flat(N, np.nan))),
}


@pytest.mark.parametrize("sentence", LOAD_MISSING)
def test_is_unknown_without_its_load(sentence):
    (verdict,) = judge([window(life(live_heap=line(N, 200, 60), load=LOAD_MISSING[sentence]))], POLICY)
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, VerdictReason.LOAD_MISSING)


def test_one_counted_block_does_not_break_an_objective():
    share = flat(N, np.nan)
    share[38] = 0.5
    blocks = replace(
        life(live_heap=line(N, 200, 60), latency=line(N, 60, 110)),
        kept_bound_milliseconds=100.0,
        slow_bound_milliseconds=250.0,
        slow_fraction=share,
    )
    (verdict,) = judge([window(blocks)], POLICY)
    assert verdict.kind is VerdictKind.DRIFTING


def test_native_growth_of_a_young_life_waits():
    resident = line(N, 300, 300) + noise(N, 1)
    born = life(live_heap=flat(N, 100), resident=resident, started_at=1_699_920_000 - 7 * 3600.0)
    assert not judge([window(born)], POLICY)[0].drifting
