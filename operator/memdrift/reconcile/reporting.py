"""An incident's report for people, kept in the archive beside its evidence.

Exists so that the report can be read when the measurements have passed, and without the operator. A report is a
convenience: what it cannot show it says, and it never keeps an incident from going on. Must not decide anything.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from memdrift.api.driftincident import DriftIncident
from memdrift.drift.blocks import LifeBlocks, Window
from memdrift.drift.verdict import GrowthKind
from memdrift.errors import ArchiveUnavailable, CaptureFailed, MemdriftError
from memdrift.evidence.findings import ComparedWith
from memdrift.reconcile import comparing
from memdrift.reconcile.evidence import incident_folder
from memdrift.reconcile.world import World
from memdrift.remedy.facts import Facts
from memdrift.report import exhibit as exhibits
from memdrift.report.exhibit import Exhibit, GrownStack
from memdrift.report.incident import incident_page
from memdrift.report.panels import Picture, picture_of_life
from memdrift.report.view import IncidentView

MOST_PICTURES = 12
_LATE = "The profiles could not be read again for this picture"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptReport:
    """Where they are stored, each as (uri, sha256); no report where it could not be written."""

    exhibit: tuple[str, str]
    report: tuple[str, str] | None


async def keep(world: World, facts: Facts, incident: DriftIncident) -> KeptReport:
    """Store what the report shows, and the report.

    Raises:
        ArchiveUnavailable: not stored; storing again is safe.
    """
    shown, content = await _encoded(world, facts, incident)
    stored = await world.archive.put(_key(incident, "exhibit", content, "json"), content, {})
    links, url = await _links(world, incident), _page_url(world, incident)
    page = _page(IncidentView(incident, facts.store, shown, links=links, written_at=facts.now, page_url=url))
    if page is None:
        return KeptReport((stored.uri, stored.sha256), None)
    report = await world.archive.put(_key(incident, "report", page, "html"), page, {})
    return KeptReport((stored.uri, stored.sha256), (report.uri, report.sha256))


async def _encoded(world: World, facts: Facts, incident: DriftIncident) -> tuple[Exhibit, bytes]:
    try:
        shown = await _exhibit(world, facts, incident)
        return shown, exhibits.encode(shown)
    except MemdriftError:
        raise
    except Exception:  # noqa: BLE001 - a convenience that fails must not keep an incident open, nor its slot
        _log.exception("nothing could be shown of incident %s", incident.metadata.name)
        shown = Exhibit(stacks_are="What this report shows could not be made; the log of memdrift says why.")
        return shown, exhibits.encode(shown)


async def view_of(world: World, facts: Facts, incident: DriftIncident) -> IncidentView:
    """The incident with what was stored for its report; without, where that cannot be read."""
    links = await _links(world, incident)
    shown, url = await _stored(world, incident), _page_url(world, incident)
    return IncidentView(incident, facts.store, shown, links=links, written_at=facts.now, page_url=url)


def _page_url(world: World, incident: DriftIncident) -> str:
    path = f"/incidents/{incident.metadata.namespace}/{incident.metadata.name}"
    return f"{world.pages_url}{path}" if world.pages_url else ""


async def _links(world: World, incident: DriftIncident) -> dict[str, str]:
    """Addresses that work without credentials for a while, where the administrator allows them and the archive can."""
    status = incident.status
    documents = [each.uri for each in (status.archive, status.report) if each is not None]
    try:
        found = {uri: await world.archive.link(uri) for uri in [*documents, *(each.uri for each in status.profiles)]}
    except ArchiveUnavailable:
        return {}
    return {uri: link for uri, link in found.items() if link}


def _key(incident: DriftIncident, name: str, content: bytes, suffix: str) -> str:
    return f"{incident_folder(incident)}/{name}-{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"


def _page(view: IncidentView) -> bytes | None:
    try:
        return incident_page(view).encode()
    except Exception:  # noqa: BLE001 - foreign text made it, and evidence matters more than how it looks
        _log.exception("no report could be written of incident %s", view.incident.metadata.name)
        return None


async def _exhibit(world: World, facts: Facts, incident: DriftIncident) -> Exhibit:
    """The pods as measured now, and as before those that are gone: it was they that leaked, and were restarted for it.

    The stacks are those of before where the incident is over, because nothing new was profiled.
    """
    before = await _stored(world, incident)
    now = pictures_of(facts, incident)
    measured = {each.title for each in now}
    gone = [each for each in before.pictures if each.title not in measured]
    pictures = (*gone, *now)[:MOST_PICTURES]
    if incident.status.closed_time is not None and before.stacks:
        return replace(before, pictures=pictures)
    stacks, stacks_are = await _stacks(world, facts, incident)
    return Exhibit(pictures, stacks, stacks_are)


async def _stored(world: World, incident: DriftIncident) -> Exhibit:
    if incident.status.exhibit is None:
        return Exhibit()
    try:
        return exhibits.decode(await world.archive.read(incident.status.exhibit.uri))
    except (ArchiveUnavailable, ValueError):
        return Exhibit(stacks_are="What was stored for this report cannot be read.")


async def _stacks(world: World, facts: Facts, incident: DriftIncident) -> tuple[tuple[GrownStack, ...], str]:
    status = incident.status
    if not status.profiles or status.findings is None:
        return (), "No profile of this growth is stored."
    if facts.store is None or facts.policy is None or facts.target is None:
        return (), f"{_LATE}: the store is gone."
    if status.findings.compared_with == ComparedWith.NOTHING:
        words = "There is no earlier profile to compare with: this is all memory in use, not growth."
    else:
        words = f"The heap of {status.profiles[0].pod} compared with: {status.findings.compared_with}."
    try:
        compared = await comparing.comparison_of(world, facts, incident)
        return await world.analyser.grown_stacks(compared), words
    except (CaptureFailed, ArchiveUnavailable) as error:
        return (), f"{_LATE}: {error.reason}: {error.message}"


def pictures_of(facts: Facts, incident: DriftIncident) -> tuple[Picture, ...]:
    """Memory, load and latency per pod in the window that decided: the drifting pods (also ended ones), then others."""
    window = _window(facts.windows, incident)
    if window is None:
        return ()
    verdict = facts.verdict(incident.spec.container)
    onsets = {pod.uid: pod.onset_at for pod in verdict.drifting_pods} if verdict is not None else {}
    ranks = {pod.uid: rank for rank, pod in enumerate(incident.status.affected_pods)}
    uids = {pod.name: pod.uid for pod in incident.status.affected_pods}

    def uid_of(blocks: LifeBlocks) -> str:
        return blocks.life.uid or uids.get(blocks.life.pod, "")  # a pod that is gone has left its name only

    if incident.status.onset_time is not None and incident.status.affected_pods:
        onsets.setdefault(incident.status.affected_pods[0].uid, incident.status.onset_time.timestamp())
    recorded = incident.status.verdict
    heap = recorded is None or recorded.growth_kind != GrowthKind.NATIVE
    objective = float(facts.store.spec.objective.latency_milliseconds) if facts.store is not None else 0.0
    lives = [
        each
        for each in (*window.lives, *(past for past in window.past_lives if uid_of(past) in ranks))
        if each.life.container == incident.spec.container and len(each.starts)
    ]

    def rank(blocks: LifeBlocks) -> tuple[int, str]:
        return ranks.get(uid_of(blocks), len(ranks)), blocks.life.pod

    return tuple(
        picture_of_life(blocks, objective, (("onset", onset),) if onset is not None else (), heap=heap)
        for blocks in sorted(lives, key=rank)[:MOST_PICTURES]
        for onset in (onsets.get(uid_of(blocks)),)
    )


def _window(windows: Sequence[Window], incident: DriftIncident) -> Window | None:
    """The one that decided, else the longest."""
    decided = incident.status.verdict.window_seconds if incident.status.verdict is not None else 0
    chosen = [window for window in windows if window.seconds == decided]
    return next(iter(chosen), max(windows, key=lambda window: window.seconds, default=None))
