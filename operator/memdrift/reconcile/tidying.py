"""Looking through a store's part of the archive, once a day, and deleting one file that nobody needs any more.

Exists so that deletion is a step like every other: one effect per tick, from what is seen at that moment. What is
dispensable is decided by `evidence.disposal`. Must not run while an incident of the store is open.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import ValidationError

from memdrift.api.administration import Administration
from memdrift.api.driftincident import DriftIncident
from memdrift.errors import ArchiveUnavailable
from memdrift.evidence import disposal
from memdrift.evidence.disposal import IncidentRecord, KeptFile, KnownProfile
from memdrift.reconcile.evidence import baselines_folder, incident_folder
from memdrift.reconcile.world import World
from memdrift.remedy.facts import Facts

EVERY = timedelta(days=1)
AFTER_A_FAILURE = timedelta(hours=1)
FIRST_WITHIN_SECONDS = 3600
"""A process that starts with thousands of stores spreads its first looks over so long."""
_DAY_SECONDS = 86_400


def due(world: World, namespace: str, store: str, administration: Administration, now: datetime) -> bool:
    """Whether to look now; never where the administrator keeps everything."""
    if _after_seconds(administration) is None:
        return False
    spread = int(hashlib.sha256(f"{namespace}/{store}".encode()).hexdigest()[:8], 16) % FIRST_WITHIN_SECONDS
    return now >= world.tidy_next.setdefault((namespace, store), now + timedelta(seconds=spread))


async def tidy(world: World, facts: Facts) -> None:
    """Delete one dispensable file; where there is none, look again tomorrow.

    Raises:
        ArchiveUnavailable: it is tried again in an hour.
    """
    after_seconds = _after_seconds(world.administration())
    key, now = (facts.namespace, facts.store_name), facts.now
    world.tidy_next[key] = now + AFTER_A_FAILURE
    spare = None if after_seconds is None else await _spare(world, facts, after_seconds)
    if spare is None:
        world.tidy_next[key] = now + EVERY
        return
    await world.archive.discard(spare.key)
    world.tidy_next[key] = now


def _after_seconds(administration: Administration) -> float | None:
    archive = administration.default_archive
    retention = archive.retention if archive else None
    return None if retention is None else float(retention.after_days * _DAY_SECONDS)


async def _spare(world: World, facts: Facts, after_seconds: float) -> KeptFile | None:
    """The incidents first: what they leave says which baselines their profiles are still compared with."""
    now = facts.now.timestamp()
    known = {incident_folder(incident): incident for incident in facts.incidents}
    compared = {revision for incident in facts.incidents for revision in _revisions(incident)}
    all_known = True
    for folder in await _incident_folders(world, facts):
        files = await _files(world, folder)
        record = await _record(world, folder, files, known)
        if record is None:
            all_known &= not any("/profiles/" in file.key for file in files)
            continue
        found = disposal.of_incident(files, record, now, after_seconds)
        if found:
            return found[0]
        compared |= record.revisions
    keys, running = _in_use(facts)
    baselines = await _files(world, baselines_folder(facts)) if all_known else []
    return next(iter(disposal.of_baselines(baselines, keys, running | compared, now, after_seconds)), None)


def folder_pattern(store: str) -> re.Pattern[str]:
    """How the folders of a store's incidents are called, and of no other store's."""
    return re.compile(rf"{re.escape(store)}-\d+-[0-9a-z]{{8}}")


async def _incident_folders(world: World, facts: Facts) -> list[str]:
    """The folders of the store's incidents, those included whose resources are gone."""
    name = folder_pattern(facts.store_name)
    above = f"incidents/{facts.namespace}"
    return [f"{above}/{folder}" for folder in await world.archive.folders(above) if name.fullmatch(folder)]


async def _files(world: World, folder: str) -> list[KeptFile]:
    return [KeptFile(each.key, each.stored_at) for each in await world.archive.listed(folder)]


def _in_use(facts: Facts) -> tuple[frozenset[str], frozenset[str]]:
    """Keys of baselines that the status names, and revisions that run."""
    rows = facts.store.status.baselines if facts.store else []
    keys = {f"{baselines_folder(facts)}/{row.revision}/{row.container}/{row.kind}.pb.gz" for row in rows}
    target = facts.target
    running = {target.revision, *(pod.revision for pod in target.pods)} if target else set()
    return frozenset(keys), frozenset(running)


async def _record(
    world: World, folder: str, files: list[KeptFile], known: Mapping[str, DriftIncident]
) -> IncidentRecord | None:
    """From the resource, else from the newest document; None where neither can be had, so that everything stays."""
    incident = known.get(folder) or await _document(world, files)
    if incident is None or incident_folder(incident) != folder:
        return None
    status = incident.status
    ranks = {pod.uid: rank for rank, pod in enumerate(status.affected_pods)}
    profiles = tuple(
        KnownProfile(
            key=f"{folder}/{each.uri.rsplit(folder + '/', 1)[-1]}",
            kind=str(each.kind),
            taken_at=each.taken_time.timestamp(),
            rank=ranks.get(each.pod_uid, len(ranks) + number),
        )
        for number, each in enumerate(status.profiles)
    )
    named = (each.uri for each in (status.archive, status.report, status.exhibit, status.decision) if each is not None)
    referenced = frozenset(f"{folder}/{uri.rsplit(folder + '/', 1)[-1]}" for uri in named)
    closed_at = status.closed_time.timestamp() if status.closed_time is not None else None
    return IncidentRecord(closed_at, profiles, referenced, _revisions(incident))


def _revisions(incident: DriftIncident) -> frozenset[str]:
    """Whose baselines its report names: of the revisions of its profiles, and of the last healthy one."""
    status = incident.status
    before = status.change.revision_before if status.change is not None else None
    return frozenset({*(profile.revision for profile in status.profiles), before or ""} - {""})


async def _document(world: World, files: list[KeptFile]) -> DriftIncident | None:
    documents = [file for file in files if file.key.rsplit("/", 1)[-1].startswith("document-")]
    newest = max(documents, key=lambda file: file.stored_at, default=None)
    if newest is None:
        return None
    try:
        return DriftIncident.model_validate_json(await world.archive.read(newest.key))
    except ValidationError:
        return None
    except ArchiveUnavailable as error:
        if error.reason == "ObjectNotFound":
            return None
        raise
