"""Days of a small store as OpenMetrics text: pods that came and went, a leak that a deploy brought and another ended.

Exists so that what is asked of the past can be tested against a real Prometheus that has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

INTERVAL = 60
HOUR, DAY = 3600, 86_400
END = 1_700_006_400 - 1_700_006_400 % DAY
MIB = 2.0**20
LIMIT = 400 * MIB
NAMESPACE, STORE = "shop", "basket"
BOUNDS = ("0.05", "0.1", "0.2", "0.4", "0.8", "+Inf")


@dataclass(frozen=True)
class PastPod:
    """One life.

    Attributes:
        first_day, last_day: its span in days from the beginning of the history.
        leak: bytes per hour.
    """

    name: str
    first_day: float
    last_day: float
    leak: float = 0.0
    starts: bool = True


DAYS = 5
HEALTHY = PastPod("basket-5f7c9b4d6-x2k4p", 0.0, 2.0)
LEAKING = PastPod("basket-7d8f9c5b4-z7w9q", 2.0, 4.0, leak=5 * MIB)
RELIEVED = PastPod("basket-5f7c9b4d6-gggg2", 4.0, 5.0)
UNNAMED = PastPod("basket-5f7c9b4d6-ttttt", 0.0, 5.0, starts=False)
PODS = (HEALTHY, LEAKING, RELIEVED, UNNAMED)


def manifest(**spec: object) -> dict[str, object]:
    """The store's resource."""
    return {
        "apiVersion": "memdrift.io/v1alpha1",
        "kind": "FeatureStore",
        "metadata": {"name": STORE, "namespace": NAMESPACE},
        "spec": {
            "targetRef": {"kind": "Deployment", "name": STORE},
            "metrics": {
                "source": "main",
                "memory": {"preset": "go"},
                "latency": {"preset": "http-server"},
                "load": [{"preset": "http-server"}],
            },
            **spec,
        },
    }


def text(pods: tuple[PastPod, ...] = PODS, days: int = DAYS, seed: int = 3) -> str:
    """All series, metric by metric as the format asks."""
    rows: dict[str, list[str]] = {}
    for number, pod in enumerate(pods):
        for metric, labels, times, values in _series(pod, days, np.random.default_rng(seed + number)):
            inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
            lines = rows.setdefault(metric, [f"# TYPE {metric} unknown"])
            lines += [f"{metric}{{{inside}}} {v!r} {t}" for t, v in zip(times.tolist(), values.tolist(), strict=True)]
    return "\n".join([line for lines in rows.values() for line in lines] + ["# EOF", ""])


def _series(
    pod: PastPod, days: int, chance: np.random.Generator
) -> Iterator[tuple[str, dict[str, str], np.ndarray, np.ndarray]]:
    begin = END - days * DAY
    born, gone = begin + pod.first_day * DAY, begin + pod.last_day * DAY
    times = np.arange(-(-int(born + 20) // INTERVAL) * INTERVAL, int(gone) + 1, INTERVAL)
    age = times - born
    day = 2 * np.pi * times / DAY
    load = 40 + 15 * np.sin(day) + chance.normal(0, 1, times.size)
    heap = (80 * MIB + pod.leak * age / HOUR) * (1 + chance.normal(0, 0.02, times.size))
    slow = np.clip((heap / MIB - 120) / 200, 0, 0.5)
    own = {"namespace": NAMESPACE, "pod": pod.name, "container": "app"}
    yield "go_gc_heap_live_bytes", own, times, heap
    yield "process_resident_memory_bytes", own, times, heap * 1.5
    yield "container_memory_working_set_bytes", own, times, heap * 1.6
    if pod.starts:
        yield "process_start_time_seconds", own, times, np.full(times.size, born + 0.25)
        limits = {**own, "resource": "memory", "unit": "byte"}
        yield "kube_pod_container_resource_limits", limits, times, np.full(times.size, LIMIT)
    served = np.cumsum(load) * INTERVAL
    yield "http_request_duration_seconds_count", {**own, "code": "200"}, times, np.floor(served)
    below = {"0.05": 0.90, "0.1": 0.995, "0.2": 0.998, "0.4": 0.9995, "0.8": 1.0, "+Inf": 1.0}
    for bound in BOUNDS:
        share = np.where(float(bound) < 0.4, below[bound] - slow, below[bound])
        counted = np.cumsum(load * np.clip(share, 0, 1)) * INTERVAL
        yield "http_request_duration_seconds_bucket", {**own, "code": "200", "le": bound}, times, counted
