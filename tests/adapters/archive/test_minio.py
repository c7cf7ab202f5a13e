"""The archive against a real S3 server: conditional writes, encryption, links, listing and deletion."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from urllib.parse import parse_qs, urlsplit

import obstore
import pytest

from memdrift.adapters.archive import ObjectArchive, open_archive, open_configured
from memdrift.api.administration import Archive
from memdrift.errors import ArchiveUnavailable
from tests.adapters.archive.servers import BUCKET, KEY_NAME, Minio, fetched
from tests.cluster import waiting

pytestmark = pytest.mark.servers
KEY = "incidents/market/features-1-0a1b2c3d/profiles/a-heap.pb.gz"
METADATA = {"pod": "a", "Taken-At": "2030-01-02T03:04:05+00:00", "note": "é\nx"}


@pytest.fixture
def url() -> str:
    return f"s3://{BUCKET}/{secrets.token_hex(4)}"


@pytest.fixture
def archive(minio: Minio, url: str) -> ObjectArchive:
    return open_archive(url, minio.options)


async def test_what_is_put_is_read_and_found_with_its_metadata(archive: ObjectArchive, url: str) -> None:
    stored = await archive.put(KEY, b"profile", METADATA)
    assert (stored.uri, stored.existed, stored.sha256) == (
        f"{url}/{KEY}",
        False,
        hashlib.sha256(b"profile").hexdigest(),
    )
    assert await archive.read(stored.uri) == b"profile"
    found = await archive.find(KEY)
    assert found is not None
    assert found[0].sha256 == stored.sha256
    assert {name: found[1][name] for name in ("pod", "taken_at", "sha256", "bytes")} == {
        "pod": "a",
        "taken_at": "2030-01-02T03:04:05+00:00",
        "sha256": stored.sha256,
        "bytes": "7",
    }
    assert await archive.find("incidents/none") is None


async def test_the_same_again_is_a_success_and_other_content_is_not(archive: ObjectArchive) -> None:
    await archive.put(KEY, b"profile", {})
    assert (await archive.put(KEY, b"profile", {})).existed
    with pytest.raises(ArchiveUnavailable, match="ArchiveConflict"):
        await archive.put(KEY, b"forged!", {})
    assert await archive.read(KEY) == b"profile"


async def test_of_many_writers_at_once_one_wins_and_the_others_are_told(archive: ObjectArchive) -> None:
    contents = [f"writer {number}".encode() for number in range(8)]
    outcomes = await asyncio.gather(*(archive.put(KEY, each, {}) for each in contents), return_exceptions=True)
    winners = [each for each in outcomes if not isinstance(each, BaseException)]
    losers = [each for each in outcomes if isinstance(each, ArchiveUnavailable)]
    assert (len(winners), len(losers)) == (1, 7)
    assert {each.reason for each in losers} == {"ArchiveConflict"}
    assert hashlib.sha256(await archive.read(KEY)).hexdigest() == winners[0].sha256


@pytest.mark.parametrize(
    ("encryption", "algorithm"),
    [
        ({"kind": "SseS3"}, "AES256"),
        ({"kind": "SseKms", "kmsKey": KEY_NAME}, "aws:kms"),
        ({"kind": "SseKms"}, "aws:kms"),
    ],
)
async def test_what_is_stored_is_encrypted_as_configured(
    minio: Minio, url: str, encryption: dict[str, str], algorithm: str
) -> None:
    configured = {"name": "s3", "url": url, "options": minio.options, "encryption": encryption, "signedLinkSeconds": 60}
    archive = open_configured(Archive.model_validate(configured))
    content = secrets.token_bytes(4096)
    await archive.put(KEY, content, {})
    assert await archive.read(KEY) == content
    _, headers, _ = await asyncio.to_thread(fetched, await archive.link(KEY))
    assert headers["x-amz-server-side-encryption"] == algorithm
    on_disk = list((minio.folder / "data" / BUCKET / urlsplit(url).path.strip("/")).rglob("*"))
    assert on_disk
    assert not any(content[:64] in path.read_bytes() for path in on_disk if path.is_file())


async def test_a_signed_link_works_without_credentials_and_ends(minio: Minio, url: str) -> None:
    lasting = open_archive(url, minio.options, link_seconds=3600)
    stored = await lasting.put(KEY, b"profile", {})
    link = await lasting.link(stored.uri)
    assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == ["3600"]
    assert minio.options["secret_access_key"] not in link
    assert (await asyncio.to_thread(fetched, link))[::2] == (200, b"profile")
    assert (await asyncio.to_thread(fetched, link.replace("a-heap", "b-heap")))[0] == 403
    short = await open_archive(url, minio.options, link_seconds=1).link(stored.uri)
    await asyncio.to_thread(waiting.until, lambda: fetched(short)[0] == 403, "end of the link", seconds=15)
    assert b"expired" in fetched(short)[2]


async def test_without_a_lifetime_there_is_no_link(archive: ObjectArchive) -> None:
    stored = await archive.put(KEY, b"profile", {})
    assert await archive.link(stored.uri) == ""


async def test_folders_and_objects_are_listed_by_whole_names(archive: ObjectArchive) -> None:
    for name in ("incidents/market/a-1-00000000/x.json", "incidents/market/ab-1-00000000/y.json", "incidents/market/z"):
        await archive.put(name, b"x", {})
    assert await archive.folders("incidents/market") == ("a-1-00000000", "ab-1-00000000")
    assert await archive.folders("incidents/elsewhere") == ()
    assert [row.key for row in await archive.listed("incidents/market/a-1-00000000")] == [
        "incidents/market/a-1-00000000/x.json"
    ]
    assert len(await archive.listed("incidents")) == 3
    assert await archive.listed("baselines") == ()


async def test_what_is_discarded_is_gone_and_again_is_a_success(archive: ObjectArchive) -> None:
    await archive.put(KEY, b"profile", {})
    for _ in range(2):
        await archive.discard(KEY)
    assert await archive.find(KEY) is None
    assert not (await archive.put(KEY, b"another", {})).existed


async def test_wrong_credentials_and_missing_buckets_say_so_without_secrets(minio: Minio, url: str) -> None:
    wrong = open_archive(url, {**minio.options, "secret_access_key": "wrong-secret"})
    with pytest.raises(ArchiveUnavailable, match="does not accept the credentials") as failure:
        await wrong.put(KEY, b"profile", {})
    assert failure.value.reason == "ArchiveForbidden"
    assert "403" in failure.value.message
    assert "wrong-secret" not in failure.value.message
    missing = open_archive("s3://no-such-bucket/x", minio.options)
    with pytest.raises(ArchiveUnavailable):
        await missing.put(KEY, b"profile", {})


async def test_a_large_profile_goes_in_one_conditional_request(archive: ObjectArchive) -> None:
    content = secrets.token_bytes(24 * 2**20)
    stored = await archive.put(KEY, content, {})
    found = await obstore.head_async(archive._place.store, KEY)
    assert (found["size"], stored.bytes) == (len(content), len(content))
    assert "-" not in (found["e_tag"] or "").strip('"')
