"""What the probes answer.

Exists so that `/healthz` restarts only a process that cannot recover, and `/readyz` says everything it knows. Must not
measure: the figures come from `report.health`.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from memdrift.report.health import Figure


def alive(dead_watches: Sequence[str]) -> tuple[HTTPStatus, dict[str, object]]:
    """Answering at all proves that the event loop turns; a watch that went silent for good needs a new process."""
    failing = [f"watch_dead_seconds/{resource}" for resource in dead_watches]
    status = HTTPStatus.SERVICE_UNAVAILABLE if failing else HTTPStatus.OK
    return status, {"status": "dead" if failing else "alive", "failing": failing}


def ready(figures: Sequence[Figure]) -> tuple[HTTPStatus, dict[str, object]]:
    """`ready`, `degraded` (something outside fails; still 200) or `unready`, with every figure."""
    failing = [figure for figure in figures if not figure.passed]
    unready = any(figure.gates for figure in failing)
    status = HTTPStatus.SERVICE_UNAVAILABLE if unready else HTTPStatus.OK
    word = "unready" if unready else "degraded" if failing else "ready"
    return status, {
        "status": word,
        "failing": [figure.title for figure in failing],
        "figures": [_document(figure) for figure in figures],
    }


def _document(figure: Figure) -> dict[str, object]:
    told: dict[str, object] = {
        "name": figure.name,
        "subject": figure.subject,
        "value": None if figure.value is None else round(figure.value, 3),
        "threshold": figure.threshold,
        "passed": figure.passed,
        "gates": figure.gates,
    }
    return told | ({"detail": figure.detail} if figure.detail and not figure.passed else {})
