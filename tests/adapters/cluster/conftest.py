"""The cluster, a namespace of it, and a connection to it as the adapters' account."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from memdrift.adapters.clock import SystemClock
from memdrift.adapters.connection import Connection, open_connection
from tests.adapters.cluster.place import CRDS, Place, account_with_permissions, guest_image, until
from tests.cluster.clusters import Cluster
from tests.cluster.fixtures import cluster

__all__ = ["cluster"]


@pytest.fixture(scope="session")
def place(cluster: Cluster) -> Iterator[Place]:
    image = guest_image()
    cluster.load_image(image.archive)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--kustomize", str(CRDS))
    until(lambda: cluster.kubectl("api-resources", "--api-group=memdrift.io", "--output=name").count("\n") == 2)
    namespace = f"adapters-{secrets.token_hex(3)}"
    kubeconfig = account_with_permissions(cluster, namespace)
    yield Place(cluster, namespace, image.reference, kubeconfig)
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
async def connection(place: Place) -> AsyncIterator[Connection]:
    opened = await open_connection(place.kubeconfig, SystemClock())
    yield opened
    await opened.close()
