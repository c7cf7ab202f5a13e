"""The demo's result, made only from API objects, the archive, the tracker and Prometheus.

Exists so that nothing the demo script believes can end up in the result. Must not read the script's own state, but for
the moment at which the leaking version was rolled out, which the API server knows as the age of its ReplicaSet.
"""

from __future__ import annotations

import hashlib
import json
import urllib.parse
import urllib.request
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.e2e import filed
from tests.e2e.scene import MARKET, Scene

QUERY = (
    'histogram_quantile(0.99, sum by (le) (increase(http_request_duration_seconds_bucket{{namespace="market-store",'
    'featurestore="market-store"}}[{span}])))'
)


def moment(text: str) -> datetime:
    """An RFC 3339 time."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def result(scene: Scene, prometheus: str, verdicts: Sequence[str]) -> dict[str, Any]:
    """`build/demo/result.json`."""
    incident = scene.incidents()[-1]
    status = incident["status"]
    started, closed = moment(status["restartStartedTime"]), moment(status["closedTime"])
    revisions = scene.listed("replicasets", selector=f"app.kubernetes.io/name={MARKET}")
    leaking = [each for each in revisions if "v0.0.3" in json.dumps(each["spec"]["template"])]
    began = min(moment(each["metadata"]["creationTimestamp"]) for each in leaking)
    return {
        "incident": incident["metadata"]["name"],
        "outcome": status["outcome"],
        "detected_after_seconds": round((moment(status["confirmedTime"]) - began).total_seconds()),
        "profiles": [profile(each) for each in status["profiles"]],
        "suspects": [
            {
                "function": each["function"],
                "module": each["module"],
                "version": each["version"],
                "share_percent": each["sharePercent"],
            }
            for each in status["findings"]["suspects"]
        ],
        "module_change": {each["module"]: [each["before"], each["after"]] for each in status["change"]["modules"]},
        "ticket": filed.ticket(scene.tickets, incident) if scene.tickets is not None else {"url": ""},
        "restart_started_at": status["restartStartedTime"],
        "pods_before": [each["uid"] for each in status["podsBefore"]],
        "pods_after": [each["uid"] for each in status["podsAfter"]],
        "p99_before_ms": p99_milliseconds(prometheus, 30, started),
        # What the restart left behind; just after it the old pod still drains and the new one is cold.
        "p99_after_ms": p99_milliseconds(prometheus, 20, closed),
        "control_store_verdicts": list(verdicts),
        "alert_request_token": scene.status().get("lastHandledRequest", ""),
    }


def profile(record: dict[str, Any]) -> dict[str, Any]:
    """One stored profile; its bytes are read from the archive and must be what the incident says."""
    content = Path(urllib.parse.unquote(urllib.parse.urlsplit(_on_this_machine(record["uri"])).path)).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert digest == record["sha256"], f"{record['uri']} is not what the incident recorded"
    return {
        "pod": record["pod"],
        "uid": record["podUID"],
        "kind": record["kind"],
        "sha256": digest,
        "bytes": len(content),
        "taken_at": record["takenTime"],
        "uri": record["uri"],
    }


ARCHIVE_IN_POD = "file:///var/lib/memdrift/archive"
archive_here = ""
"""Where the operator's volume lies on this machine, as a URI; set by the demo."""


def _on_this_machine(uri: str) -> str:
    return uri.replace(ARCHIVE_IN_POD, archive_here) if archive_here else uri


def p99_milliseconds(prometheus: str, span_seconds: int, at: datetime) -> float | None:
    """The 99th percentile of the leaking store over the span that ends then; None without samples."""
    query = QUERY.format(span=f"{span_seconds}s")
    url = f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": query, "time": at.timestamp()})
    with urllib.request.urlopen(url, timeout=10) as answer:
        found = json.loads(answer.read())["data"]["result"]
    return round(float(found[0]["value"][1]) * 1000, 1) if found else None


def complaints(outcome: dict[str, Any]) -> list[str]:
    """What the demo promised and this result does not show; empty where it kept every promise."""
    heaps = [each for each in outcome["profiles"] if each["kind"] == "heap"]
    before = [each for each in heaps if moment(each["taken_at"]) < moment(outcome["restart_started_at"])]
    suspects = outcome["suspects"]
    expected = [
        (outcome["outcome"] == "Relieved", f"the outcome is {outcome['outcome']}"),
        (len(before) >= 2, f"{len(before)} heap profiles were stored before the restart"),
        (bool(suspects) and suspects[0]["module"] == "github.com/grab/async", "the first suspect is another module"),
        (
            outcome["module_change"].get("github.com/grab/async") == ["v0.0.5", "v0.0.3"],
            f"the change is {outcome['module_change']}",
        ),
        (not set(outcome["pods_before"]) & set(outcome["pods_after"]), "some leaking pods were not replaced"),
        ((outcome["p99_before_ms"] or 0) > 200, f"p99 before was {outcome['p99_before_ms']} ms"),
        ((outcome["p99_after_ms"] or 9999) < 200, f"p99 after was {outcome['p99_after_ms']} ms"),
        (
            not {"Drifting", "DriftingWithImpact"} & set(outcome["control_store_verdicts"]),
            f"the healthy twin was {outcome['control_store_verdicts']}",
        ),
        (bool(outcome["alert_request_token"]), "no alert was handled as a request"),
    ]
    return [*(sentence for kept, sentence in expected if not kept), *filed.complaints(outcome["ticket"])]
