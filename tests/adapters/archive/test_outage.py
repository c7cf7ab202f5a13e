"""A real S3 server that is away for ten minutes in the middle of an incident: the restart waits, nothing is lost.

The incident's time is the universe's clock, so ten minutes pass at once; the server is really stopped and started.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from memdrift.adapters.archive import ObjectArchive, open_archive
from memdrift.api.driftincident import IncidentOutcome, Stage
from memdrift.reconcile.world import World
from tests.adapters.archive.servers import BUCKET, Minio
from tests.fakes import Universe

pytestmark = pytest.mark.servers
OUTAGE_SECONDS = 600


@dataclass
class Stored(Universe):
    """The universe with a real archive."""

    archive: ObjectArchive = field(kw_only=True)

    def world(self) -> World:
        known = super().world()
        fields = {name: getattr(known, name) for name in World.__dataclass_fields__}
        return World(**{**fields, "archive": self.archive})


@pytest.fixture
def server() -> Iterator[Minio]:
    started = Minio()
    try:
        yield started.begin()
    finally:
        started.stop(forget=True)


@pytest.fixture
def universe(server: Minio) -> Stored:
    url = f"s3://{BUCKET}/{secrets.token_hex(4)}"
    return Stored(archive=open_archive(url, server.options, timeout_seconds=0.25))


def restarts(universe: Universe) -> list[str]:
    return [uid for kind, uid in universe.acts if kind in {"evict", "annotate"}]


def stage_is(universe: Universe, stage: Stage) -> bool:
    return bool(universe.incidents) and universe.incident.status.stage is stage


@pytest.mark.parametrize("stage", [Stage.CAPTURING, Stage.FILING, Stage.HOLDING], ids=str)
async def test_an_outage_of_ten_minutes_delays_the_restart_and_loses_nothing(
    universe: Stored, server: Minio, stage: Stage
) -> None:
    await universe.live(1800, until=lambda: stage_is(universe, stage))
    assert stage_is(universe, stage)
    server.stop()
    went_down = universe.now
    await universe.live(OUTAGE_SECONDS)
    assert (universe.now - went_down).total_seconds() >= OUTAGE_SECONDS
    assert restarts(universe) == []
    assert universe.incident.status.stage is not Stage.CLOSED
    assert universe.incident.status.reason in {"ArchiveUnavailable", "ArchiveTimedOut", "EvidenceNotArchived",
                                               "EvidenceMissing", "CapturePending"}  # fmt: skip
    server.begin()
    await universe.live(3600, until=lambda: stage_is(universe, Stage.CLOSED))
    status = universe.incident.status
    assert status.outcome is IncidentOutcome.RELIEVED
    assert len(restarts(universe)) >= 1
    assert status.archive is not None
    assert status.decision is not None
    assert {str(profile.kind) for profile in status.profiles} == {"heap", "goroutine"}
    for stored in (*status.profiles, status.archive, status.decision):
        content = await universe.archive.read(stored.uri)
        assert hashlib.sha256(content).hexdigest() == stored.sha256
    assert len(universe.tickets) == 1
