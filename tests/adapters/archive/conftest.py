"""A running MinIO for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.archive.servers import Minio


@pytest.fixture(scope="session")
def minio() -> Iterator[Minio]:
    server = Minio()
    try:
        yield server.begin()
    finally:
        server.stop(forget=True)
