"""Kubernetes events about the objects that memdrift looks after.

Exists so that `kubectl describe` tells the story. An event is a courtesy: it is said once in ten minutes, and its loss
changes nothing. Must not raise.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

from memdrift.errors import Conflict, MemdriftError
from memdrift.ports import Clock, KubernetesCalls, Resource

SILENCE_SECONDS = 600
REMEMBERED_AT_MOST = 4096
CONTROLLER = "memdrift.io/operator"
_NOTE_BYTES = 1024
_NAME_CHARACTERS = 200

logger = logging.getLogger(__name__)


class KubernetesEvents:
    """Implements the port `Events`; `instance` names this process, usually the pod's name."""

    def __init__(self, calls: KubernetesCalls, clock: Clock, instance: str) -> None:
        self._calls = calls
        self._clock = clock
        self._instance = instance[:128] or "memdrift"
        self._said_at: dict[str, float] = {}

    async def publish(self, regarding: Resource, kind: str, reason: str, message: str) -> None:
        """Publish, unless the same was said about the same object within ten minutes."""
        key = _digest(regarding.uid, kind, reason, message)
        if self._clock.monotonic() - self._said_at.get(key, float("-inf")) < SILENCE_SECONDS:
            return
        now = self._clock.now()
        # The period in the name makes the API server refuse what another process of ours has said already.
        name = f"{regarding.name[:_NAME_CHARACTERS]}.{_digest(key, str(int(now.timestamp()) // SILENCE_SECONDS))}"
        try:
            await self._calls.call(
                "POST",
                ("apis", "events.k8s.io", "v1", "namespaces", regarding.namespace, "events"),
                body=self._event(name, regarding, kind, reason, message, now),
            )
        except Conflict:
            pass
        except MemdriftError as error:
            logger.warning("event %s about %s/%s not published: %s", reason, regarding.namespace, regarding.name, error)
            return
        self._remember(key)

    def _event(
        self, name: str, regarding: Resource, kind: str, reason: str, message: str, now: datetime
    ) -> dict[str, object]:
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": regarding.namespace},
            "eventTime": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance,
            "action": "Reconcile",
            "type": kind,
            "reason": reason,
            "note": _shortened(message),
            "regarding": {
                "apiVersion": regarding.api_version,
                "kind": regarding.kind,
                "namespace": regarding.namespace,
                "name": regarding.name,
                "uid": regarding.uid,
            },
        }

    def _remember(self, key: str) -> None:
        self._said_at.pop(key, None)
        self._said_at[key] = self._clock.monotonic()
        while len(self._said_at) > REMEMBERED_AT_MOST:
            del self._said_at[next(iter(self._said_at))]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _shortened(message: str) -> str:
    """The message within the API's bound, which counts bytes."""
    encoded = message.encode()
    if len(encoded) <= _NOTE_BYTES:
        return message
    return encoded[: _NOTE_BYTES - 3].decode("utf-8", "ignore") + "…"
