"""What the commands need of the cluster, with the rights of the person who runs them.

Exists so that commands are about what they show. Must not use the operator's credentials.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from memdrift.adapters.clock import SystemClock
from memdrift.adapters.connection import Connection, open_connection
from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import FeatureStore
from memdrift.api.wire import GROUP, VERSION
from memdrift.cli.faults import UNDERSTOOD, refusal
from memdrift.errors import MemdriftError

Answer = TypeVar("Answer")
Resource = TypeVar("Resource", FeatureStore, DriftIncident)


class _Document(BaseModel, extra="allow"):
    class Metadata(BaseModel):
        namespace: str = ""
        name: str = ""

    metadata: Metadata = Metadata()


class _Documents(BaseModel):
    items: tuple[dict[str, Any], ...] = ()


class _Review(BaseModel):
    class Status(BaseModel):
        class User(BaseModel):
            username: str = ""

        userInfo: User = User()  # noqa: N815 - the wire's name

    status: Status = Status()


@asynccontextmanager
async def connected() -> AsyncIterator[Connection]:
    """The cluster of KUBECONFIG, else of the home directory's kubeconfig."""
    path = Path(os.environ.get("KUBECONFIG", "").split(os.pathsep)[0] or Path.home() / ".kube" / "config")
    connection = await open_connection(path, SystemClock())
    try:
        yield connection
    finally:
        await connection.close()


def run(work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """Run a command's work; what goes wrong is one line with the remedy, never a stack.

    Raises:
        click.ClickException: with our own words.
    """

    async def within() -> Answer:
        async with connected() as connection:
            return await work(connection)

    try:
        return asyncio.run(within())
    except MemdriftError as error:
        raise refusal(error) from error
    except ValidationError as error:
        raise refusal(error, "an answer of the API server is not what this version understands", UNDERSTOOD) from error


def _one(model: type[Resource], answer: bytes, name: str) -> Resource:
    try:
        return model.model_validate_json(answer)
    except ValidationError as error:
        raise refusal(error, f"{model.__name__} {name}", UNDERSTOOD) from error


def _all(model: type[Resource], answer: bytes) -> tuple[Resource, ...]:
    """The resources of a list; the one that cannot be read is named."""
    found = []
    for document in _Documents.model_validate_json(answer).items:
        try:
            found.append(model.model_validate(document))
        except ValidationError as error:
            metadata = _Document.model_validate(document).metadata
            raise refusal(error, f"{model.__name__} {metadata.namespace}/{metadata.name}", UNDERSTOOD) from error
    return tuple(found)


def _path(namespace: str | None, plural: str, *more: str) -> tuple[str, ...]:
    scope = ("namespaces", namespace) if namespace else ()
    return ("apis", GROUP, VERSION, *scope, plural, *more)


async def stores(connection: Connection, namespace: str | None, name: str | None = None) -> tuple[FeatureStore, ...]:
    """The stores of a namespace (None: of all), or the one of that name."""
    if name is not None:
        answer = await connection.call("GET", _path(namespace, "featurestores", name))
        return (_one(FeatureStore, answer, f"{namespace}/{name}"),)
    return _all(FeatureStore, await connection.call("GET", _path(namespace, "featurestores")))


async def incidents(
    connection: Connection, namespace: str | None, store: str | None = None
) -> tuple[DriftIncident, ...]:
    """The incidents of a namespace (None: of all), or of one store, oldest first."""
    found = _all(DriftIncident, await connection.call("GET", _path(namespace, "driftincidents")))
    wanted = [each for each in found if store is None or each.spec.store_ref.name == store]
    return tuple(sorted(wanted, key=lambda each: (each.metadata.namespace, each.spec.store_ref.name, each.spec.number)))


async def incident(connection: Connection, namespace: str, name: str) -> DriftIncident:
    """One incident."""
    answer = await connection.call("GET", _path(namespace, "driftincidents", name))
    return _one(DriftIncident, answer, f"{namespace}/{name}")


async def patch_incident(connection: Connection, namespace: str, name: str, spec: dict[str, object]) -> None:
    """Change what belongs to people."""
    await connection.call(
        "PATCH",
        _path(namespace, "driftincidents", name),
        query={"fieldManager": "kubectl-memdrift"},
        body={"spec": spec},
        content_type="application/merge-patch+json",
    )


async def who(connection: Connection) -> str:
    """How the API server knows the person who runs the command."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = await connection.call("POST", ("apis", "authentication.k8s.io", "v1", "selfsubjectreviews"), body=body)
    return _Review.model_validate_json(answer).status.userInfo.username or "unknown"
