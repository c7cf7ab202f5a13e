"""Two installations with one archive: neither sees, takes over or deletes what the other wrote, whatever its name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from memdrift.adapters.archive import ObjectArchive, open_archive
from memdrift.api.driftincident import DriftIncident, Stage
from memdrift.errors import ArchiveUnavailable, ClusterUnavailable, NotAllowed
from memdrift.reconcile.world import World
from memdrift.report import document
from tests import builders
from tests.adapters.archive.servers import BUCKET, Minio
from tests.fakes import Universe

KEY = "baselines/market/features/r1/app/heap.pb.gz"
NORTH, SOUTH = "6f1c0b0e-0000-4000-8000-00000000000a", "0d9a7f52-0000-4000-8000-00000000000b"


def named(uid: str) -> Callable[[], Awaitable[str]]:
    async def owner() -> str:
        return uid

    return owner


def opened(url: str, uid: str, options: dict[str, str] | None = None) -> ObjectArchive:
    return open_archive(url, options, owner=named(uid))


async def apart(url: str, options: dict[str, str] | None = None) -> None:
    north, south = (opened(url, uid, options) for uid in (NORTH, SOUTH))
    ours = await north.put(KEY, b"north", {"pod": "n"})
    theirs = await south.put(KEY, b"south", {"pod": "s"})
    assert (ours.uri, theirs.uri) == tuple(f"{url}/installations/{uid}/{KEY}" for uid in (NORTH, SOUTH))
    assert (await north.read(KEY), await south.read(KEY)) == (b"north", b"south")
    found = await south.find(KEY)
    assert found is not None
    assert found[1]["pod"] == "s"
    for archive in (north, south):
        assert [row.key for row in await archive.listed("baselines")] == [KEY]
        assert await archive.folders("baselines") == ("market",)
    await north.discard(KEY)
    assert await north.listed("baselines") == ()
    assert await north.find(KEY) is None
    assert await south.read(KEY) == await north.read(theirs.uri) == b"south"


async def test_in_a_folder_the_same_key_is_two_objects(tmp_path: Path) -> None:
    await apart((tmp_path / "archive").as_uri())


@pytest.mark.servers
async def test_in_a_bucket_the_same_key_is_two_objects(minio: Minio) -> None:
    await apart(f"s3://{BUCKET}/{secrets.token_hex(4)}", minio.options)


async def test_what_an_earlier_layout_stored_is_read_by_its_uri_and_never_listed(tmp_path: Path) -> None:
    earlier = await open_archive(tmp_path.as_uri()).put(KEY, b"earlier", {})
    archive = opened(tmp_path.as_uri(), NORTH)
    assert await archive.read(earlier.uri) == b"earlier"
    assert await archive.find(KEY) is None
    assert await archive.listed("baselines") == await archive.folders("baselines") == ()
    await archive.discard(KEY)
    assert await archive.read(earlier.uri) == b"earlier"


@pytest.mark.parametrize("key", [f"../{SOUTH}/{KEY}", f"/installations/{SOUTH}/{KEY}", "..", "a/../../b"])
async def test_no_key_leads_out_of_the_own_folder(tmp_path: Path, key: str) -> None:
    theirs = await opened(tmp_path.as_uri(), SOUTH).put(KEY, b"south", {})
    archive = opened(tmp_path.as_uri(), NORTH)
    for attempt in (archive.discard(key), archive.listed(key), archive.find(key), archive.put(key, b"x", {})):
        with pytest.raises(ArchiveUnavailable, match="KeyInvalid"):
            await attempt
    assert await archive.read(theirs.uri) == b"south"


@pytest.mark.parametrize("uid", ["", "a/b", "..", "-"])
async def test_what_is_no_name_of_an_installation_writes_nothing(tmp_path: Path, uid: str) -> None:
    with pytest.raises(ArchiveUnavailable, match="KeyInvalid"):
        await opened(tmp_path.as_uri(), uid).put(KEY, b"x", {})


@pytest.mark.parametrize(
    "error", [ClusterUnavailable("ApiServerTimedOut", "no answer"), NotAllowed("Forbidden", "namespaces")]
)
async def test_who_does_not_know_its_name_writes_and_deletes_nothing_and_reads(
    tmp_path: Path, error: Exception
) -> None:
    async def unknown() -> str:
        raise error

    stored = await open_archive(tmp_path.as_uri()).put(KEY, b"earlier", {})
    archive = open_archive(tmp_path.as_uri(), owner=unknown)
    for attempt in (archive.put(KEY, b"x", {}), archive.discard(KEY), archive.listed("baselines"), archive.read(KEY)):
        with pytest.raises(ArchiveUnavailable, match=r"InstallationUnknown: .*`get` the namespace"):
            await attempt
    assert await archive.read(stored.uri) == b"earlier"


@dataclass
class Sharing(Universe):
    """A cluster of the test with a real archive."""

    archive: ObjectArchive = field(kw_only=True)

    def world(self) -> World:
        known = super().world()
        fields = {name: getattr(known, name) for name in World.__dataclass_fields__}
        return World(**{**fields, "archive": self.archive})


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def lived_through(folder: Path, uid: str) -> Sharing:
    """A cluster whose store of the same name had an incident, proved and over, with more profiles than must stay."""
    retention = {"archives": [{"name": "folder", "url": "file:///archive", "retention": {"afterDays": 1}}]}
    pods = [builders.pod(number) for number in (1, 2, 3, 4)]
    universe = Sharing(
        administration=builders.administration(**retention),
        target=builders.target(*pods),
        archive=opened(folder.as_uri(), uid),
    )
    universe.edit(capture={"maxPods": 4})
    await universe.live(7200, until=lambda: bool(universe.incidents) and universe.incident.status.stage is Stage.CLOSED)
    universe.behaviour = builders.HEALTHY
    return universe


async def test_retention_leaves_the_files_of_a_cluster_with_stores_of_the_same_names_alone(tmp_path: Path) -> None:
    north, south = [await lived_through(tmp_path, uid) for uid in (NORTH, SOUTH)]
    earlier = open_archive(tmp_path.as_uri())  # a third one, of the layout before, whose incident is over as well
    for row in await north.archive.listed("incidents"):
        await earlier.put(row.key, await north.archive.read(row.key), {})
    theirs = tmp_path / "installations" / SOUTH
    before, of_others = files(tmp_path), {**files(theirs), **files(tmp_path / "incidents")}
    south.incidents.clear()
    for _ in range(8):
        north.pass_time(12 * 3600)
        await north.live(20)
    gone = set(before) - set(files(tmp_path))
    assert any("/profiles/" in name for name in gone), "its own are thinned"
    assert all(name.startswith(f"installations/{NORTH}/") for name in gone)
    assert {**files(theirs), **files(tmp_path / "incidents")} == of_others


async def test_a_final_document_says_what_the_resource_says(tmp_path: Path) -> None:
    universe = await lived_through(tmp_path, NORTH)
    status = universe.incident.status
    rows = await universe.archive.listed("incidents")
    documents = [json.loads(await universe.archive.read(row.key)) for row in rows if "/document-" in row.key]
    (final,) = (each for each in documents if each["status"]["stage"] == "Closed")
    assert json.loads(document.encode(universe.incident)) == final
    assert status.report is not None
    named = DriftIncident.model_validate(final).status
    assert (named.report, named.exhibit) == (status.report, status.exhibit)
    pages = [row.key for row in rows if "/report-" in row.key]
    assert len(pages) >= 2
    assert b"Closed:" in await universe.archive.read(status.report.uri)
