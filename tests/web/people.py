"""Somebody with rights, at the ports that the pages use, and a server that shows them a small fleet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from memdrift.adapters.telemetry import Telemetry
from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import FeatureStore
from memdrift.errors import ArchiveUnavailable, MemdriftError
from memdrift.ports import Person, Reviews
from memdrift.report import exhibit as exhibits
from memdrift.report.board import Board
from memdrift.report.health import Health
from memdrift.web import Access, IncidentPages, Pages, WebServer
from memdrift.web.access import AccessLimits
from tests.report.exhibits import whole_incident, whole_view
from tests.web.fakes import START, HandClock, RecordedRequests

EXHIBIT_URI = "file:///archive/exhibit.json"
EXHIBIT = {"uri": EXHIBIT_URI, "sha256": "0" * 64}
BOTH = ("featurestores", "driftincidents")


@dataclass
class RecordedReviews:
    """People by their token; rights as (name, resource, namespace), where the namespace "" is every one."""

    people: dict[str, str] = field(default_factory=dict)
    rights: set[tuple[str, str, str]] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    failure: MemdriftError | None = None
    hangs_for: str = ""
    strangers_wait_for: asyncio.Event | None = None

    def admit(self, token: str, name: str, *namespaces: str, resources: tuple[str, ...] = BOTH) -> None:
        self.people[token] = name
        self.rights |= {(name, resource, namespace) for resource in resources for namespace in namespaces}

    async def identify(self, token: str) -> Person | None:
        self.asked.append(f"token {token}")
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        if self.strangers_wait_for is not None and token not in self.people:
            await self.strangers_wait_for.wait()
        name = self.people.get(token)
        return Person(name, "uid", ("system:authenticated",)) if name else None

    async def allowed(self, person: Person, verb: str, resource: str, namespace: str) -> bool:
        assert verb == "get"
        self.asked.append(f"{person.name} {resource} {namespace}")
        if person.name == self.hangs_for and namespace:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return (person.name, resource, namespace) in self.rights or (person.name, resource, "") in self.rights


@dataclass
class Cluster:
    """What the API server and the archive have; `reads` counts what is asked of them."""

    incidents: dict[tuple[str, str], DriftIncident] = field(default_factory=dict)
    stores: dict[tuple[str, str], FeatureStore] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    reads: int = 0


@dataclass
class ReadIncidents:
    cluster: Cluster

    async def read(self, namespace: str, name: str) -> DriftIncident | None:
        self.cluster.reads += 1
        return self.cluster.incidents.get((namespace, name))


@dataclass
class ReadStores:
    cluster: Cluster

    async def read(self, namespace: str, name: str) -> FeatureStore | None:
        return self.cluster.stores.get((namespace, name))

    async def apply_status(self, namespace: str, name: str, status: object) -> None:
        raise AssertionError("a page writes nothing")


@dataclass
class ReadArchive:
    cluster: Cluster

    async def read(self, key_or_uri: str) -> bytes:
        try:
            return self.cluster.objects[key_or_uri]
        except KeyError:
            raise ArchiveUnavailable("ObjectNotFound", "gone") from None

    async def link(self, key_or_uri: str) -> str:
        return f"https://archive.example/{key_or_uri.rpartition('/')[2]}?signed=1"

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a page does not use {name}")


def store_document(name: str, namespace: str = "market", **status: Any) -> dict[str, Any]:
    """A FeatureStore as a watch tells it."""
    metrics = {
        "source": "main",
        "memory": {"preset": "go"},
        "latency": {"preset": "http-server"},
        "load": [{"preset": "http-server"}],
    }
    return {
        "apiVersion": "memdrift.io/v1alpha1",
        "kind": "FeatureStore",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": "1"},
        "spec": {"targetRef": {"kind": "Deployment", "name": name}, "metrics": metrics},
        "status": status,
    }


def condition(kind: str, status: str, reason: str, message: str) -> dict[str, str]:
    at = START.isoformat()
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": at}


def incident_document(name: str, namespace: str = "market", store: str = "features", **status: Any) -> dict[str, Any]:
    """A DriftIncident as a watch tells it."""
    document: dict[str, Any] = whole_incident(**status).to_wire()
    document["metadata"] = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": "1"}
    document["spec"]["storeRef"]["name"] = store
    return document


def holding(minutes: float, reason: str = "Cooldown") -> dict[str, Any]:
    """An open incident that waits."""
    return {
        "reason": reason,
        "message": "the last restart is too recent",
        "ask_again_time": START + timedelta(minutes=minutes),
        "outcome": None,
        "closed_time": None,
        "stage": "Holding",
    }


def fill(board: Board, stores: Mapping[str, str] | None = None) -> None:
    """A fleet: one store that leaks, some others."""
    ledger = {
        "incident": "features-1", "strategy": "WorstFirst", "pods": 2, "startedTime": START.isoformat(),
        "outcome": "Relieved", "boughtSeconds": 5400,
    }  # fmt: skip
    board.store_seen(
        store_document(
            "features",
            verdict="DriftingWithImpact",
            growthPerHour="120Mi",
            latencyMilliseconds=487,
            secondsToLimit=5400,
            incident="features-2",
            nextEligibleTime=(START + timedelta(minutes=50)).isoformat(),
            ledger=[ledger],
            conditions=[condition("Remediating", "False", "Cooldown", "the last restart is too recent")],
        )
    )
    board.store_seen(
        store_document("profiles", verdict="Steady", conditions=[condition("Ready", "True", "Evaluated", "")])
    )
    board.store_seen(
        store_document(
            "offers",
            namespace="shop",
            verdict="Unknown",
            conditions=[condition("Ready", "False", "TargetNotFound", "there is no Deployment offers")],
        )
    )
    for name, verdict in (stores or {}).items():
        board.store_seen(store_document(name, verdict=verdict))
    board.incident_seen(incident_document("features-2", **holding(50)))
    board.incident_seen(
        incident_document("offers-1", "shop", "offers", stage="Closed", outcome="Relieved", closed_time=START)
    )


@dataclass
class Office:
    """A running server with pages."""

    server: WebServer
    reviews: RecordedReviews
    board: Board
    cluster: Cluster
    clock: HandClock

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def change(self, **status: Any) -> None:
        """The open incident, everywhere, with other parts in its status and a new version."""
        key = ("market", "features-2")
        version = str(int(self.cluster.incidents[key].metadata.resource_version or "0") + 1)
        document = incident_document("features-2", **{"exhibit": EXHIBIT, **holding(50), **status})
        document["metadata"]["resourceVersion"] = version
        self.cluster.incidents[key] = DriftIncident.model_validate(document)
        self.board.incident_seen(document)


@asynccontextmanager
async def office(limits: AccessLimits | None = None, reviews: Reviews | None = None) -> AsyncIterator[Office]:
    """A server; without other reviews `all` may see everything, `market` one namespace, `nobody` nothing."""
    clock, recorded, board, cluster = HandClock(), RecordedReviews(), Board(), Cluster()
    recorded.admit("all", "ada", "")
    recorded.admit("market", "mark", "market")
    recorded.admit("nobody", "nora")
    fill(board)
    view = whole_view()
    incident = whole_incident(exhibit=EXHIBIT, **holding(50))
    cluster.incidents["market", "features-2"] = incident
    assert view.store is not None
    cluster.stores["market", "features"] = view.store
    cluster.objects[EXHIBIT_URI] = exhibits.encode(view.exhibit)
    pages = IncidentPages(ReadIncidents(cluster), ReadStores(cluster), ReadArchive(cluster), clock)
    server = WebServer(
        "127.0.0.1",
        0,
        requests=RecordedRequests(),
        telemetry=Telemetry("0.0.0"),
        health=Health(started_at=clock.monotonic()),
        clock=clock,
        token_file=lambda: None,
        pages=Pages(board, Access(reviews or recorded, clock, limits), pages, clock),
    )
    await server.start()
    try:
        yield Office(server, recorded, board, cluster, clock)
    finally:
        await server.stop()
