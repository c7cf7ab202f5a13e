"""Every shipped query parses and asks only for metrics that exist."""

from __future__ import annotations

import re
import subprocess
import sys

import promql_parser
import pytest

from memdrift.adapters.telemetry import TABLE
from tests.monitoring.queries import DASHBOARDS, MANIFESTS, Shipped, dashboard, of_dashboards, of_rules

SHIPPED = [*of_dashboards(), *of_rules()]
FOREIGN = {"process_resident_memory_bytes"}
LABELS = {row.name: set(row.labels) for row in TABLE}
HISTOGRAMS = {
    f"{row.name}{suffix}" for row in TABLE if row.kind == "histogram" for suffix in ("_bucket", "_sum", "_count")
}
COUNTERS = {row.name for row in TABLE if row.kind == "counter"}


def metrics_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:memdrift|process|go|container)_[a-z0-9_]+\b", expression))


def base_of(name: str) -> str:
    return re.sub(r"_(bucket|sum|count)$", "", name) if name in HISTOGRAMS else name


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.origin)
def test_it_parses_and_names_existing_metrics(shipped: Shipped) -> None:
    promql_parser.parse(shipped.expression)
    assert "$" not in shipped.expression
    found = metrics_in(shipped.expression)
    assert found, "a query without a metric"
    assert found <= LABELS.keys() | HISTOGRAMS | FOREIGN


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.origin)
def test_its_matchers_and_groupings_name_existing_labels(shipped: Shipped) -> None:
    known = {"le", "pod", "namespace", "featurestore"}
    for name in metrics_in(shipped.expression) - FOREIGN:
        known |= LABELS[base_of(name)]
    for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", shipped.expression):
        assert {label.strip() for label in labels.split(",")} <= known
    assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", shipped.expression)) <= known


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.origin)
def test_counters_are_asked_for_their_growth(shipped: Shipped) -> None:
    for name in metrics_in(shipped.expression) & (COUNTERS | HISTOGRAMS):
        assert re.search(rf"\b(?:rate|increase)\({name}\b", shipped.expression), name


def test_every_metric_is_seen_somewhere() -> None:
    shown = {base_of(name) for shipped in SHIPPED for name in metrics_in(shipped.expression)}
    assert LABELS.keys() - shown == set(), "show it in a dashboard, or remove it"


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_are_complete(name: str) -> None:
    document = dashboard(name)
    panels = document["panels"]
    assert len({panel["title"] for panel in panels}) == len(panels)
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    for panel in panels:
        if panel["type"] == "row":
            continue
        references = [target["refId"] for target in panel["targets"]]
        assert references
        assert len(set(references)) == len(references)
        assert panel["datasource"]["uid"] == "${source}"


def test_the_dashboards_are_what_the_builders_make() -> None:
    program = MANIFESTS / "dashboards" / "build.py"
    ran = subprocess.run([sys.executable, program, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
