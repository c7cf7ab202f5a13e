"""Profiles through the real API server from real pods, and every answer that is not one."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import datetime

import pytest

from memdrift.adapters.analyser import ProcessAnalyser
from memdrift.adapters.clock import SystemClock
from memdrift.adapters.connection import Connection
from memdrift.adapters.portforward import PortForwardHttp
from memdrift.adapters.profiler import PprofProfiler
from memdrift.errors import CaptureFailed, NotAllowed
from memdrift.evidence.findings import ProfileKind
from memdrift.evidence.profile import validate
from memdrift.evidence.stacks import cumulative_by_function, stack_totals
from memdrift.ports import CaptureRequest
from tests.adapters.cluster.place import Place, until

pytestmark = pytest.mark.cluster

PORTS = frozenset({6060, 6061, 6062, 6063})
HOSTILE = (
    "page",
    "gzip-of-nothing",
    "redirect",
    "announced",
    "endless",
    "drip",
    "short",
    "encoded",
    "end",
    "missing",
    "half",
)
BASE_PATHS = frozenset({"/debug/pprof", *(f"/{name}" for name in HOSTILE)})
APP = "profiled"


@pytest.fixture(scope="module")
def profiled(place: Place) -> str:
    place.workload("StatefulSet", APP, replicas=2)
    return APP


@pytest.fixture
async def profiler(connection: Connection) -> PprofProfiler:
    return PprofProfiler(
        connection,
        PortForwardHttp(connection),
        SystemClock(),
        lambda: (PORTS, BASE_PATHS),
        ProcessAnalyser().validate,
    )


def request_for(place: Place, index: int = 0, **changes: object) -> CaptureRequest:
    """A request for the pod as it is now."""
    pod = place.shown("pod", f"{APP}-{index}")
    running = pod["status"]["containerStatuses"][0]["state"]["running"]
    request = CaptureRequest(
        namespace=place.namespace,
        pod=pod["metadata"]["name"],
        uid=pod["metadata"]["uid"],
        container="guest",
        started_at=datetime.fromisoformat(running["startedAt"]),
        revision="a",
        port=6060,
        base_path="/debug/pprof",
        kinds=(ProfileKind.HEAP,),
        maximum_bytes=4 * 2**20,
        timeout_seconds=10.0,
    )
    return replace(request, **changes)


async def test_heap_and_goroutines_of_a_pod_that_listens_on_localhost(
    place: Place, profiled: str, profiler: PprofProfiler, record_property
) -> None:
    request = request_for(place, kinds=(ProfileKind.HEAP, ProfileKind.GOROUTINE))
    heap, goroutine = await profiler.capture(request)
    assert (heap.taken.kind, goroutine.taken.kind) == (ProfileKind.HEAP, ProfileKind.GOROUTINE)
    assert (heap.taken.pod, heap.taken.uid) == (request.pod, request.uid)
    assert heap.taken.started_at == request.started_at.timestamp()
    assert heap.elapsed_seconds > 0
    decoded = validate(heap.taken.content, ProfileKind.HEAP)
    retained = cumulative_by_function(stack_totals(decoded, "inuse_space"))["main.retain"]
    assert 0.5 * 256 * 64 * 1024 < retained < 2 * 256 * 64 * 1024
    record_property("elapsed_seconds", heap.elapsed_seconds)
    record_property("sha256", hashlib.sha256(heap.taken.content).hexdigest())


async def test_captures_in_parallel_do_not_mix(place: Place, profiled: str, profiler: PprofProfiler) -> None:
    requests = [request_for(place, index) for index in (0, 1)]
    results = await asyncio.gather(*(profiler.capture(request) for request in requests))
    assert [taken.taken.uid for (taken,) in results] == [request.uid for request in requests]


@pytest.mark.parametrize(
    ("port", "base_path", "reason"),
    [
        (6063, "/debug/pprof", "PortClosed"),
        (6062, "/debug/pprof", "NotPprof"),
        (6061, "/page", "NotPprof"),
        (6061, "/redirect", "Refused"),
        (6061, "/missing", "Refused"),
        (6061, "/announced", "TooLarge"),
        (6061, "/endless", "TooLarge"),
        (6061, "/short", "NotPprof"),
        (6061, "/encoded", "NotPprof"),
        (6061, "/gzip-of-nothing", "Truncated"),
    ],
)
async def test_what_is_no_profile_is_refused(
    place: Place, profiled: str, profiler: PprofProfiler, port: int, base_path: str, reason: str
) -> None:
    with pytest.raises(CaptureFailed) as failure:
        await profiler.capture(request_for(place, port=port, base_path=base_path))
    assert failure.value.reason == reason
    assert place.namespace in failure.value.message or reason == "Truncated"


async def test_a_body_that_drips_is_cut_off_in_time(place: Place, profiled: str, profiler: PprofProfiler) -> None:
    with pytest.raises(CaptureFailed) as failure:
        await profiler.capture(request_for(place, port=6061, base_path="/drip", timeout_seconds=2.0))
    assert failure.value.reason == "TimedOut"


async def test_one_kind_is_better_than_none(place: Place, profiled: str, profiler: PprofProfiler) -> None:
    request = request_for(place, port=6061, base_path="/half", kinds=(ProfileKind.HEAP, ProfileKind.GOROUTINE))
    (only,) = await profiler.capture(request)
    assert only.taken.kind is ProfileKind.GOROUTINE
    with pytest.raises(CaptureFailed, match="404"):
        await profiler.capture(replace(request, kinds=(ProfileKind.HEAP,)))


async def test_ports_and_paths_are_the_administrators(place: Place, profiled: str, profiler: PprofProfiler) -> None:
    for port, base_path in (
        (8080, "/debug/pprof"),
        (6060, "/admin"),
        (6060, "/debug/pprof/../cmdline"),
        (6060, "/debug/pprof?gc=1&x="),
    ):
        with pytest.raises(NotAllowed, match=r"spec\.capture"):
            await profiler.capture(request_for(place, port=port, base_path=base_path))


async def test_another_life_is_not_profiled(place: Place, profiled: str, profiler: PprofProfiler) -> None:
    stale = request_for(place, uid="00000000-0000-0000-0000-000000000000")
    with pytest.raises(CaptureFailed, match="PodReplaced"):
        await profiler.capture(stale)
    with pytest.raises(CaptureFailed, match="PodReplaced"):
        await profiler.capture(request_for(place, pod="nobody"))
    before = request_for(place, 1)
    place.kubectl("delete", "pod", before.pod, "--wait")
    place.rolled_out("statefulset", APP)
    with pytest.raises(CaptureFailed, match="PodReplaced"):
        await profiler.capture(before)


async def test_a_container_that_ends_meanwhile_is_another_life(
    place: Place, profiled: str, profiler: PprofProfiler
) -> None:
    before = request_for(place, 1, port=6061, base_path="/end")
    with pytest.raises(CaptureFailed) as failure:
        await profiler.capture(before)
    assert failure.value.reason in {"PodReplaced", "NotPprof"}, failure.value
    until(lambda: _started(place) not in {None, before.started_at})
    with pytest.raises(CaptureFailed, match="PodReplaced"):
        await profiler.capture(replace(before, port=6060, base_path="/debug/pprof"))


def _started(place: Place) -> datetime | None:
    state = place.shown("pod", f"{APP}-1")["status"]["containerStatuses"][0]["state"]
    return datetime.fromisoformat(state["running"]["startedAt"]) if "running" in state else None
