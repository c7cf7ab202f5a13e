"""`explain --bundle`: a decision without a cluster, the same numbers, and an exit code that says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memdrift.cli.stored import _varied
from memdrift.drift import judge
from memdrift.drift.policy import DetectionPolicy
from memdrift.report import bundle
from tests import builders
from tests.cli.desk import run
from tests.report.test_bundle import leaking_window

POLICY = DetectionPolicy(minimum_growth_percent=10, minimum_growth_bytes=4 * builders.MEBIBYTE, warm_up_seconds=20)
NOWHERE = Path("/nonexistent")


def decision() -> bytes:
    measured = (leaking_window(),)
    context = {"store": "features", "namespace": "market", "incident": "features-1", "plan": "\x1b[31mhash"}
    return bundle.encode(measured, judge.judge(measured, POLICY), context, POLICY)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "decision.json"
    path.write_bytes(decision())
    return path


def test_every_gate_and_a_chart_are_shown_and_equal(stored: Path) -> None:
    said = run(NOWHERE, "explain", "--bundle", str(stored))

    assert said.exit_code == 0, said.output
    assert "Recomputed: every verdict, gate and figure is equal to what was stored." in said.output
    document = json.loads(stored.read_bytes())
    for gate in document["verdicts"][0]["pods"][0]["gates"]:
        assert gate["name"] in said.output
        assert gate["sentence"] in said.output
    for shown in ("features-1", "minimum_growth_percent 10", "▲ onset", "live heap", "latency", "query", "\u28c0"):
        assert shown in said.output, shown
    assert "\x1b" not in said.output


def test_a_figure_that_is_not_what_was_measured_is_found(stored: Path) -> None:
    document = json.loads(stored.read_bytes())
    document["verdicts"][0]["pods"][0]["growth_percent"] = 7.0
    stored.write_text(json.dumps(document))

    said = run(NOWHERE, "explain", "--bundle", str(stored))

    assert said.exit_code == 1
    assert "1 figures differ" in said.output
    assert "growth_percent" in said.output


def test_another_threshold_is_tried_without_being_called_a_difference(stored: Path) -> None:
    said = run(NOWHERE, "explain", "--bundle", str(stored), "--set", "detection.minGrowthPercent=900")

    assert said.exit_code == 0, said.output
    assert "Steady" in said.output
    assert "what was decided then was:" in said.output
    assert "DriftingWithImpact" in said.output


def test_a_bundle_without_policy_says_that_defaults_were_used(stored: Path) -> None:
    document = json.loads(stored.read_bytes())
    document["policy"] = None
    stored.write_text(json.dumps(document))

    said = run(NOWHERE, "explain", "--bundle", str(stored))

    assert said.exit_code == 1
    assert "holds no policy" in said.output


def test_the_pod_can_be_chosen(stored: Path) -> None:
    said = run(NOWHERE, "explain", "--bundle", str(stored), "--pod", "features-2")
    unknown = run(NOWHERE, "explain", "--bundle", str(stored), "--pod", "nobody")

    assert "\nfeatures-2 app, window of 180 s" in said.output
    assert unknown.exit_code == 1
    assert "there are: features-1, features-2" in unknown.output


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"not json", b"\xff", b'{"version": 1, "windows": []}', b"[" * 100_000]
)
def test_what_is_no_bundle_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)

    said = run(NOWHERE, "explain", "--bundle", str(path))

    assert said.exit_code == 1
    assert said.output.startswith(f"Error: {path}")
    assert said.output.count("\n") == 1


def test_explain_asks_for_a_store_or_a_bundle() -> None:
    said = run(NOWHERE, "explain")

    assert said.exit_code == 2
    assert "name the STORE" in said.output


def test_another_threshold_leaves_the_stored_ones_alone(tmp_path: Path) -> None:
    """The stored span of settling stands in no field of a spec; a change of another field must not reset it."""
    path = tmp_path / "decision.json"
    stored = json.loads(decision())
    stored["policy"]["settling_seconds"] = 4321.0
    path.write_text(json.dumps(stored))

    found = _varied(DetectionPolicy(settling_seconds=4321.0), ["detection.minGrowthPercent=5"])

    assert (found.settling_seconds, found.minimum_growth_percent) == (4321.0, 5)
    assert run(NOWHERE, "explain", "--bundle", str(path), "--set", "detection.minGrowthPercent=5").exit_code == 0


def test_a_page_in_a_folder_that_does_not_exist_is_refused_before_anything_is_asked() -> None:
    said = run(NOWHERE, "backtest", "features", "--html", "/nonexistent/page.html")

    assert said.exit_code == 2
    assert "--html" in said.output
    assert "does not exist" in said.output
