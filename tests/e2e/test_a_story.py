"""The whole story once, as the demo plays it: the operator from its image, the real leak, the real load.

Runs before the other end-to-end tests (by its name), because those set the scene without the operator's image.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.clusters import Cluster
from tests.e2e import demo, filed, reports, summary
from tests.e2e.scene import MARKET, TWIN, Scene
from tests.e2e.timeline import Timeline
from tests.gitea.server import GiteaServer
from tests.monitoring import queries

pytestmark = pytest.mark.cluster


def test_the_leak_is_found_proved_filed_relieved_and_the_twin_left_alone(cluster: Cluster, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # the operator's user must reach its volume
    with GiteaServer(cluster.beside) as server:
        tickets = filed.tickets_of(server)
        scene = Scene(cluster, archive, tickets=tickets)
        timeline = Timeline(scene)
        try:
            demo.play(scene, timeline)
            with demo.forwarded(cluster, "monitoring", "prometheus", 9090) as prometheus:
                summary.archive_here = archive.as_uri()
                outcome = summary.result(scene, prometheus, timeline.verdicts.get(TWIN, []))
                failures = dashboard_failures(prometheus)
            given = {name: reports.told(scene, name, outcome["incident"], tmp_path) for name in ("reader", "stranger")}
            unready = [each for each in scene.listed("pods", namespace="memdrift") if not is_ready(each)]
        finally:
            summary.archive_here = ""
            scene.clear()
    assert summary.complaints(outcome) == []
    assert reports.faults_of_reader(given["reader"], [scene.token, tickets.token]) == []
    assert reports.faults_of_stranger(given["stranger"]) == []
    assert failures == []
    assert [each["metadata"]["name"] for each in unready] == [], "the operator must hear its watches all the time"


def is_ready(pod: dict[str, Any]) -> bool:
    """Whether its probes answer."""
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def dashboard_failures(prometheus: str) -> list[str]:
    """Queries of the dashboards that the demo's Prometheus refuses, or warns about."""
    failures = []
    for shipped in queries.of_dashboards({"$namespace": MARKET, "$store": MARKET}):
        url = f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": shipped.expression})
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                document = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            failures.append(f"{shipped.origin}: {error.read().decode()[:300]}")
            continue
        if document.get("warnings"):
            failures.append(f"{shipped.origin}: {document['warnings']}")
    return failures
