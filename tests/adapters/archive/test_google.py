"""The archive against a small Google Cloud Storage written from the published reference: the promises of the others."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from memdrift.adapters.archive import ObjectArchive, open_archive
from memdrift.errors import ArchiveUnavailable
from tests.adapters.archive.google import BUCKET, Account, GoogleStorage
from tests.adapters.archive.servers import fetched
from tests.adapters.trackers.faults import Faults, faulty, serving

KEY = "incidents/market/features-1-0a1b2c3d/profiles/a-heap.pb.gz"
METADATA = {"pod": "a", "Taken-At": "2030-01-02T03:04:05+00:00", "note": "é\nx"}


def writes(request: web.Request) -> bool:
    return request.method == "PUT"


@dataclass
class Place:
    """A bucket behind a proxy that can lose answers; both have an address."""

    storage: GoogleStorage
    faults: Faults
    url: str

    def archive(self, account: Account | None = None, link_seconds: int = 0) -> ObjectArchive:
        options = (account or self.storage.account).options(self.url)
        return open_archive(f"gs://{BUCKET}/memdrift", options, timeout_seconds=10, link_seconds=link_seconds)


@pytest.fixture(scope="module")
def account() -> Account:
    return Account()


@pytest.fixture
async def place(account: Account) -> AsyncIterator[Place]:
    storage, faults = GoogleStorage(account), Faults(at=writes)
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(serving(storage.answer))
        yield Place(storage, faults, await stack.enter_async_context(faulty(upstream, faults)))


async def test_what_is_put_is_read_and_found_with_its_metadata(place: Place) -> None:
    archive = place.archive()
    stored = await archive.put(KEY, b"profile", METADATA)
    assert (stored.uri, stored.existed, stored.sha256) == (
        f"gs://{BUCKET}/memdrift/{KEY}",
        False,
        hashlib.sha256(b"profile").hexdigest(),
    )
    assert set(place.storage.objects) == {f"memdrift/{KEY}"}
    assert await archive.read(stored.uri) == await archive.read(KEY) == b"profile"
    found = await archive.find(KEY)
    assert found is not None
    assert {name: found[1][name] for name in ("pod", "taken_at", "sha256", "bytes")} == {
        "pod": "a",
        "taken_at": "2030-01-02T03:04:05+00:00",
        "sha256": stored.sha256,
        "bytes": "7",
    }
    assert abs((datetime.fromisoformat(found[1]["stored-at"]) - datetime.now(UTC)).total_seconds()) < 600
    assert await archive.find("incidents/none") is None
    with pytest.raises(ArchiveUnavailable, match="ObjectNotFound"):
        await archive.read("incidents/none")


async def test_a_key_that_is_taken_is_a_success_with_the_same_content_only(place: Place) -> None:
    archive = place.archive()
    first = await archive.put(KEY, b"profile", {})
    generation = place.storage.objects[f"memdrift/{KEY}"].generation
    assert (await archive.put(KEY, b"profile", {})).existed
    with pytest.raises(ArchiveUnavailable, match="ArchiveConflict"):
        await archive.put(KEY, b"forged!", {})
    assert await archive.read(first.uri) == b"profile"
    assert place.storage.objects[f"memdrift/{KEY}"].generation == generation, "nothing was written over it"


async def test_of_many_writers_at_once_one_wins_and_the_others_are_told(place: Place) -> None:
    archive = place.archive()
    contents = [f"writer {number}".encode() for number in range(8)]
    outcomes = await asyncio.gather(*(archive.put(KEY, each, {}) for each in contents), return_exceptions=True)
    winners = [each for each in outcomes if not isinstance(each, BaseException)]
    assert len(winners) == 1
    assert {each.reason for each in outcomes if isinstance(each, ArchiveUnavailable)} == {"ArchiveConflict"}
    assert hashlib.sha256(await archive.read(KEY)).hexdigest() == winners[0].sha256


@pytest.mark.parametrize("fault", ["503 before", "429 before", "500 after", "cut after"])
async def test_what_passes_is_tried_again_and_stored_once(place: Place, fault: str) -> None:
    place.faults.coming = [fault]
    try:
        stored = await place.archive().put(KEY, b"profile", {"pod": "a"})
    except ArchiveUnavailable:
        assert fault == "cut after", "an answer that was lost may be left to the next tick"
        stored = await place.archive().put(KEY, b"profile", {"pod": "a"})
    assert not place.faults.coming
    assert stored.existed == fault.endswith("after")
    assert place.faults.creations >= 2
    assert len(place.storage.objects) == 1
    assert await place.archive().read(KEY) == b"profile"


async def test_a_bucket_that_stays_away_is_told_as_that(place: Place) -> None:
    place.faults.coming = ["503 before"] * 10
    with pytest.raises(ArchiveUnavailable, match="503") as failure:
        await place.archive().put(KEY, b"profile", {})
    assert failure.value.reason == "ArchiveUnavailable"
    assert place.storage.objects == {}


async def test_folders_and_objects_are_listed_by_whole_names_over_many_answers(place: Place) -> None:
    archive = place.archive()
    names = ["incidents/market/a-1-00000000/x.json", "incidents/market/ab-1-00000000/y.json", "incidents/market/z"]
    names += [f"incidents/market/a-1-00000000/{number}" for number in range(5)]
    for name in names:
        await archive.put(name, b"x", {})
    place.storage.page = 2
    assert await archive.folders("incidents/market") == ("a-1-00000000", "ab-1-00000000")
    listed = await archive.listed("incidents")
    assert [row.key for row in listed] == sorted(names)
    assert all(row.bytes == 1 and abs(row.stored_at - datetime.now(UTC).timestamp()) < 600 for row in listed)
    assert await archive.listed("baselines") == await archive.folders("baselines") == ()
    assert place.storage.lists >= 2 + 4 + 2


async def test_what_is_discarded_is_gone_and_again_is_a_success(place: Place) -> None:
    archive = place.archive()
    await archive.put(KEY, b"profile", {})
    for _ in range(2):
        await archive.discard(KEY)
    assert place.storage.objects == {}
    assert not (await archive.put(KEY, b"another", {})).existed


async def test_a_signed_link_works_without_credentials_until_it_ends(place: Place) -> None:
    archive = place.archive(link_seconds=3600)
    stored = await archive.put(KEY, b"profile", {})
    link = await archive.link(stored.uri)
    assert parse_qs(urlsplit(link).query)["X-Goog-Expires"] == ["3600"]
    assert (await asyncio.to_thread(fetched, link))[::2] == (200, b"profile")
    assert (await asyncio.to_thread(fetched, link.replace("a-heap", "b-heap")))[0] == 403
    assert (await asyncio.to_thread(fetched, link.partition("?")[0]))[0] == 401
    short = await place.archive(link_seconds=1).link(stored.uri)
    status = 200
    async with asyncio.timeout(15):
        while status == 200:
            await asyncio.sleep(0.1)
            status, _, answer = await asyncio.to_thread(fetched, short)
    assert (status, b"ExpiredToken" in answer) == (400, True)
    assert await place.archive().link(stored.uri) == ""


async def test_wrong_credentials_say_so_without_secrets(place: Place) -> None:
    stranger = Account()
    with pytest.raises(ArchiveUnavailable, match="does not accept the credentials") as failure:
        await place.archive(stranger).put(KEY, b"profile", {})
    assert failure.value.reason == "ArchiveForbidden"
    assert "401" in failure.value.message
    assert not any(word in failure.value.message for word in ("PRIVATE KEY", "Bearer", "eyJ"))
    assert place.storage.objects == {}


async def test_a_right_that_is_missing_is_told_as_that(place: Place) -> None:
    archive = place.archive()
    await archive.put(KEY, b"profile", {})
    place.storage.forbidden = {"DELETE"}
    with pytest.raises(ArchiveUnavailable, match="lack the right") as failure:
        await archive.discard(KEY)
    assert failure.value.reason == "ArchiveForbidden"
    assert "403" in failure.value.message
    assert len(place.storage.objects) == 1


async def test_a_missing_bucket_is_told(place: Place) -> None:
    missing = open_archive("gs://no-such-bucket/x", place.storage.account.options(place.url), timeout_seconds=5)
    with pytest.raises(ArchiveUnavailable):
        await missing.put(KEY, b"profile", {})


async def test_a_large_profile_goes_in_one_conditional_request(place: Place) -> None:
    content = secrets.token_bytes(12 * 2**20)
    stored = await place.archive().put(KEY, content, {})
    assert (place.faults.creations, stored.bytes) == (1, len(content))
    assert await place.archive().read(KEY) == content
