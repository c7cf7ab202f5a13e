"""Takes profiles from one life of one container.

Exists so that nothing is called evidence before it is known whose it is: the pod's UID and the container's start are
read before and after, the administrator's port and path are held again, and the bytes are decoded once. The probe is
the cheapest request there is: `GET {basePath}/heap` without any query, since `gc=1` and `debug=1` stop the world and
`cmdline` shows arguments. Must not store or compare anything.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from pydantic import ValidationError

from memdrift.api.builtin import Pod
from memdrift.api.faults import fault_of
from memdrift.errors import CaptureFailed, ClusterUnavailable, NotAllowed, TargetNotFound
from memdrift.evidence.findings import ProfileKind, Taken
from memdrift.ports import Captured, CaptureRequest, Clock, KubernetesCalls, PodHttp

Allowed = Callable[[], tuple[frozenset[int], frozenset[str]]]
"""The ports and base paths of the administrator's file, as it is now."""

Validate = Callable[[bytes, ProfileKind], Awaitable[None]]
"""Decodes a profile where it can do no harm; raises `CaptureFailed`."""

_GZIP = b"\x1f\x8b"
_BASE_PATH = re.compile(r"(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)+")


class PprofProfiler:
    """Implements the port `Profiler` for Go's net/http/pprof."""

    def __init__(
        self, calls: KubernetesCalls, http: PodHttp, clock: Clock, allowed: Allowed, validate: Validate
    ) -> None:
        self._calls = calls
        self._http = http
        self._clock = clock
        self._allowed = allowed
        self._validate = validate

    async def capture(self, request: CaptureRequest) -> tuple[Captured, ...]:
        """All kinds that can be had, one after the other; see the port.

        Raises:
            NotAllowed: the port or path is not in the administrator's file, or RBAC forbids it.
            ClusterUnavailable: the API server did not answer.
            CaptureFailed: not one profile could be taken; the first reason.
        """
        self._refuse_forbidden(request)
        await self._require_life(request)
        captured: list[Captured] = []
        first_failure: CaptureFailed | None = None
        for kind in request.kinds:
            try:
                captured.append(await self._take(request, kind))
            except CaptureFailed as failure:
                first_failure = first_failure or failure
                if failure.reason == "PodReplaced":
                    break
        if not captured:
            raise first_failure or CaptureFailed("NoSamples", "`spec.capture.profiles` names no profile")
        return tuple(captured)

    async def _take(self, request: CaptureRequest, kind: ProfileKind) -> Captured:
        begun = self._clock.monotonic()
        try:
            content = await self._http.fetch(
                request.namespace,
                request.pod,
                request.port,
                f"{request.base_path}/{kind.value}",
                maximum_bytes=request.maximum_bytes,
                timeout_seconds=request.timeout_seconds,
            )
        except CaptureFailed:
            # A pod that went away meanwhile explains every other failure.
            await self._require_life(request)
            raise
        elapsed = self._clock.monotonic() - begun
        taken_at = self._clock.now().timestamp()
        await self._require_life(request)
        try:
            await self._validate(content, kind)
        except CaptureFailed as failure:
            if content.startswith(_GZIP):
                raise
            raise CaptureFailed(
                "NotPprof",
                f"{request.base_path}/{kind.value} on port {request.port} of pod {request.namespace}/{request.pod} "
                f"answers with something else than a profile ({failure.message}): correct `spec.capture.port` or "
                "`spec.capture.basePath`",
            ) from failure
        taken = Taken(
            pod=request.pod,
            uid=request.uid,
            started_at=request.started_at.timestamp(),
            revision=request.revision,
            kind=kind,
            taken_at=taken_at,
            content=content,
        )
        return Captured(taken=taken, elapsed_seconds=elapsed)

    def _refuse_forbidden(self, request: CaptureRequest) -> None:
        ports, base_paths = self._allowed()
        if request.port not in ports:
            raise NotAllowed(
                "PortNotAllowed",
                f"`spec.capture.port`: {request.port} is not among the administrator's allowed ports {sorted(ports)}",
            )
        if request.base_path not in base_paths or not _BASE_PATH.fullmatch(request.base_path):
            raise NotAllowed(
                "BasePathNotAllowed",
                f"`spec.capture.basePath`: {request.base_path!r} is not among the administrator's allowed paths "
                f"{sorted(base_paths)}",
            )

    async def _require_life(self, request: CaptureRequest) -> None:
        """Raises `CaptureFailed` unless the pod and its container are still the ones that were meant."""
        path = ("api", "v1", "namespaces", request.namespace, "pods", request.pod)
        try:
            pod = Pod.model_validate_json(await self._calls.call("GET", path))
        except TargetNotFound as error:
            raise CaptureFailed("PodReplaced", f"pod {request.namespace}/{request.pod} is gone") from error
        except ValidationError as error:
            raise ClusterUnavailable(
                "AnswerUnreadable", f"pod {request.namespace}/{request.pod}: {fault_of(error)}"
            ) from error
        statuses = [*pod.status.container_statuses, *pod.status.init_container_statuses]
        running = next((held.state.running for held in statuses if held.name == request.container), None)
        if pod.metadata.uid != request.uid or pod.metadata.deletion_timestamp is not None:
            raise CaptureFailed(
                "PodReplaced", f"pod {request.namespace}/{request.pod} is not the one with UID {request.uid} any more"
            )
        if running is None or running.started_at != request.started_at:
            raise CaptureFailed(
                "PodReplaced",
                f"container {request.container} of pod {request.namespace}/{request.pod} is not the one that started "
                f"at {request.started_at.isoformat()} any more",
            )
