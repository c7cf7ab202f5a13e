"""The operator's rights, compared with what it asked for over the whole run: no more, no less, and never refused.

Named to run last. It looks at everything since the first end-to-end test of the run, so that the more of them ran, the
more it sees; those of the stores are enough for every right.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.e2e.audit import Audit, Call
from tests.e2e.scene import ROOT, Scene

Right = tuple[str, str, str]
"""Group, resource with subresource, verb."""

NOT_SEEN: dict[Right, str] = {
    ("", "pods/portforward", "create"): "API servers after 1.34 authorise a port-forward as create",
    ("apps", "statefulsets", "patch"): "a Rollout of a StatefulSet; tests/adapters/cluster/test_workloads.py does it",
    ("apps", "daemonsets", "patch"): "a Rollout of a DaemonSet; tests/adapters/cluster/test_workloads.py does it",
}
"""Granted, and not seen in this run; each with its reason."""

FOR_EVERYBODY = ("/version", "/api", "/apis")
"""The beginnings of paths that every authenticated account may read (system:discovery)."""


def granted() -> set[Right]:
    """The verbs of manifests/operator."""
    rights = set()
    for path in sorted((ROOT / "manifests/operator").glob("role-*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            for rule in document.get("rules", []):
                rights |= _rights_of(rule)
    return rights


def _rights_of(rule: dict[str, Any]) -> set[Right]:
    return {
        (group, resource, verb)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.fixture
def calls(scene: Scene, run_began: int) -> list[Call]:
    """Everything the account asked for in this run."""
    return Audit(scene.cluster.audit_log).calls(since=run_began)


def test_no_right_is_unused_and_none_is_missing(calls: list[Call]) -> None:
    seen = {call.right for call in calls if not call.resource.startswith(FOR_EVERYBODY)}

    assert seen - granted() == set(), "asked for, and not granted"
    assert granted() - seen == set(NOT_SEEN), "granted, and not asked for"


def test_nothing_was_forbidden(calls: list[Call]) -> None:
    assert [(call.uri, call.verb) for call in calls if call.forbidden] == []


def test_the_exceptions_are_granted() -> None:
    assert set(NOT_SEEN) <= granted()


def test_no_rule_has_a_wildcard_or_reads_secrets() -> None:
    for group, resource, verb in granted():
        assert "*" not in {group, resource, verb}
        assert resource not in {"secrets", "pods/exec"}
