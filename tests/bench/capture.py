"""Taking a profile through the API server's port-forward, against what a person would do, and what it costs the pod.

`capture`: our capture of a heap profile of about 1 MB, a `curl` inside the pod's network (wanted: at most 1.2 times its
time), and `kubectl port-forward` with `curl` (wanted: faster); they take turns. Ours is what `memdrift_capture_seconds`
is: from the first byte sent to the last one read. `capture_effect` (and `capture_effect_of_a_megabyte`): p99 of the
service in rounds of half a minute (hardly anybody computes a p99 over less) with and without a capture, the order by
chance (wanted: the 95 % interval of the median ratio below 1.10); beside it, what the requests met that were due while
a capture ran, which no percentile of a minute shows. It says something on a quiet machine only: beside other work the
interval is as wide as that work is uneven.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from memdrift.adapters.clock import SystemClock
from memdrift.adapters.connection import Connection, open_connection
from memdrift.adapters.portforward import PortForwardHttp
from memdrift.adapters.profiler import PprofProfiler
from memdrift.evidence.findings import ProfileKind
from memdrift.ports import CaptureRequest
from tests.bench import capture_target
from tests.bench.capture_target import Target
from tests.cluster.clusters import Cluster, chosen_cluster

PORT, BASE_PATH = 6060, "/debug/pprof"
STACKS_FOR_A_MEGABYTE = 130_000
TURNS = 15
ROUNDS, REQUESTS_PER_SECOND, ROUND_SECONDS = 20, 40.0, 30.0
RESAMPLES = 20_000


def run() -> dict[str, object]:
    """The three ways to the same profile."""
    cluster = chosen_cluster()
    with cluster.in_use(), capture_target.running(cluster, STACKS_FOR_A_MEGABYTE) as target:
        return asyncio.run(_race(cluster, target))


def effect() -> dict[str, object]:
    """What a capture costs Market-Store as it is."""
    return _effect_with(0)


def effect_of_a_megabyte() -> dict[str, object]:
    """What it costs where the profile is large, and writing it takes the pod's processor for a second."""
    return _effect_with(STACKS_FOR_A_MEGABYTE)


def _effect_with(stacks: int) -> dict[str, object]:
    cluster = chosen_cluster()
    with cluster.in_use(), capture_target.running(cluster, stacks) as target:
        return {"wanted_upper": 1.10, **asyncio.run(_effect(cluster, target))}


async def _race(cluster: Cluster, target: Target) -> dict[str, object]:
    connection = await open_connection(cluster.kubeconfig, SystemClock())
    taken: dict[str, list[float]] = {"ours": [], "ours_whole": [], "curl": [], "curl_process": [], "kubectl": []}
    try:
        profiler = _profiler(connection)
        size = len((await profiler.capture(_request(target)))[0].taken.content)
        for _ in range(TURNS):
            begun = time.perf_counter()
            captured = (await profiler.capture(_request(target)))[0]
            taken["ours_whole"].append(time.perf_counter() - begun)
            taken["ours"].append(captured.elapsed_seconds)
            inside, process = await asyncio.to_thread(_curl_inside, target)
            taken["curl"].append(inside)
            taken["curl_process"].append(process)
            taken["kubectl"].append(await asyncio.to_thread(_kubectl_and_curl, cluster, target))
    finally:
        await connection.close()
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    return {
        "profile_bytes": size,
        "turns": TURNS,
        "median_seconds": medians,
        "quartile_seconds": {name: statistics.quantiles(seconds, n=4) for name, seconds in taken.items()},
        "ours": medians["ours"],
        "peer": medians["curl"],
        "ratio": medians["ours"] / medians["curl"],
        "wanted_ratio": 1.2,
        "faster_than_kubectl": medians["kubectl"] / medians["ours"],
        "compared": "median seconds for one heap profile: ours through the port-forward, curl inside the pod's network",
        "load_average": os.getloadavg(),
    }


async def _effect(cluster: Cluster, target: Target) -> dict[str, object]:
    connection = await open_connection(cluster.kubeconfig, SystemClock())
    chance, rounds = random.Random(1), []
    try:
        profiler = _profiler(connection)
        await _load(target, 3.0)
        for _ in range(ROUNDS):
            of_both = {}
            for captures in chance.sample([True, False], 2):
                moment = ROUND_SECONDS * chance.uniform(0.2, 0.6)
                of_both[captures] = await _round(target, profiler, moment if captures else None)
            rounds.append((of_both[True], of_both[False]))
    finally:
        await connection.close()
    p99s = [tuple(float(np.percentile(each.latencies, 99)) for each in pair) for pair in rounds]
    ratios = [with_capture / without for with_capture, without in p99s]
    low, high = _interval_of_median(ratios)
    meanwhile = np.concatenate([with_capture.meanwhile for with_capture, _ in rounds])
    others = np.concatenate([without.latencies for _, without in rounds])
    return {
        "rounds": ROUNDS,
        "requests_per_round": int(ROUND_SECONDS * REQUESTS_PER_SECOND),
        "largest_profile_bytes": max(with_capture.largest_bytes for with_capture, _ in rounds),
        "p99_milliseconds_with": 1000 * statistics.median(with_capture for with_capture, _ in p99s),
        "p99_milliseconds_without": 1000 * statistics.median(without for _, without in p99s),
        "ratio": statistics.median(ratios),
        "ratio_interval_95": [low, high],
        "while_captured": {
            "requests": len(meanwhile),
            "p50_milliseconds": 1000 * float(np.median(meanwhile)),
            "worst_milliseconds": 1000 * float(meanwhile.max()),
            "p50_milliseconds_otherwise": 1000 * float(np.median(others)),
        },
        "load_average": os.getloadavg(),
    }


@dataclass(frozen=True)
class Round:
    """What the requests met: all of them, and those that were due while a capture ran; in seconds."""

    latencies: Sequence[float]
    meanwhile: Sequence[float]
    largest_bytes: int


async def _round(target: Target, profiler: PprofProfiler, moment_seconds: float | None) -> Round:
    """Half a minute of load, with a capture at the moment unless there is none."""
    load = asyncio.create_task(_load(target, ROUND_SECONDS))
    if moment_seconds is None:
        return Round((await load)[1], (), 0)
    await asyncio.sleep(moment_seconds)
    begun = time.time()
    captured = await profiler.capture(_request(target, both=True))
    ended = time.time()
    first_due, latencies = await load
    first, last = (max(int((at - first_due) * REQUESTS_PER_SECOND), 0) for at in (begun, ended))
    return Round(latencies, latencies[first : last + 1], max(len(each.taken.content) for each in captured))


def _interval_of_median(ratios: Sequence[float]) -> tuple[float, float]:
    """By resampling the rounds."""
    values = np.asarray(ratios)
    drawn = np.random.default_rng(1).choice(values, (RESAMPLES, values.size))
    low, high = np.percentile(np.median(drawn, axis=1), (2.5, 97.5))
    return float(low), float(high)


async def _load(target: Target, seconds: float) -> tuple[float, list[float]]:
    """When the first request was due, and all latencies in the order in which they were due."""
    url = f"http://{target.address}:8080/features"
    command = [sys.executable, "-m", "tests.bench.capture_load", url, str(REQUESTS_PER_SECOND), str(seconds)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    printed, _ = await process.communicate()
    found: dict[str, Any] = json.loads(printed)
    return found["first_due"], found["latencies_seconds"]


def _profiler(connection: Connection) -> PprofProfiler:
    async def trusted(content: bytes, kind: ProfileKind) -> None:
        """Decoding is not what is measured here, and runs in a process of its own."""

    def allowed() -> tuple[frozenset[int], frozenset[str]]:
        return frozenset({PORT}), frozenset({BASE_PATH})

    return PprofProfiler(connection, PortForwardHttp(connection), SystemClock(), allowed, trusted)


def _request(target: Target, *, both: bool = False) -> CaptureRequest:
    return CaptureRequest(
        namespace=target.namespace,
        pod=target.pod,
        uid=target.uid,
        container=capture_target.NAME,
        started_at=target.started_at,
        revision="",
        port=PORT,
        base_path=BASE_PATH,
        kinds=(ProfileKind.HEAP, ProfileKind.GOROUTINE) if both else (ProfileKind.HEAP,),
        maximum_bytes=64 * 2**20,
        timeout_seconds=30.0,
    )


def _curl_inside(target: Target) -> tuple[float, float]:
    """Seconds as curl measures them, and of its whole process."""
    with tempfile.NamedTemporaryFile() as file:
        begun = time.perf_counter()
        printed = subprocess.run(
            ["nsenter", "--target", str(target.process), "--net", *_curl(PORT, file.name)],
            check=True, capture_output=True, text=True, timeout=60,
        ).stdout  # fmt: skip
        return float(printed), time.perf_counter() - begun


def _kubectl_and_curl(cluster: Cluster, target: Target) -> float:
    """Seconds from starting kubectl to having the profile."""
    command = ["kubectl", "--kubeconfig", str(cluster.kubeconfig), "-n", target.namespace]
    begun = time.perf_counter()
    forward = subprocess.Popen(
        [*command, "port-forward", target.pod, f":{PORT}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert forward.stdout is not None
        line = forward.stdout.readline()
        local = int(line.split(" -> ", maxsplit=1)[0].rsplit(":", 1)[1])
        with tempfile.NamedTemporaryFile() as file:
            subprocess.run(_curl(local, file.name), check=True, capture_output=True, timeout=60)
            assert Path(file.name).stat().st_size
        return time.perf_counter() - begun
    finally:
        forward.terminate()
        forward.wait(20)


def _curl(port: int, path: str) -> list[str]:
    address = f"http://localhost:{port}{BASE_PATH}/heap"
    return ["curl", "--silent", "--fail", "--output", path, "--write-out", "%{time_total}", "--noproxy", "*", address]
