"""The whole story once, as the demo plays it and to its end: the operator from its image, real leak, load and fix.

Runs before the other end-to-end tests (by its name), because those set the scene without the operator's image.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.clusters import Cluster
from tests.e2e import demo, filed, gone, reports, summary
from tests.e2e.scene import MARKET, TWIN, Scene
from tests.e2e.timeline import Timeline
from tests.gitea.project import Project
from tests.gitea.server import GiteaServer
from tests.monitoring import queries

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Played:
    """The story up to its closed incident."""

    scene: Scene
    timeline: Timeline
    tickets: Project


@pytest.fixture(scope="module")
def played(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """What the demo plays, once; each test goes on where the one before it ended."""
    folder = tmp_path_factory.mktemp("story")
    archive = folder / "archive"
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o755)  # the operator's user must reach its volume
    with GiteaServer(cluster.beside) as server:
        tickets = filed.tickets_of(server)
        scene = Scene(cluster, archive, tickets=tickets)
        timeline = Timeline(scene)
        summary.archive_here = archive.as_uri()
        try:
            demo.play(scene, timeline)
            yield Played(scene, timeline, tickets)
        finally:
            summary.archive_here = ""
            scene.clear()


def test_the_leak_is_found_proved_filed_relieved_and_the_twin_left_alone(played: Played, tmp_path: Path) -> None:
    scene = played.scene
    with demo.forwarded(scene.cluster, "monitoring", "prometheus", 9090) as prometheus:
        outcome = summary.result(scene, prometheus, played.timeline.verdicts.get(TWIN, []))
        failures = dashboard_failures(prometheus)
    given = {name: reports.told(scene, name, outcome["incident"], tmp_path) for name in ("reader", "stranger")}
    unready = [each for each in scene.listed("pods", namespace="memdrift") if not is_ready(each)]
    assert summary.complaints(outcome) == []
    assert reports.faults_of_reader(given["reader"], [scene.token, played.tickets.token]) == []
    assert reports.faults_of_stranger(given["stranger"]) == []
    assert failures == []
    assert [each["metadata"]["name"] for each in unready] == [], "the operator must hear its watches all the time"


def test_its_ticket_is_told_once_that_the_leak_is_gone(played: Played) -> None:
    scene = played.scene
    incident = gone.play(scene, played.timeline)
    said = gone.remarks(scene, incident)
    assert gone.complaints(scene, incident) == []
    assert gone.tellings(scene) == 1
    gone.forget(scene, incident)
    assert gone.remarks(scene, incident) == said


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
