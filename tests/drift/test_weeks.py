"""The ramp after a quiet weekend against the same hours of last week."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from memdrift.drift.blocks import Floats, LifeBlocks, Window
from memdrift.drift.judge import judge
from memdrift.drift.verdict import Gate, Verdict, VerdictKind, VerdictReason
from memdrift.drift.weeks import WEEK_SECONDS
from tests.drift.series import EPOCH, HOUR, POLICY, flat, life, noise

DAY = 24 * HOUR
CLOCK = np.arange(EPOCH - 8 * DAY, EPOCH, 450, dtype=np.int64)
_OLD = float(EPOCH - 60 * DAY)


def window_of(memory: Floats, seconds: int, days: float, block: int) -> Window:
    """Blocks of the last days; `memory` in MiB on `CLOCK`."""
    count = int(days * DAY / block)
    by_block = memory.reshape(-1, block // 450).mean(axis=1)[-count:]
    return Window(seconds, block, float(EPOCH), (life(live_heap=by_block, block_seconds=block, started_at=_OLD),))


def windows_of(memory: Floats, *, days: float = 8) -> list[Window]:
    return [window_of(memory, 6 * HOUR, 0.25, 450), window_of(memory, WEEK_SECONDS, days, 3600)]


def of_a_day(memory: Floats) -> list[Window]:
    return [window_of(memory, DAY, 1, 1800), window_of(memory, WEEK_SECONDS, 8, 3600)]


def weekly(growth: float = 200.0) -> Floats:
    """Every seventh day ends in six hours of ramp; memory falls again over the day that follows."""
    since = (CLOCK - (EPOCH - 8 * DAY) - (DAY - 6 * HOUR)) % WEEK_SECONDS
    up = np.clip(since / (6 * HOUR), 0, 1)
    down = np.clip((since - 6 * HOUR) / DAY, 0, 1)
    return 400 + growth * (up - down) + noise(len(CLOCK), 1.0)


def ramp_of_today(growth: float = 200.0) -> Floats:
    return 400 + growth * ramp_since(EPOCH - 6 * HOUR) + noise(len(CLOCK), 1.0)


def ramp_since(moment: int) -> Floats:
    return np.asarray(np.clip((CLOCK - moment) / (6 * HOUR), 0.0, 1.0))


def leak_of_weeks(growth: float = 40.0) -> Floats:
    return np.asarray(400 + growth * (CLOCK - CLOCK[0]) / DAY + noise(len(CLOCK), 1.0))


def the(windows: list[Window]) -> Verdict:
    (verdict,) = judge(windows, POLICY)
    return verdict


def gate_of(verdict: Verdict) -> Gate:
    return next(gate for gate in verdict.pods[0].gates if gate.name == "not-weekly")


def test_the_same_rise_as_last_week_is_explained() -> None:
    alone = the(windows_of(weekly())[:1])
    assert alone.kind is VerdictKind.DRIFTING
    verdict = the(windows_of(weekly()))
    assert verdict.kind is VerdictKind.STEADY
    assert verdict.reason is VerdictReason.GROWTH_EXPLAINED
    assert "same hours last week" in verdict.sentence
    gate = gate_of(verdict)
    assert gate.passed is False
    assert gate.figure == pytest.approx(100, abs=10)


def test_a_rise_that_last_week_did_not_have_drifts() -> None:
    verdict = the(windows_of(ramp_of_today()))
    assert verdict.kind is VerdictKind.DRIFTING
    gate = gate_of(verdict)
    assert gate.passed
    assert gate.figure == pytest.approx(0, abs=10)


def test_a_leak_of_weeks_rose_alike_last_week_and_drifts_all_the_same() -> None:
    verdict = the(of_a_day(leak_of_weeks()))
    assert verdict.kind is VerdictKind.DRIFTING
    gate = gate_of(verdict)
    assert gate.passed
    assert gate.figure == pytest.approx(100, abs=10)


def test_a_leak_that_a_restart_emptied_has_not_given_back() -> None:
    """A weekly deploy, and the same leak after each: what fell between fell with the life."""
    deployed = EPOCH - 2 * DAY
    memory = 400 + 200 * (ramp_since(EPOCH - 7 * DAY - 6 * HOUR) + ramp_since(EPOCH - 6 * HOUR))
    memory = memory - 200.0 * (deployed <= CLOCK) + noise(len(CLOCK), 1.0)
    short, week = windows_of(memory)
    assert the([short, week]).kind is VerdictKind.STEADY, "within one life, memory fell by itself"
    whole = week.lives[0]

    def part(kept: np.ndarray[tuple[int], np.dtype[np.bool_]], started_at: float) -> LifeBlocks:
        middle = np.where(kept, whole.live_heap.p50, np.nan)
        bands = replace(whole.live_heap, p10=middle, p50=middle, p90=middle)
        return replace(whole, life=replace(whole.life, started_at=started_at), live_heap=bands)

    fresh = whole.starts >= deployed
    week = replace(week, lives=(part(fresh, float(deployed)),), past_lives=(part(~fresh, _OLD),))
    verdict = the([short, week])
    assert verdict.kind is VerdictKind.DRIFTING, verdict.sentence


@pytest.mark.parametrize("days", [1, 5, 7])
def test_without_a_week_of_history_it_says_so_and_passes(days: int) -> None:
    verdict = the(windows_of(weekly(), days=days))
    assert verdict.kind is VerdictKind.DRIFTING
    gate = gate_of(verdict)
    assert gate.passed
    assert gate.figure is None
    assert gate.sentence == "no week of history to compare with"


def test_a_week_never_confirms_by_itself() -> None:
    slow = 400 + 200 * (CLOCK - CLOCK[0]) / (8 * DAY) + noise(len(CLOCK), 1.0)
    verdict = the(windows_of(slow))
    assert verdict.kind is VerdictKind.STEADY
    assert verdict.window_seconds == 6 * HOUR


def test_no_gate_is_asked_where_no_week_is_configured() -> None:
    verdict = the(windows_of(ramp_of_today())[:1])
    assert "not-weekly" not in {gate.name for gate in verdict.pods[0].gates}


def test_flat_memory_asks_nothing() -> None:
    assert the(windows_of(flat(len(CLOCK), 400.0) + noise(len(CLOCK), 1.0))).kind is VerdictKind.STEADY
