"""The demo's live timeline: one line for everything that changed, from the API server's own objects.

Exists so that a person sees the loop turn. Must not interpret: the words are those of conditions and incidents.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text

from tests.e2e.scene import MARKET, TWIN, Scene

STYLES = {
    "Steady": "green",
    "Drifting": "yellow",
    "DriftingWithImpact": "red",
    "Unknown": "dim",
    "Relieved": "bold green",
}


@dataclass
class Timeline:
    """Prints what changed since the last look.

    Attributes:
        verdicts: every verdict that a store had, in order, without repeats.
    """

    scene: Scene
    console: Console = field(default_factory=Console)
    began: float = field(default_factory=time.monotonic)
    verdicts: dict[str, list[str]] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)

    def say(self, who: str, word: str, text: str = "") -> None:
        """One line."""
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        line = Text(f"{minutes:3d}:{seconds:02d}  {who:<18}")
        line.append(f"{word:<20}", style=STYLES.get(word, "bold"))
        line.append(text)
        self.console.print(line, soft_wrap=True)

    def look(self) -> None:
        """Ask the API server and tell what is new."""
        for store in (MARKET, TWIN):
            self._store(store, self.scene.status(store))
        for incident in self.scene.listed("driftincidents"):
            self._incident(incident)

    def _changed(self, what: str, now: str) -> bool:
        before, self._said[what] = self._said.get(what, ""), now
        return now != before

    def _store(self, name: str, status: dict[str, Any]) -> None:
        verdict = status.get("verdict", "")
        if verdict and self._changed(f"{name} verdict", verdict):
            self.verdicts.setdefault(name, []).append(verdict)
            conditions = {each["type"]: each for each in status.get("conditions", [])}
            self.say(name, verdict, conditions.get("Drifting", {}).get("message", ""))
        for baseline in status.get("baselines", []):
            if baseline["kind"] == "heap" and self._changed(f"{name} {baseline['uri']} {baseline.get('healthy')}", "x"):
                words = "judged healthy" if baseline.get("healthy") else "stored"
                image = baseline["images"][0].partition("@")[0]
                self.say(name, "Baseline", f"of revision {baseline['revision'][:12]} {words}: {image}")

    def _incident(self, incident: dict[str, Any]) -> None:
        name, status = incident["metadata"]["name"], incident.get("status", {})
        for profile in status.get("profiles", []):
            if self._changed(f"{name} {profile['uri']}", "x"):
                self.say(name, "Profile", f"{profile['kind']} of {profile['pod']}, {profile['bytes']} bytes, stored")
        findings = status.get("findings", {})
        if findings and self._changed(f"{name} findings", findings["sentence"]):
            self.say(name, "Findings", findings["sentence"])
        if status.get("ticket") and self._changed(f"{name} ticket", "x"):
            filed = status["ticket"]
            self.say(name, "Filed", f"in {filed['tracker']}: {filed.get('url', '')}".rstrip(": "))
        word = status.get("outcome") or status.get("reason") or status.get("stage", "")
        if word and self._changed(f"{name} word", f"{status.get('stage')} {word}"):
            text = status.get("message", "")
            if status.get("outcome"):
                text = status["actions"][-1].get("detail", "")
            elif word == "RestartingFirst":
                text = status["plan"]["sentence"]
            self.say(name, word, text)
