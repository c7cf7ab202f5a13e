"""Writes prometheusrule.yaml: the rules of rules.yaml in the resource of the Prometheus operator.

Exists so that the rules are written once. Run it from anywhere after an edit of rules.yaml; a test compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
_HEADER = "# Generated from rules.yaml by build.py; edit that instead.\n"


def rendered() -> str:
    """The content of prometheusrule.yaml."""
    rules: dict[str, Any] = yaml.safe_load((FOLDER / "rules.yaml").read_text())
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "memdrift", "namespace": "memdrift", "labels": {"app.kubernetes.io/name": "memdrift"}},
        "spec": rules,
    }
    return _HEADER + yaml.dump(resource, Dumper=_WithoutAnchors, sort_keys=False, width=120, allow_unicode=True)


class _WithoutAnchors(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


if __name__ == "__main__":
    (FOLDER / "prometheusrule.yaml").write_text(rendered())
