"""The archive in a folder, and the errors that all archives share."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from memdrift.adapters.archive import ObjectArchive, open_archive
from memdrift.errors import ArchiveUnavailable, ConfigurationInvalid

KEY = "shops/market-store/1/pod-a.uid-1/heap.pb.gz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "not there yet" / "evidence"


@pytest.fixture
def archive(folder: Path) -> ObjectArchive:
    return open_archive(folder.as_uri())


def written(folder: Path) -> dict[str, str]:
    """The metadata beside the object."""
    return json.loads((folder / (KEY + ".meta.json")).read_text())


def staged(folder: Path) -> list[str]:
    """What is left half-way."""
    return sorted(path.name for path in (folder / ".staged").iterdir())


async def test_what_is_put_can_be_read_by_key_and_by_uri(archive: ObjectArchive, folder: Path) -> None:
    stored = await archive.put(KEY, b"profile", {"pod": "a", "Taken-At": "2030-01-02T03:04:05Z", "note": "é\nx"})
    assert (stored.key, stored.bytes, stored.existed) == (KEY, 7, False)
    assert stored.sha256 == hashlib.sha256(b"profile").hexdigest()
    assert stored.uri == f"{folder.as_uri()}/{KEY}"
    assert await archive.read(KEY) == await archive.read(stored.uri) == b"profile"
    assert written(folder) == {
        "pod": "a",
        "taken_at": "2030-01-02T03:04:05Z",
        "note": "\\xe9 x",
        "sha256": stored.sha256,
        "bytes": "7",
    }
    assert staged(folder) == []


def test_the_folder_is_its_owners_only(archive: ObjectArchive, folder: Path) -> None:
    assert folder.stat().st_mode & 0o077 == 0


async def test_the_same_again_is_a_success_and_other_content_is_not(archive: ObjectArchive, folder: Path) -> None:
    first = await archive.put(KEY, b"profile", {})
    again = await archive.put(KEY, b"profile", {"another": "word"})
    assert (first.existed, again.existed) == (False, True)
    assert (again.uri, again.sha256) == (first.uri, first.sha256)
    with pytest.raises(ArchiveUnavailable, match="ArchiveConflict"):
        await archive.put(KEY, b"forged!", {})
    assert await archive.read(KEY) == b"profile"
    assert staged(folder) == []


async def test_a_crash_before_the_metadata_is_made_good_by_the_repeat(archive: ObjectArchive, folder: Path) -> None:
    await archive.put(KEY, b"profile", {"pod": "a"})
    (folder / (KEY + ".meta.json")).unlink()
    assert (await archive.put(KEY, b"profile", {"pod": "a"})).existed
    assert written(folder)["pod"] == "a"


async def test_a_crash_while_staging_leaves_nothing_under_the_key(archive: ObjectArchive, folder: Path) -> None:
    half = folder / ".staged" / hashlib.sha256(KEY.encode()).hexdigest()
    half.parent.mkdir()
    half.write_bytes(b"prof")
    with pytest.raises(ArchiveUnavailable, match="ObjectNotFound"):
        await archive.read(KEY)
    assert not (await archive.put(KEY, b"profile", {})).existed
    assert await archive.read(KEY) == b"profile"


async def test_many_at_once(archive: ObjectArchive) -> None:
    keys = [f"shops/store/{number}.pb.gz" for number in range(20)]
    contents = [bytes([number]) * 100_000 for number in range(20)]
    await asyncio.gather(*(archive.put(key, content, {}) for key, content in zip(keys, contents, strict=True)))
    assert [await archive.read(key) for key in keys] == contents


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../up", "a/../../up", "a/./b", "a//b", "a/", ".staged/x", "a b", "a\0b", "ä", "x" * 1000,
     "a.meta.json", "a%2e%2e/b", "a\\b", ".hidden"],
)  # fmt: skip
async def test_keys_that_could_lead_elsewhere_are_refused(archive: ObjectArchive, key: str) -> None:
    with pytest.raises(ArchiveUnavailable, match="KeyInvalid"):
        await archive.put(key, b"x", {})
    with pytest.raises(ArchiveUnavailable, match="KeyInvalid"):
        await archive.read(key)


async def test_uris_of_other_places_are_not_read(archive: ObjectArchive, folder: Path) -> None:
    for uri in ("file:///etc/passwd", "s3://bucket/key", "http://169.254.169.254/latest"):
        with pytest.raises(ArchiveUnavailable, match="ObjectNotFound"):
            await archive.read(uri)
    with pytest.raises(ArchiveUnavailable, match="KeyInvalid"):
        await archive.read(f"{folder.as_uri()}/../../etc/passwd")


async def test_a_folder_that_cannot_be_written_says_so(archive: ObjectArchive, folder: Path) -> None:
    await archive.put("a/b", b"x", {})
    with pytest.raises(ArchiveUnavailable) as failure:
        await archive.put("a/b/c", b"x", {})
    assert "a/b/c" in failure.value.message
    assert "\n" not in failure.value.message


@pytest.mark.parametrize("url", ["http://somewhere/x", "/var/lib/evidence", "s3:///", "file:///proc/nothing/here"])
def test_a_url_without_meaning_is_a_mistake_of_the_administrator(url: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"archives\[\]\.url"):
        open_archive(url)


async def test_a_bucket_that_does_not_answer_is_unavailable_in_time() -> None:
    archive = open_archive(
        "s3://bucket/evidence",
        {"endpoint": "http://127.0.0.1:9", "region": "us-east-1", "skip_signature": "true"},
        timeout_seconds=2.0,
    )
    with pytest.raises(ArchiveUnavailable) as failure:
        await archive.put(KEY, b"profile", {})
    assert failure.value.reason in {"ArchiveUnavailable", "ArchiveTimedOut"}


async def test_folders_and_objects_are_listed_without_what_lies_beside_them(archive: ObjectArchive) -> None:
    for name in ("incidents/market/a-1-00000000/x.json", "incidents/market/ab-1-00000000/y.json"):
        await archive.put(name, b"x", {"pod": "a"})
    assert await archive.folders("incidents/market") == ("a-1-00000000", "ab-1-00000000")
    assert await archive.folders("incidents/elsewhere") == ()
    listed = await archive.listed("incidents")
    assert [(row.key, row.bytes) for row in listed] == [
        ("incidents/market/a-1-00000000/x.json", 1),
        ("incidents/market/ab-1-00000000/y.json", 1),
    ]
    assert all(row.stored_at > 0 for row in listed)
    assert await archive.listed("baselines") == ()


async def test_what_is_discarded_is_gone_with_what_lies_beside_it(archive: ObjectArchive, folder: Path) -> None:
    await archive.put(KEY, b"profile", {"pod": "a"})
    for _ in range(2):
        await archive.discard(KEY)
    assert not (folder / (KEY + ".meta.json")).exists()
    await archive.put(KEY, b"another", {"pod": "b"})
    assert written(folder)["pod"] == "b"


@pytest.mark.parametrize("key", ["", "../up", "/etc/passwd", ".staged/x", "a.meta.json"])
async def test_what_could_lead_elsewhere_is_neither_listed_nor_deleted_nor_signed(
    archive: ObjectArchive, key: str
) -> None:
    for attempt in (archive.listed(key), archive.folders(key), archive.discard(key), archive.link(key)):
        with pytest.raises(ArchiveUnavailable, match="KeyInvalid"):
            await attempt


async def test_a_folder_has_no_links(archive: ObjectArchive) -> None:
    stored = await archive.put(KEY, b"profile", {})
    assert await archive.link(stored.uri) == ""
