"""Watch events in, the scheduler woken: the only module that imports kopf.

kopf watches both resources with `on.event` only: no timers, daemons or indexes, which would put finalizers on every
object, so that deleting a store hangs while the operator is down. It runs in a thread and loop of its own, because it
ends every task of its loop when it ends, and a tick must be let finish. Must not read or write anything itself.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import kopf
from pydantic import ValidationError

from memdrift.api.featurestore import FeatureStoreSpec
from memdrift.api.wire import GROUP, VERSION
from memdrift.report.board import Board
from memdrift.scheduler import Scheduler
from memdrift.settings import Settings

STREAM_SECONDS = 60
"""After which the API server ends a stream, and kopf opens the next one where it ended."""
CONNECTIONS = 20
RESOURCES = ("featurestores", "driftincidents")


@dataclass(slots=True)
class Watch:
    """Watches both resources until stopped.

    Attributes:
        heard: called on the event loop of `loop` with the plural of a resource when its stream said something, and when
            it was opened, which happens every minute: a silent stream is a dead one.
        board: told of every change, for the pages.
        failed: set on the event loop when watching ended without having been asked to.
    """

    settings: Settings
    scheduler: Scheduler
    loop: asyncio.AbstractEventLoop
    heard: Callable[[str], None]
    failed: asyncio.Event
    board: Board = field(default_factory=Board)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Start watching in a thread."""
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    async def stop(self, seconds: float) -> None:
        """Ask it to end and wait for it."""
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, seconds)

    def _run(self) -> None:
        try:
            asyncio.run(self._watch())
        finally:
            if not self._stop.is_set():
                self.loop.call_soon_threadsafe(self.failed.set)

    async def _watch(self) -> None:
        namespaces = self.settings.watch_namespaces
        await kopf.operator(
            registry=self._registry(),
            settings=_kopf_settings(),
            clusterwide=not namespaces,
            namespaces=namespaces,
            standalone=True,
            # kopf would ask the password database who it is, and a container's numeric user is not in it
            identity=socket.gethostname(),  # type: ignore[arg-type]  # a NewType of str that kopf keeps private
            stop_flag=self._stop,
        )

    def _registry(self) -> kopf.OperatorRegistry:
        handlers = kopf.OperatorRegistry()

        @kopf.on.login(registry=handlers)
        async def login(**arguments: Any) -> kopf.AiohttpSession | None:  # noqa: ANN401 - kopf passes what it has
            return self._session(**arguments)

        @kopf.on.event(GROUP, VERSION, "featurestores", registry=handlers)
        async def store_event(event: Mapping[str, Any], **_: Any) -> None:  # noqa: ANN401 - kopf passes what it has
            self._tell(self.heard, "featurestores")
            self._tell(self._store, event["type"], event["object"])

        @kopf.on.event(GROUP, VERSION, "driftincidents", registry=handlers)
        async def incident_event(event: Mapping[str, Any], **_: Any) -> None:  # noqa: ANN401 - kopf passes what it has
            self._tell(self.heard, "driftincidents")
            self._tell(self._incident, event["type"], event["object"])

        return handlers

    def _tell(self, what: Callable[..., None], *arguments: object) -> None:
        self.loop.call_soon_threadsafe(what, *arguments)

    def _store(self, kind: str | None, document: Mapping[str, Any]) -> None:
        namespace, name = document["metadata"]["namespace"], document["metadata"]["name"]
        if kind == "DELETED":
            self.scheduler.store_gone(namespace, name)
            self.board.store_gone(namespace, name)
            return
        self.board.store_seen(document)
        try:
            target = FeatureStoreSpec.model_validate(document.get("spec", {})).target_ref
        except ValidationError:
            target = None  # the tick reads the store again and says what is wrong where its owner looks
        self.scheduler.store_seen(namespace, name, target, _version(document))

    def _incident(self, kind: str | None, document: Mapping[str, Any]) -> None:
        store = document.get("spec", {}).get("storeRef", {}).get("name")
        meta = document["metadata"]
        if kind == "DELETED":
            self.board.incident_gone(meta["namespace"], meta["name"])
            if store:
                self.scheduler.incident_gone(meta["namespace"], store, meta["name"])
            return
        self.board.incident_seen(document)
        if store:
            self.scheduler.incident_seen(meta["namespace"], store, meta["name"], _version(document))

    def _session(self, **arguments: Any) -> kopf.AiohttpSession | None:  # noqa: ANN401 - kopf passes what it has
        """A session with few connections, which notices every watch stream that is opened."""
        login = kopf.login_with_kubeconfig if self.settings.kubeconfig else kopf.login_with_service_account
        found = login(**arguments)
        if found is None:
            return None
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=found.as_ssl_context()),
            headers=found.as_http_headers(),
            trace_configs=[opened_streams(lambda resource: self._tell(self.heard, resource))],
        )
        return kopf.AiohttpSession(
            server=found.server, default_namespace=found.default_namespace, aiohttp_session=session
        )


def opened_streams(heard: Callable[[str], None]) -> aiohttp.TraceConfig:
    """Tells of every stream of a resource that the API server opened.

    What comes on a stream is not traced: aiohttp tells only of bodies that are read as a whole.
    """

    async def ended(_session: object, _context: object, request: aiohttp.TraceRequestEndParams) -> None:
        for resource in RESOURCES:
            if request.response.ok and request.url.path.endswith(f"/{resource}"):
                heard(resource)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    return trace


def _version(document: Mapping[str, Any]) -> str:
    """What must change for a look to be worth it: our own status writes come back as events and must not wake us."""
    meta = document["metadata"]
    annotations = sorted((meta.get("annotations") or {}).items())
    return repr((meta.get("uid"), meta.get("generation"), annotations, meta.get("deletionTimestamp")))


def _kopf_settings() -> kopf.OperatorSettings:
    """Bounded pages and times; events and status are ours."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.scanning.disabled = True
    chosen.watching.chunk_size = 500
    chosen.watching.connect_timeout = 10
    chosen.watching.server_timeout = STREAM_SECONDS  # so that a stream on which nothing happens is heard all the same
    chosen.networking.connect_timeout = 10
    chosen.networking.request_timeout = 60
    chosen.peering.standalone = True
    return chosen
