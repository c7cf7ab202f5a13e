"""Values for tests, each valid by itself: a test states only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from memdrift.api.administration import Administration
from memdrift.api.featurestore import FeatureStore
from memdrift.drift.blocks import Bands, Life, LifeBlocks, Window
from memdrift.remedy.target import ContainerLife, Disruption, Pod, Revision, Target

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
NAMESPACE = "market"
STORE = "features"
CONTAINER = "app"
MEBIBYTE = 1024 * 1024
BLOCK_SECONDS = 5
WINDOW_SECONDS = 180


def administration(**changes: object) -> Administration:
    """An administrator who allows everything the tests ask for."""
    document: dict[str, object] = {
        "sources": [{"name": "main", "url": "http://prometheus:9090", "allowedNamespaces": ["*"]}],
        "archives": [{"name": "folder", "url": "file:///archive"}],
        "trackers": [{"name": "log", "kind": "Log", "allowedNamespaces": ["*"]}],
        "defaultCeiling": {
            "mode": "Enforce",
            "minProbationSeconds": 0,
            "minCooldownSeconds": 0,
            "maxPer24Hours": 10,
            "maxPer7Days": 20,
            "whenEvidenceMissing": "Restart",
            "overrides": True,
        },
    }
    return Administration.model_validate(document | changes)


def store(mode: str = "Enforce", **spec: Mapping[str, object]) -> FeatureStore:
    """A store in demonstration time: windows of three minutes, no probation."""
    document = {
        "targetRef": {"kind": "Deployment", "name": "features"},
        "mode": mode,
        "metrics": {
            "source": "main",
            "memory": {"preset": "go"},
            "latency": {"preset": "http-server"},
            "load": [{"preset": "http-server"}],
        },
        "evaluationPeriodSeconds": 5,
        "detection": {"windowSeconds": [WINDOW_SECONDS], "warmUpSeconds": 20, "minGrowth": "4Mi"},
        "remediation": {"probationSeconds": 0, "soakSeconds": 60, "cooldownSeconds": 600},
        "filing": {"tracker": "log"},
    }
    for name, part in spec.items():
        known = document.get(name)
        document[name] = {**known, **part} if isinstance(known, dict) and isinstance(part, dict) else part
    return FeatureStore.model_validate(
        {"metadata": {"name": STORE, "namespace": NAMESPACE, "uid": "store-uid", "generation": 1}, "spec": document}
    )


def pod(number: int, started_at: datetime = START, revision: str = "r2", **changes: object) -> Pod:
    """A ready pod of one container."""
    life = ContainerLife(CONTAINER, "app:2", "sha256:2", started_at, ready=True, memory_limit_bytes=512 * MEBIBYTE)
    made = Pod(
        name=f"features-{number}",
        uid=f"uid-{number}",
        node="node",
        zone="zone-a",
        revision=revision,
        ready=True,
        deleting=False,
        created_at=started_at,
        containers=(life,),
    )
    return replace(made, **changes)


def target(*pods: Pod, **changes: object) -> Target:
    """A Deployment with two revisions, the second one current."""
    made = Target(
        api_version="apps/v1",
        kind="Deployment",
        name="features",
        uid="target-uid",
        generation=2,
        desired_replicas=len(pods),
        ready_replicas=sum(1 for each in pods if each.ready and not each.deleting),
        updated_replicas=len(pods),
        paused=False,
        rolling=False,
        controller="",
        default_container=CONTAINER,
        containers=(CONTAINER,),
        restarted_for="",
        pods=pods,
        revisions=(
            Revision("r1", 1, START - timedelta(hours=1), ((CONTAINER, "app:1"),)),
            Revision("r2", 2, START, ((CONTAINER, "app:2"),)),
        ),
        disruptions=(Disruption("features", 1),),
    )
    return replace(made, **changes)


@dataclass(frozen=True)
class Behaviour:
    """How a pod's memory and latency move with its age."""

    base_mebibytes: float = 20.0
    leak_mebibytes_per_minute: float = 24.0
    latency_base_milliseconds: float = 30.0
    latency_above_mebibytes: float = 60.0
    latency_per_mebibyte: float = 12.0

    def memory(self, age_seconds: np.ndarray) -> np.ndarray:
        """Live heap in bytes."""
        return (self.base_mebibytes + self.leak_mebibytes_per_minute * age_seconds / 60) * MEBIBYTE

    def latency(self, age_seconds: np.ndarray) -> np.ndarray:
        """The quantile in milliseconds: flat, then rising with memory."""
        above = np.maximum(self.memory(age_seconds) / MEBIBYTE - self.latency_above_mebibytes, 0)
        return self.latency_base_milliseconds + self.latency_per_mebibyte * above


LEAKING = Behaviour()
HEALTHY = Behaviour(leak_mebibytes_per_minute=0.0)


def blocks(each: Pod, now: datetime, behaviour: Behaviour, window_seconds: int = WINDOW_SECONDS) -> LifeBlocks:
    """What a sampler would have measured of the pod's only container, with a little noise of its own."""
    end = int(now.timestamp()) // BLOCK_SECONDS * BLOCK_SECONDS
    starts = np.arange(end - window_seconds, end, BLOCK_SECONDS, dtype=np.int64)
    started_at = each.containers[0].started_at
    assert started_at is not None
    ages = starts + BLOCK_SECONDS / 2 - started_at.timestamp()
    seen = starts >= started_at.timestamp()
    generator = np.random.default_rng(abs(hash(each.uid)) % 2**32)
    noise = 1 + 0.01 * generator.standard_normal(starts.size)
    memory = np.where(seen, behaviour.memory(ages) * noise, np.nan)
    latency = np.where(seen, behaviour.latency(ages) * noise, np.nan)
    counts = np.where(seen, float(BLOCK_SECONDS), 0.0)
    heap = Bands(memory * 0.99, memory, memory * 1.01, counts)
    resident = Bands(memory * 1.2, memory * 1.21, memory * 1.22, counts)
    falling = np.where(starts < end - window_seconds / 2, 44.0, 33.0)
    return LifeBlocks(
        life=Life(each.name, each.uid, CONTAINER, started_at.timestamp(), each.revision, each.zone, 512 * MEBIBYTE),
        block_seconds=BLOCK_SECONDS,
        starts=starts,
        live_heap=heap,
        resident=resident,
        working_set=resident,
        load=np.where(seen, falling, np.nan)[None, :],
        latency_milliseconds=latency,
        expected_samples=float(BLOCK_SECONDS),
    )


def window(pods: tuple[Pod, ...], now: datetime, behaviour: Behaviour) -> Window:
    """All pods in one window."""
    end = float(int(now.timestamp()) // BLOCK_SECONDS * BLOCK_SECONDS)
    lives = tuple(blocks(each, now, behaviour) for each in pods)
    return Window(WINDOW_SECONDS, BLOCK_SECONDS, end, lives, ("query",))
