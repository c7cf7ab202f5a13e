"""Webhook payloads as Alertmanager sends them."""

from __future__ import annotations

from typing import Any


def alert(**changes: Any) -> dict[str, Any]:
    """A firing alert about market/market-store."""
    return {
        "status": "firing",
        "labels": {"alertname": "FeatureStoreMemoryRising", "namespace": "market", "featurestore": "market-store"},
        "annotations": {"summary": "memory rises in other-namespace/other-store"},
        "startsAt": "2025-03-01T01:02:03.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": "1a30ba71cca2921f",
    } | changes


def notification(*alerts: Any, **changes: Any) -> dict[str, Any]:
    """A notification of version "4"."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="FeatureStoreMemoryRising"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "memdrift",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
    } | changes


def labelled(namespace: str, store: str, **changes: Any) -> dict[str, Any]:
    """A firing alert about another store."""
    return alert(labels={"alertname": "A", "namespace": namespace, "featurestore": store}, **changes)
