"""The growing stacks as leaks: one cluster per owner, so that two leaks at once are two.

Exists because one incident may be of two leaks, each with its own history, ticket and judgement. Must not name what is
too small to be told from the noise around a leak.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import nsmallest

from memdrift.evidence.fingerprint import digest_of, owner_of
from memdrift.evidence.leaks import Cluster, Suspect
from memdrift.evidence.modules import Origins

MINIMUM_SHARE_PERCENT = 15.0
"""A smaller part of the growth is not called a leak of its own: helpers and buffers of the large one look like that."""
LIKE_SIZE = 0.8
"""Clusters this close in size change places by the chance of sampling: which one leads must not depend on it."""
LIKE_SIZE_OF_KNOWN = 0.5
MOST = 8


def clusters(
    suspects: Iterable[Suspect], origins: Origins, main_file: str, known: Collection[str] = ()
) -> tuple[Cluster, ...]:
    """The leaks, the leading one first: the largest, or of those of like size a known one, else the first by name."""
    members: dict[str, list[Suspect]] = {}
    for suspect in suspects:
        members.setdefault(owner_of(suspect.function, origins), []).append(suspect)
    total = sum(each.growth_bytes for group in members.values() for each in group)
    grown = [(sum(each.growth_bytes for each in group), owner) for owner, group in members.items()]
    largest = nsmallest(MOST, grown, key=lambda each: (-each[0], each[1]))
    made = [_cluster(owner, members[owner], total, main_file) for _, owner in largest]
    if not made:
        return ()
    kept = [each for each in made if each is made[0] or each.share_percent >= MINIMUM_SHARE_PERCENT]
    leading = _leading(kept, known)
    return (leading, *(each for each in kept if each is not leading))


def _leading(made: list[Cluster], known: Collection[str]) -> Cluster:
    size = made[0].growth_bytes
    remembered = [each for each in made if each.fingerprint in known and each.growth_bytes >= LIKE_SIZE_OF_KNOWN * size]
    if remembered:
        return remembered[0]
    return min((each for each in made if each.growth_bytes >= LIKE_SIZE * size), key=lambda each: each.owner)


def _cluster(owner: str, group: list[Suspect], total_bytes: int, main_file: str) -> Cluster:
    growth = sum(each.growth_bytes for each in group)
    return Cluster(
        fingerprint=digest_of(owner, main_file),
        owner=owner,
        module=group[0].module,
        version=group[0].version,
        growth_bytes=growth,
        share_percent=100.0 * growth / total_bytes if total_bytes > 0 else 0.0,
    )
