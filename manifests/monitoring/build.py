"""Writes prometheusrule.yaml, the rules in the resource of the Prometheus operator: `python build.py [--check]`.

Exists so that the rules are written once. Run it after an edit of rules.yaml; a test runs it with `--check`, which
writes nothing and fails where the file is not current.
"""

from __future__ import annotations

import sys
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


def main(arguments: list[str]) -> int:
    """Write or compare; the exit status is 1 where the file is not current."""
    path = FOLDER / "prometheusrule.yaml"
    if "--check" not in arguments:
        path.write_text(rendered())
    elif path.read_text() != rendered():
        sys.stderr.write(f"{path.name} is not what rules.yaml makes: run `python {Path(__file__).name}`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
