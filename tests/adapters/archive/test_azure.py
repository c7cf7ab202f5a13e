"""The archive against the emulator of Azure Blob Storage: the same promises as with S3."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from memdrift.adapters.archive import ObjectArchive, open_archive
from memdrift.errors import ArchiveUnavailable
from tests.adapters.archive.servers import BUCKET, Azurite, fetched

pytestmark = pytest.mark.servers
KEY = "incidents/market/features-1-0a1b2c3d/profiles/a-heap.pb.gz"


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    server = Azurite()
    try:
        yield server.begin_with_container()
    finally:
        server.stop(forget=True)


@pytest.fixture
def archive(azurite: Azurite) -> ObjectArchive:
    return open_archive(f"az://{BUCKET}/{secrets.token_hex(4)}", azurite.options)


async def test_what_is_put_is_read_and_found(archive: ObjectArchive) -> None:
    stored = await archive.put(KEY, b"profile", {"pod": "a"})
    assert (stored.existed, stored.sha256) == (False, hashlib.sha256(b"profile").hexdigest())
    assert await archive.read(stored.uri) == b"profile"
    found = await archive.find(KEY)
    assert found is not None
    assert found[1]["pod"] == "a"
    assert abs((datetime.fromisoformat(found[1]["stored-at"]) - datetime.now(UTC)).total_seconds()) < 600


async def test_the_same_again_is_a_success_and_other_content_is_not(archive: ObjectArchive) -> None:
    await archive.put(KEY, b"profile", {})
    assert (await archive.put(KEY, b"profile", {})).existed
    with pytest.raises(ArchiveUnavailable, match="ArchiveConflict"):
        await archive.put(KEY, b"forged!", {})
    assert await archive.read(KEY) == b"profile"


async def test_listing_and_discarding(archive: ObjectArchive) -> None:
    await archive.put(KEY, b"profile", {})
    assert await archive.folders("incidents/market") == ("features-1-0a1b2c3d",)
    assert [row.key for row in await archive.listed("incidents")] == [KEY]
    for _ in range(2):
        await archive.discard(KEY)
    assert await archive.listed("incidents") == ()


async def test_azure_signs_links(azurite: Azurite) -> None:
    archive = open_archive(f"az://{BUCKET}/{secrets.token_hex(4)}", azurite.options, link_seconds=600)
    stored = await archive.put(KEY, b"profile", {})
    assert (await asyncio.to_thread(fetched, await archive.link(stored.uri)))[::2] == (200, b"profile")
