"""Metrics as a scrape shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from memdrift.adapters.telemetry import TABLE, Telemetry
from memdrift.adapters.telemetry.families import VALUES_PER_LABEL_AT_MOST
from memdrift.drift.verdict import VerdictKind
from memdrift.report.health import Health
from memdrift.report.tick import CaptureTold, FilingTold, RestartTold, TickReport, TickResult

NOW = datetime(2025, 3, 1, tzinfo=UTC)
STEADY = TickReport("market", "twin", NOW, 0.1, verdict=VerdictKind.STEADY, verdict_reason="NoGrowth")
DRIFTING = TickReport(
    "market",
    "market-store",
    NOW,
    0.2,
    verdict=VerdictKind.DRIFTING_WITH_IMPACT,
    verdict_reason="GrowthWithLatency",
    growth_bytes_per_hour=2e8,
    seconds_to_limit=12000,
    latency_milliseconds=812,
    objective_milliseconds=200,
    evaluation_period_seconds=60,
    incident="market-store-1",
    stage="Holding",
    hold_reason="ApprovalRequired",
    consecutive_stopgaps=2,
)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scraped(telemetry: Telemetry) -> Samples:
    text = (await telemetry.exposition()).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry("1.2.3")


async def test_a_tick_sets_the_figures_of_its_store(telemetry: Telemetry) -> None:
    telemetry.observe_tick(DRIFTING)
    samples = await scraped(telemetry)
    store = {"namespace": "market", "store": "market-store"}
    assert value(samples, "memdrift_store_growth_bytes_per_hour", **store) == 2e8
    assert value(samples, "memdrift_store_seconds_to_limit", **store) == 12000
    assert value(samples, "memdrift_store_latency_milliseconds", **store) == 812
    assert value(samples, "memdrift_store_consecutive_stopgaps", **store) == 2
    assert value(samples, "memdrift_store_evaluated_timestamp_seconds", **store) == NOW.timestamp()
    assert value(samples, "memdrift_incident_stage", **store, incident="market-store-1", stage="Holding") == 1
    assert value(samples, "memdrift_store_hold", **store, reason="ApprovalRequired") == 1
    assert value(samples, "memdrift_ticks_total", result="Done") == 1


async def test_the_verdict_is_one_hot(telemetry: Telemetry) -> None:
    telemetry.observe_tick(DRIFTING)
    telemetry.observe_tick(replace(DRIFTING, verdict=VerdictKind.UNKNOWN, unknown_since=NOW - timedelta(seconds=90)))
    samples = await scraped(telemetry)
    store = {"namespace": "market", "store": "market-store"}
    shown = {kind: value(samples, "memdrift_store_verdict", **store, verdict=kind) for kind in VerdictKind}
    assert shown == {"Steady": 0, "Drifting": 0, "DriftingWithImpact": 0, "Unknown": 1}
    assert value(samples, "memdrift_store_unknown_seconds", **store) == 90


async def test_what_is_no_longer_known_is_no_longer_shown(telemetry: Telemetry) -> None:
    telemetry.observe_tick(DRIFTING)
    telemetry.observe_tick(TickReport("market", "market-store", NOW, 0.1))
    samples = await scraped(telemetry)
    left = {name for name, labels in samples if ("store", "market-store") in labels}
    assert left == {
        "memdrift_store_unknown_seconds",
        "memdrift_store_consecutive_stopgaps",
        "memdrift_store_evaluated_timestamp_seconds",
    }


async def test_a_failed_tick_ages_the_figures_and_changes_none(telemetry: Telemetry) -> None:
    telemetry.observe_tick(DRIFTING)
    before = await scraped(telemetry)
    failed = TickReport("market", "market-store", NOW + timedelta(hours=1), 0.1, TickResult.POSTPONED)
    telemetry.observe_tick(replace(failed, hold_reason="ClusterUnavailable"))
    after = await scraped(telemetry)
    changed = {
        name for name, labels in before.keys() | after.keys() if before.get((name, labels)) != after.get((name, labels))
    }
    assert {name for name in changed if name.startswith(("memdrift_store", "memdrift_incident"))} == {
        "memdrift_store_hold"
    }
    assert (
        value(after, "memdrift_store_hold", namespace="market", store="market-store", reason="ClusterUnavailable") == 1
    )


async def test_a_store_that_never_could_be_judged_has_an_age(telemetry: Telemetry) -> None:
    for seconds in (0, 60):
        telemetry.observe_tick(TickReport("a", "b", NOW + timedelta(seconds=seconds), 0.1, TickResult.FAILED))
    samples = await scraped(telemetry)
    assert value(samples, "memdrift_store_evaluated_timestamp_seconds", namespace="a", store="b") == NOW.timestamp()


async def test_a_hold_counts_once_while_it_lasts(telemetry: Telemetry) -> None:
    for _ in range(5):
        telemetry.observe_tick(DRIFTING)
    telemetry.observe_tick(replace(DRIFTING, hold_reason="Cooldown"))
    telemetry.observe_tick(replace(DRIFTING, hold_reason=""))
    telemetry.observe_tick(DRIFTING)
    samples = await scraped(telemetry)
    assert value(samples, "memdrift_holds_total", reason="ApprovalRequired") == 2
    assert value(samples, "memdrift_holds_total", reason="Cooldown") == 1


async def test_effects_are_counted(telemetry: Telemetry) -> None:
    telemetry.observe_tick(
        replace(
            DRIFTING,
            result=TickResult.POSTPONED,
            captures=(CaptureTold("Stored", seconds=0.2, bytes=30_000), CaptureTold("Failed", "PortClosed")),
            restarts=(RestartTold("Rollout", evidenced=True), RestartTold("WorstFirst", evidenced=False)),
            filings=(FilingTold("desk", "Filed"),),
            archive_puts=("Stored", "Failed"),
            outcome="Relieved",
        )
    )
    samples = await scraped(telemetry)
    assert value(samples, "memdrift_captures_total", result="Stored", reason="") == 1
    assert value(samples, "memdrift_captures_total", result="Failed", reason="PortClosed") == 1
    assert value(samples, "memdrift_capture_seconds_count") == 1
    assert value(samples, "memdrift_profile_bytes_sum", kind="heap") == 30_000
    assert value(samples, "memdrift_restarts_total", strategy="WorstFirst", evidence="Missing") == 1
    assert value(samples, "memdrift_restarts_without_evidence_total") == 1
    assert value(samples, "memdrift_filings_total", tracker="desk", result="Filed") == 1
    assert value(samples, "memdrift_archive_puts_total", result="Failed") == 1
    assert value(samples, "memdrift_incidents_total", outcome="Relieved") == 1
    assert value(samples, "memdrift_ticks_total", result="Postponed") == 1
    assert not any(name == "memdrift_incident_stage" for name, _ in samples), "a closed incident has no stage"


async def test_only_the_newest_stage_and_hold_are_shown(telemetry: Telemetry) -> None:
    for stage, hold in (("Confirmed", ""), ("Holding", "Cooldown"), ("Holding", "Storm"), ("RestartingFirst", "")):
        telemetry.observe_tick(replace(DRIFTING, stage=stage, hold_reason=hold))
        samples = await scraped(telemetry)
        stages = {dict(labels)["stage"] for name, labels in samples if name == "memdrift_incident_stage"}
        holds = {dict(labels)["reason"] for name, labels in samples if name == "memdrift_store_hold"}
        assert (stages, holds) == ({stage}, {hold} - {""})
    telemetry.observe_tick(replace(DRIFTING, incident="market-store-2", stage="Confirmed"))
    samples = await scraped(telemetry)
    incidents = {dict(labels)["incident"] for name, labels in samples if name == "memdrift_incident_stage"}
    assert incidents == {"market-store-2"}


async def test_health_figures_come_and_go(telemetry: Telemetry) -> None:
    health = Health(started_at=0.0)
    health.source_failed("main", "TimedOut", 10.0)
    health.clock_compared("main", 3.0)
    health.archive_answered(False)
    telemetry.observe_health(health.figures(70.0))
    samples = await scraped(telemetry)
    assert value(samples, "memdrift_source_age_seconds", source="main") == 60
    assert value(samples, "memdrift_clock_skew_seconds", peer="main") == 3
    assert value(samples, "memdrift_watch_age_seconds", resource="featurestores") == 70
    assert value(samples, "memdrift_scheduler_lag_seconds") == 70
    assert value(samples, "memdrift_archive_reachable") == 0
    health.source_answered("other")
    health.clock_compared("api-server", 1.0)
    health.sources_are({"other"})
    health.archive_answered(True)
    telemetry.observe_health(health.figures(80.0))
    samples = await scraped(telemetry)
    assert value(samples, "memdrift_source_age_seconds", source="main") is None
    assert value(samples, "memdrift_source_age_seconds", source="other") == 0
    assert value(samples, "memdrift_clock_skew_seconds", peer="main") is None
    assert value(samples, "memdrift_clock_skew_seconds", peer="api-server") == 1
    assert value(samples, "memdrift_archive_reachable") == 1


async def test_a_deleted_store_leaves_no_series(telemetry: Telemetry) -> None:
    telemetry.observe_tick(DRIFTING)
    telemetry.observe_tick(STEADY)
    telemetry.forget("market", "market-store")
    telemetry.forget("market", "never-seen")
    stores = {dict(labels).get("store") for _, labels in await scraped(telemetry)}
    assert stores == {None, "twin"}


async def test_stores_are_bounded_in_number() -> None:
    telemetry = Telemetry("1.2.3", stores_at_most=2)
    for number in range(5):
        telemetry.observe_tick(replace(STEADY, store=f"store-{number}"))
    samples = await scraped(telemetry)
    assert {dict(labels)["store"] for _, labels in samples if "store" in dict(labels)} == {"store-0", "store-1"}
    assert value(samples, "memdrift_telemetry_dropped_total") == 3
    assert value(samples, "memdrift_ticks_total", result="Done") == 5


async def test_label_values_are_bounded_in_number_and_shape(telemetry: Telemetry) -> None:
    for number in range(VALUES_PER_LABEL_AT_MOST * 3):
        telemetry.count_capture(CaptureTold("Failed", f"Reason{number}"))
    telemetry.count_capture(CaptureTold("Failed", "a reason\nwith a line break"))
    reasons = {dict(labels)["reason"] for name, labels in await scraped(telemetry) if name == "memdrift_captures_total"}
    assert len(reasons) == VALUES_PER_LABEL_AT_MOST
    assert "Other" in reasons


async def test_the_table_is_what_is_exposed(telemetry: Telemetry) -> None:
    text = (await telemetry.exposition()).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for row in TABLE:
        family = families[row.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (row.kind, row.help)
        assert row.help.endswith(".")
        assert row.name.startswith("memdrift_")
        assert row.name.endswith("_total") == (row.kind == "counter")


async def test_administration_and_build(telemetry: Telemetry) -> None:
    telemetry.administration_read(valid=False)
    samples = await scraped(telemetry)
    assert value(samples, "memdrift_administration_valid") == 0
    assert value(samples, "memdrift_build_info", version="1.2.3") == 1
