"""`explain --at` and `backtest STORE` on the past of a real Prometheus, without a cluster."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import Result

from tests.adapters.prometheus import longago
from tests.adapters.prometheus.longago import DAY, DAYS, END, HOUR, LEAKING, UNNAMED
from tests.adapters.prometheus_server import PrometheusServer, free_port
from tests.cli.desk import run

pytestmark = pytest.mark.servers
NOWHERE = Path("/nonexistent")
BEGIN = END - DAYS * DAY


def iso(epoch_seconds: float) -> str:
    return f"{datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture(scope="module")
def server() -> Iterator[PrometheusServer]:
    with PrometheusServer(history=longago.text()) as started:
        yield started


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "store.yaml"
    path.write_text(yaml.safe_dump(longago.manifest()))
    return path


def explained(server: PrometheusServer, manifest: Path, at: float, *more: str) -> Result:
    options = ("-f", str(manifest), "-n", "shop", "--prometheus", server.url, "--at", iso(at))
    return run(NOWHERE, "explain", "basket", *options, *more)


def replayed(server: PrometheusServer, manifest: Path, *more: str) -> Result:
    options = ("-f", str(manifest), "-n", "shop", "--prometheus", server.url, "--until", iso(END))
    return run(NOWHERE, "backtest", "basket", *options, *more)


def test_a_leak_of_the_past_is_explained_with_gates_queries_and_chart(server: PrometheusServer, manifest: Path) -> None:
    said = explained(server, manifest, BEGIN + 3.5 * DAY)

    assert said.exit_code == 0, said.output
    for shown in (
        "DriftingWithImpact: ",
        LEAKING.name,
        "latency-objective",
        "6 h",
        "1 d",
        "3 d",
        "▲ onset",
        "a limit is met in",
    ):
        assert shown in said.output, shown
    assert 'quantile_over_time(0.5, go_gc_heap_live_bytes{namespace="shop"' in said.output


def test_a_missed_leak_is_told_by_window_gate_and_pod(server: PrometheusServer, manifest: Path) -> None:
    said = explained(server, manifest, BEGIN + 2 * DAY + 2 * HOUR, "--pod", LEAKING.name)

    assert said.exit_code == 0, said.output
    told = next(line for line in said.output.splitlines() if "Drift was denied" in line)
    assert re.search(rf"in the window of 6 h by .*age: \d+ seconds, 7200 asked \({LEAKING.name}\)", told)
    assert "in the window of 3 d by" in told


def test_another_threshold_changes_what_is_said(server: PrometheusServer, manifest: Path) -> None:
    usual = explained(server, manifest, BEGIN + 2.5 * DAY)
    strict = explained(server, manifest, BEGIN + 2.5 * DAY, "--set", "detection.minGrowth=1Gi")

    assert "Drift was denied" not in usual.output
    assert "material" in next(line for line in strict.output.splitlines() if "Drift was denied" in line)


def test_a_time_without_series_is_one_clear_error(server: PrometheusServer, manifest: Path) -> None:
    said = explained(server, manifest, BEGIN - 30 * DAY)

    assert said.exit_code == 1
    assert said.output.startswith("Error: no pod named `basket-")
    assert said.output.count("\n") == 1


def test_the_past_is_replayed_as_one_finding(server: PrometheusServer, manifest: Path, tmp_path: Path) -> None:
    page = tmp_path / "past.html"
    said = replayed(server, manifest, "--days", "4", "--json", "--html", str(page))

    assert said.exit_code == 0, said.output
    told = json.loads(said.output)
    (finding,) = told["findings"]
    assert finding["pods"] == [LEAKING.name]
    assert finding["ending"] == "PodsEnded"
    assert iso(BEGIN + 2 * DAY) < finding["flagged"] < iso(BEGIN + 2.5 * DAY) < finding["ended"]
    assert finding["impact"] >= finding["flagged"]
    assert finding["restarts"][0]["pods"] == 1
    assert finding["objective_broken_after_seconds"] > finding["objective_broken_before_seconds"]
    assert UNNAMED.name not in finding["sentence"]
    noise = told["noise"]
    assert noise["ended_by_themselves"] == 0
    assert noise["false_findings_per_week_below"] == pytest.approx(2.9957 / noise["healthy_weeks"], rel=1e-3)
    assert noise["judged_share"] > 0.9
    assert told["furthest_mode"] == "Capture"
    assert page.read_text().count("<svg ") == 1


def test_the_words_of_the_terminal(server: PrometheusServer, manifest: Path) -> None:
    said = replayed(server, manifest, "--days", "4")

    assert said.exit_code == 0, said.output
    for shown in ("1 finding lasted", "its pods ended", "▲ flagged", "▲ restart", "false findings per pod-week (95 %)"):
        assert shown in said.output, shown
    when = next(line for line in said.output.splitlines() if "memdrift explain basket --at" in line).split()[-1]
    again = explained(server, manifest, datetime.fromisoformat(when).timestamp())
    assert "Drifting" in again.output, "the moment that is named says the same"


def test_a_threshold_can_be_tried_on_the_whole_past(server: PrometheusServer, manifest: Path) -> None:
    told = json.loads(replayed(server, manifest, "--days", "4", "--json", "--set", "detection.minGrowth=1Gi").output)

    assert told["findings"] == []
    assert told["detection"]["minGrowth"] == "1Gi"


def test_budgets_of_the_spec_bound_the_restarts(server: PrometheusServer, manifest: Path) -> None:
    told = json.loads(
        replayed(server, manifest, "--days", "4", "--json", "--set", "remediation.maxConsecutive=1").output
    )
    none = json.loads(replayed(server, manifest, "--days", "4", "--json", "--set", "remediation.strategy=None").output)

    assert len(told["findings"][0]["restarts"]) == 1
    assert none["findings"][0]["restarts"] == []


def test_a_prometheus_that_does_not_answer_is_one_line(manifest: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for command in (("explain", "basket"), ("backtest", "basket")):
        said = run(NOWHERE, *command, "-f", str(manifest), "-n", "shop", "--prometheus", url)
        assert said.exit_code == 1
        assert said.output.startswith("Error: MetricsUnreachable: ")
        assert said.output.count("\n") == 1


def test_without_a_prometheus_the_way_to_it_is_told(manifest: Path) -> None:
    for command in (("explain", "basket"), ("backtest", "basket")):
        said = run(NOWHERE, *command, "-f", str(manifest), "-n", "shop")
        assert said.exit_code == 1
        assert "kubectl -n monitoring port-forward" in said.output
