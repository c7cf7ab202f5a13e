"""The sentence of a tick."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from memdrift.drift.verdict import VerdictKind
from memdrift.report.tick import CaptureTold, FilingTold, RestartTold, TickReport, TickResult, sentence

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
BARE = TickReport("market", "market-store", NOW, 0.25)
DRIFTING = replace(
    BARE,
    verdict=VerdictKind.DRIFTING_WITH_IMPACT,
    verdict_reason="GrowthWithLatency",
    growth_bytes_per_hour=200 * 1024**2,
    seconds_to_limit=12000,
    latency_milliseconds=812.4,
    objective_milliseconds=200,
)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (BARE, "not judged"),
        (replace(BARE, verdict=VerdictKind.STEADY, verdict_reason="NoGrowth"), "Steady (NoGrowth)"),
        (
            replace(
                BARE,
                verdict=VerdictKind.UNKNOWN,
                verdict_reason="NoSeries",
                unknown_since=NOW - timedelta(minutes=5),
            ),
            "Unknown (NoSeries) for 5 min",
        ),
        (
            DRIFTING,
            "DriftingWithImpact (GrowthWithLatency), grows 200 MiB/h, limit in 3 h 20 min, latency 812 of 200 ms",
        ),
        (
            replace(BARE, incident="market-store-1", stage="Capturing", captures=(CaptureTold("Stored"),) * 2),
            "not judged; market-store-1 Capturing; 2 of 2 profiles stored",
        ),
        (
            replace(BARE, incident="market-store-1", stage="Closed", outcome="Relieved"),
            "not judged; market-store-1 closed as Relieved",
        ),
        (
            replace(BARE, step="Evict", restarts=(RestartTold("WorstFirst", evidenced=False),)),
            "not judged; Evict, restarted by WorstFirst WITHOUT evidence",
        ),
        (replace(BARE, filings=(FilingTold("desk", "Filed"),)), "not judged; desk: Filed"),
        (
            replace(BARE, result=TickResult.POSTPONED, error="the API server did not answer"),
            "not judged; Postponed: the API server did not answer",
        ),
        (
            replace(BARE, hold_reason="Cooldown", hold_until=NOW, hold_message="last restart 2 h ago"),
            "not judged; holds Cooldown until 2025-03-01 12:00:00 UTC: last restart 2 h ago",
        ),
    ],
)
def test_a_tick_is_told_in_one_sentence(report: TickReport, expected: str) -> None:
    assert sentence(report) == f"market/market-store: {expected} (0.25 s)"


def test_it_never_breaks_the_line() -> None:
    assert "\n" not in sentence(replace(BARE, hold_reason="Cooldown", hold_message="a\nb"))
