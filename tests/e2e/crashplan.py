"""Where one operator must die on the way of one incident, as faults of the proxy before the API server.

Exists to make "it died in that stage" and "it died after the act, before the note" certain instead of likely: the
operator is held at the chosen point, unanswered, until it is killed. Must not kill: a test does.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.e2e.proxy import SWITCHING, Call


@dataclass(frozen=True)
class Effect:
    """An act on the world whose note is to be lost.

    Attributes:
        stage: the stage in which it counts; the same request is made in other stages as well.
        made_by: whether a call is the act; None where it does not pass the proxy, see `CrashPlan.happened`.
        unanswered: it dies before it learns that the act took place, instead of with the status write that follows.
    """

    name: str
    stage: str
    made_by: Callable[[Call], bool] | None = None
    unanswered: bool = False


@dataclass
class CrashPlan:
    """Faults: one crash per stage right after it was written, one per effect before a note of it is written.

    Attributes:
        stages, effects: what is still to come.
        stage: of the incident, by the last write that reached the server; "" before the first.
        crashes: what was due, in order.
    """

    stages: list[str]
    effects: list[Effect]
    stage: str = ""
    crashes: list[str] = field(default_factory=list)
    _note_lost_of: str = ""
    _due: queue.Queue[str] = field(default_factory=queue.Queue)

    def due(self, seconds: float) -> str | None:
        """The next moment to kill the operator, which stands still from then on; None where none came in time."""
        try:
            return self._due.get(timeout=seconds)
        except queue.Empty:
            return None

    def happened(self, name: str) -> None:
        """An effect took place that does not pass the proxy."""
        self._arm(each for each in self.effects if each.name == name)

    def lost(self, call: Call) -> bool:
        """The first status write after an effect."""
        if not self._note_lost_of or not _writes_status(call):
            return False
        self._crash(f"after {self._note_lost_of} in {self.stage or 'no stage'}, its note lost")
        self._note_lost_of = ""
        return True

    def withheld(self, call: Call, status: int) -> bool:
        """The answer to the write that entered a stage."""
        if status >= 300 and status != SWITCHING:
            return False
        if self._arm(each for each in self.effects if each.made_by is not None and each.made_by(call)):
            return True
        stage = _stage_written(call)
        if stage == self.stage or not stage:
            return False
        self.stage = stage
        if stage not in self.stages:
            return False
        self.stages.remove(stage)
        self._crash(f"in {stage}")
        return True

    def _arm(self, made: Iterable[Effect]) -> bool:
        """Whether the operator dies at once; otherwise the next status write is lost, if any effect was made."""
        effect = next((each for each in made if each.stage == self.stage), None)
        if effect is None:
            return False
        self.effects.remove(effect)
        if effect.unanswered:
            self._crash(f"after {effect.name} in {self.stage}, unanswered")
        else:
            self._note_lost_of = effect.name
        return effect.unanswered

    def _crash(self, where: str) -> None:
        self.crashes.append(where)
        self._due.put(where)


def _writes_status(call: Call) -> bool:
    return call.method == "PATCH" and call.path.endswith("/status")


def _stage_written(call: Call) -> str:
    if not _writes_status(call) or "/driftincidents/" not in call.path:
        return ""
    return str(call.document.get("status", {}).get("stage", ""))


def eviction(call: Call) -> bool:
    """A pod is evicted."""
    return call.method == "POST" and call.path.endswith("/eviction")


def annotation(call: Call) -> bool:
    """A pod template is changed."""
    return call.method == "PATCH" and "/deployments/" in call.path


def port_forward(call: Call) -> bool:
    """Something was read from a pod."""
    return call.path.endswith("/portforward")


def slot(call: Call) -> bool:
    """The cluster's slot for stopgaps was taken or given back."""
    return call.method in {"POST", "PUT"} and "/leases" in call.path


def opening(call: Call) -> bool:
    """An incident was created."""
    return call.method == "POST" and call.path.endswith("/driftincidents")
