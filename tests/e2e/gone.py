"""The story's last chapter, which the test plays and the demo does not: the leak is fixed, and its ticket is told once.

Exists so that a leak's end is seen on real pods, and read where people read it. Must not ask memdrift what it said: the
comment is the tracker's, the revision the API server's.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tests.e2e import demo, filed
from tests.e2e.scene import HEALTHY_SCHEDULE, MARKET, Scene
from tests.e2e.summary import moment
from tests.e2e.timeline import Timeline
from tests.e2e.waiting import until

FIXED = "async-v0.0.5"
TELLING = "The leak is gone from "
TOLD_SECONDS = 480
AGAIN_SECONDS = 120


def play(scene: Scene, timeline: Timeline) -> dict[str, Any]:
    """From the closed incident to the incident whose ticket was told; under the load of the peak at which it leaked."""
    timeline.say("scene", "Deploying", f"{FIXED} to market-store: the fix")
    scene.change_version(FIXED)
    scene.start_load(HEALTHY_SCHEDULE)
    timeline.say("scene", "Running", f"load {HEALTHY_SCHEDULE} requests/s per pod; the ticket waits for measurements")
    demo.watch(timeline, lambda: told(scene), "a ticket that is told that its leak is gone", TOLD_SECONDS)
    incident = told(scene)[-1]
    timeline.say(incident["metadata"]["name"], "LeakAbsent", remarks(scene, incident)[-1].partition("\n")[0])
    return incident


def told(scene: Scene) -> list[dict[str, Any]]:
    """The incidents that remember that their ticket was told, oldest first."""
    return [each for each in scene.incidents() if "toldTime" in each["status"].get("absence", {})]


def remarks(scene: Scene, incident: dict[str, Any]) -> list[str]:
    """The comments on the incident's ticket that say that the leak is gone."""
    assert scene.tickets is not None
    return [text for text in filed.ticket(scene.tickets, incident)["comments"] if TELLING in text]


def complaints(scene: Scene, incident: dict[str, Any]) -> list[str]:
    """What was promised of the comment and is not so."""
    assert scene.tickets is not None
    absence, said = incident["status"]["absence"], remarks(scene, incident)
    text = said[0] if said else ""
    revision = scene.named("deployment", MARKET)["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
    youngest = max(moment(pod["status"]["startTime"]) for pod in scene.pods())
    asked = scene.store()["spec"]["filing"]["absenceSeconds"]
    earliest = youngest + timedelta(seconds=asked)
    states = [issue["state"] for issue in scene.tickets.issues()]
    expected = [
        (len(said) == 1, f"the ticket was told {len(said)} times: {said}"),
        (f"since revision {revision} (`registry.local/market-store:{FIXED}`)" in text, f"{revision} is not in {text}"),
        (f"{TELLING}`{MARKET}/{MARKET}`, Deployment `{MARKET}`" in text, f"the store is not in {text}"),
        (incident["status"]["loadPerSecond"] in text, f"the load is not in {text}"),
        (moment(absence["toldTime"]) >= earliest, f"told at {absence['toldTime']}, before {earliest}"),
        (states == ["open"], f"the tickets are {states}: closing is for people"),
    ]
    return [sentence for kept, sentence in expected if not kept]


def tellings(scene: Scene) -> int:
    """How often the operator told the tracker, by its log, once it has looked at the store again since."""

    def looks() -> list[bool]:
        lines = scene.kubectl("logs", "-n", "memdrift", "deployment/memdrift", "--tail=-1").splitlines()
        ticks = [json.loads(line) for line in lines if '"message": "tick"' in line]
        ours = [tick for tick in ticks if tick["store"] == MARKET]
        answers = [any(answer["result"] == "LeakAbsent" for answer in tick["filings"]) for tick in ours]
        return answers if True in answers and not answers[-1] else []

    return until(looks, "another look at the store", seconds=AGAIN_SECONDS).count(True)


def forget(scene: Scene, incident: dict[str, Any]) -> None:
    """Lose the note that the ticket was told, as a process does that dies too early; wait until it is told anew."""
    name, lost = incident["metadata"]["name"], [{"op": "remove", "path": "/status/absence/toldTime"}]
    patch = json.dumps(lost)
    scene.kubectl("patch", "driftincident", name, "-n", MARKET, "--subresource=status", "--type=json", "-p", patch)

    def again() -> bool:
        actions = scene.named("driftincident", name)["status"]["actions"]
        return [each["kind"] for each in actions].count("LeakAbsent") == 2

    until(again, "a second telling", seconds=AGAIN_SECONDS)
