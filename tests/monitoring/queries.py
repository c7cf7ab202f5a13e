"""Every PromQL expression that memdrift ships, with where it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"
DASHBOARDS = ("fleet.json", "store.json")
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), *\w+\)")
_SAMPLE_VARIABLES = {"$namespace": "market", "$store": "market-store", "$source": "prometheus"}


@dataclass(frozen=True)
class Shipped:
    """One expression, with the dashboard's variables replaced by sample values."""

    origin: str
    expression: str


def dashboard(name: str) -> dict[str, Any]:
    return dict(json.loads((MANIFESTS / "dashboards" / name).read_text()))


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MANIFESTS / "monitoring" / "rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def of_dashboards(variables: dict[str, str] | None = None) -> Iterator[Shipped]:
    """Queries of panels and of variables; `variables` replaces the sample values."""
    chosen = _SAMPLE_VARIABLES | (variables or {})
    for name in DASHBOARDS:
        document = dashboard(name)
        for panel in document["panels"]:
            for target in panel.get("targets", []):
                yield Shipped(f"{name}: {panel['title']}", _filled(target["expr"], chosen))
        for variable in document["templating"]["list"]:
            if found := _LABEL_VALUES.fullmatch(str(variable.get("query"))):
                yield Shipped(f"{name}: variable {variable['name']}", _filled(found["selector"], chosen))


def of_rules() -> Iterator[Shipped]:
    for rule in rules():
        yield Shipped(f"rules.yaml: {rule['alert']}", rule["expr"])


def _filled(expression: str, variables: dict[str, str]) -> str:
    for name, value in variables.items():
        expression = expression.replace(name, value)
    return expression
