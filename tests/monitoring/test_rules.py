"""The alert rules in real programs: promtool, amtool, and an Alertmanager that inhibits."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.monitoring.queries import MANIFESTS, rules
from tests.web.programs import Alertmanager, program, running_alertmanager, until

MONITORING = MANIFESTS / "monitoring"


def run(*arguments: str | Path) -> None:
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False, cwd=MONITORING)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.servers
def test_the_rules_behave_as_their_tests_say() -> None:
    run(program("promtool", "prometheus"), "check", "rules", "rules.yaml")
    run(program("promtool", "prometheus"), "test", "rules", "rules_test.yaml")


def test_every_rule_is_tested_both_ways() -> None:
    tests = yaml.safe_load((MONITORING / "rules_test.yaml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    fired = {case["alertname"] for case in cases if case.get("exp_alerts")}
    assert {rule["alert"] for rule in rules()} == fired


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_rule_says_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in {"none", "warning", "critical"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"README.md#{str(rule['alert']).lower()}"


def test_the_resource_of_the_prometheus_operator_has_the_same_rules() -> None:
    run(sys.executable, "build.py", "--check")


@pytest.mark.servers
def test_the_alertmanager_example_is_valid() -> None:
    run(program("amtool", "prometheus-alertmanager"), "check-config", "alertmanager.yaml")


@pytest.mark.servers
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=FeatureStoreMemoryRising memdrift=trigger severity=none featurestore=a", "memdrift,nobody"),
        ("alertname=FeatureStoreLatencyHigh memdrift=trigger severity=warning featurestore=a", "memdrift,people"),
        ("alertname=FeatureStoreMemoryRising memdrift=trigger severity=warning", "people"),
        ("alertname=MemdriftRemediationRunning severity=none featurestore=a", "nobody"),
        ("alertname=MemdriftStoreDrifting severity=warning featurestore=a", "people"),
    ],
)
def test_alerts_go_to_their_receivers(labels: str, receivers: str) -> None:
    amtool = program("amtool", "prometheus-alertmanager")
    arguments = [amtool, "config", "routes", "test", "--config.file=alertmanager.yaml", *labels.split()]
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True, cwd=MONITORING)
    assert ran.stdout.strip() == receivers


@pytest.mark.servers
async def test_latency_alerts_of_a_store_wait_while_it_is_restarted(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("unused")
    configuration = (
        (MONITORING / "alertmanager.yaml").read_text().replace("/etc/alertmanager/memdrift-token", str(token))
    )
    # Nothing may leave this machine: the receiver of the example is a name inside a cluster.
    configuration = re.sub(r"url: http://\S+", "url: http://127.0.0.1:9/alerts", configuration)
    running = {
        "alertname": "MemdriftRemediationRunning",
        "namespace": "market",
        "featurestore": "a",
        "severity": "none",
    }
    latency = {"alertname": "SlowAnswers", "symptom": "latency", "severity": "critical"}
    expected_inhibited = {"name": "same store", "namespace": "market", "featurestore": "a"}
    others = (
        {"name": "another store", "namespace": "market", "featurestore": "b"},
        {"name": "another namespace", "namespace": "shop", "featurestore": "a"},
        {"name": "no store", "namespace": "market"},
    )
    started_at = datetime.now(UTC)
    async with running_alertmanager(tmp_path / "alertmanager", configuration) as alertmanager:
        alerts = [running, *(latency | labels for labels in (expected_inhibited, *others))]
        alerts.append({"alertname": "OutOfMemory", "namespace": "market", "featurestore": "a", "name": "not latency"})
        await alertmanager.fire(*alerts, started_at=started_at)
        await inhibited(alertmanager, {"same store"})


async def inhibited(alertmanager: Alertmanager, expected: set[str]) -> None:
    """Alertmanager marks alerts when it flushes their group, so it is asked until it has."""

    async def marked() -> bool:
        alerts = await alertmanager.alerts()
        found = {alert["labels"].get("name", "") for alert in alerts if alert["status"]["inhibitedBy"]}
        assert found <= expected
        return found == expected

    await until(marked, "the inhibition")
