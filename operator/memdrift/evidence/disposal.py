"""Which stored files nobody needs any more.

Exists so that what is deleted is decided in one place, from what is seen in the archive and what is on record, and can
be tested without either. Of every incident the first, last and worst profile of each kind stay, its newest document of
each sort, its decisions, and whatever is unknown here; of the baselines every one in use, and every one that the
profiles of an incident were compared with. Nothing is dispensable before what replaces it is seen. Must not delete.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SUPERSEDED_SORTS = ("document-", "report-", "exhibit-")
"""Beginnings of names whose newest file says all that the older ones say. A decision is not among them: each is what a
restart was decided from."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file as the archive lists it.

    Attributes:
        stored_at: epoch seconds, by the archive's clock.
    """

    key: str
    stored_at: float


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """One profile as the incident has it on record.

    Attributes:
        taken_at: epoch seconds.
        rank: how bad its pod was; the smallest is the worst.
    """

    key: str
    kind: str
    taken_at: float
    rank: int


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """What is on record of an incident.

    Attributes:
        closed_at: epoch seconds; None while it is open.
        referenced: keys of documents that its status names.
        revisions: what its profiles are of, and what they were compared with.
    """

    closed_at: float | None
    profiles: tuple[KnownProfile, ...]
    referenced: frozenset[str] = frozenset()
    revisions: frozenset[str] = frozenset()


def of_incident(
    files: Sequence[KeptFile], record: IncidentRecord, now: float, after_seconds: float
) -> tuple[KeptFile, ...]:
    """What is dispensable in an incident's folder, oldest first; nothing before it was closed for so long."""
    if record.closed_at is None or now - record.closed_at < after_seconds:
        return ()
    spare = {*_spare_profiles(files, record), *_superseded(files, record.referenced)} - record.referenced
    return _oldest_first(file for file in files if file.key in spare)


def _spare_profiles(files: Sequence[KeptFile], record: IncidentRecord) -> set[str]:
    seen = {file.key for file in files}
    spare: set[str] = set()
    for kind in {profile.kind for profile in record.profiles}:
        of_kind = [profile for profile in record.profiles if profile.kind == kind]
        needed = {
            min(of_kind, key=lambda each: (each.taken_at, each.key)).key,
            max(of_kind, key=lambda each: (each.taken_at, each.key)).key,
            min(of_kind, key=lambda each: (each.rank, each.taken_at, each.key)).key,
        }
        if needed <= seen:
            spare |= {profile.key for profile in of_kind} - needed
    return spare


def _superseded(files: Sequence[KeptFile], referenced: frozenset[str]) -> set[str]:
    """All but the newest of each sort; of several stored at one moment the one on record says which that is."""
    spare: set[str] = set()
    for sort in SUPERSEDED_SORTS:
        of_sort = [file for file in files if file.key.rsplit("/", 1)[-1].startswith(sort)]
        stored_last = max((file.stored_at for file in of_sort), default=0.0)
        newest = {file.key for file in of_sort if file.stored_at == stored_last}
        spare |= {file.key for file in of_sort} - (newest & referenced or newest)
    return spare


def of_baselines(
    files: Sequence[KeptFile],
    in_use: frozenset[str],
    revisions_in_use: frozenset[str],
    now: float,
    after_seconds: float,
) -> tuple[KeptFile, ...]:
    """Which baselines of a store are dispensable, oldest first.

    Args:
        files: all below the store's folder, each `…/REVISION/CONTAINER/FILE`.
        in_use: keys that the store's status names.
        revisions_in_use: revisions that run, or that an incident's profiles are of or were compared with.
        now: epoch seconds.
        after_seconds: how long what replaces a baseline must have been there.
    """
    newest_in_use: dict[tuple[str, str], float] = {}
    for file in files:
        if file.key in in_use:
            place = _container_and_file(file)
            newest_in_use[place] = max(newest_in_use.get(place, 0.0), file.stored_at)

    def dispensable(file: KeptFile) -> bool:
        replaced = newest_in_use.get(_container_and_file(file))
        return (
            file.key not in in_use
            and _revision(file) not in revisions_in_use
            and replaced is not None
            and file.stored_at < replaced
            and now - replaced >= after_seconds
        )

    return _oldest_first(file for file in files if dispensable(file))


def _revision(file: KeptFile) -> str:
    return "/".join(file.key.split("/")[-3:-2])


def _container_and_file(file: KeptFile) -> tuple[str, str]:
    container, name = (["", "", *file.key.split("/")])[-2:]
    return container, name


def _oldest_first(files: Iterable[KeptFile]) -> tuple[KeptFile, ...]:
    return tuple(sorted(files, key=lambda file: (file.stored_at, file.key)))
