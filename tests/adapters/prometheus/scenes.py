"""Builders of what the sampler is given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from memdrift.api.administration import Source
from memdrift.api.featurestore import MetricsSpec
from memdrift.ports import BlocksRequest
from memdrift.remedy.target import ContainerLife, Pod, Target
from tests.adapters.prometheus.history import END, HOUR, INTERVAL, SAMPLES, TIMES, A, B

PRESETS: dict[str, Any] = {
    "source": "main",
    "memory": {"preset": "go"},
    "latency": {"preset": "http-server"},
    "load": [{"preset": "http-server"}],
}


class StillClock:
    """A clock that moves only when it is told to, or by `pace` at every look."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pace = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        self.seconds += self.pace
        return self.seconds


def source(url: str, **changes: Any) -> Source:
    fields: dict[str, Any] = {
        "name": "main",
        "url": url,
        "allowed_namespaces": ["shop"],
        "scrape_interval_seconds": INTERVAL,
        "ingestion_delay_seconds": 0,
    }
    return Source(**{**fields, **changes})


def container(started_at: float, name: str = "app", limit: int | None = 512 * 2**20) -> ContainerLife:
    return ContainerLife(
        name=name,
        image="registry.local/store:1",
        image_id="",
        started_at=datetime.fromtimestamp(started_at, UTC),
        ready=True,
        memory_limit_bytes=limit,
        memory_request_bytes=128 * 2**20,
    )


def pod(name: str, *containers: ContainerLife) -> Pod:
    return Pod(
        name=name,
        uid=f"uid-{name}",
        node="n1",
        zone="z1",
        revision="r1",
        ready=True,
        deleting=False,
        created_at=datetime.fromtimestamp(0, UTC),
        containers=containers,
    )


def target(*pods: Pod, kind: str = "Deployment", name: str = "store", default_container: str = "app") -> Target:
    return Target(
        api_version="apps/v1",
        kind=kind,
        name=name,
        uid="w1",
        generation=1,
        desired_replicas=len(pods),
        ready_replicas=len(pods),
        updated_replicas=len(pods),
        paused=False,
        rolling=False,
        controller="",
        default_container=default_container,
        containers=("app",),
        restarted_for="",
        pods=pods,
        revisions=(),
    )


def shop_target() -> Target:
    """The two running pods of the recorded shop; A has run since before the recording."""
    return target(pod(A, container(float(TIMES[0]) - 10_000)), pod(B, container(float(TIMES[HOUR]) - 8)))


def request(
    spec: dict[str, Any] | None = None,
    now: float = END,
    windows: tuple[int, ...] = (SAMPLES * INTERVAL,),
    of: Target | None = None,
) -> BlocksRequest:
    return BlocksRequest(
        namespace="shop",
        store="store",
        target=of or shop_target(),
        metrics=MetricsSpec.model_validate({**PRESETS, **(spec or {})}),
        quantile="0.99",
        objective_milliseconds=200,
        windows_seconds=windows,
        now=datetime.fromtimestamp(now, UTC),
    )
