"""The timeline, the pods' charts and the raw profiles of an incident, in the order in which they are read.

Exists so that the page and the terminal tell the same story. Must not know any markup.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import unquote, urlsplit

from memdrift.api.driftincident import ActionState, DriftIncident
from memdrift.api.featurestore import Baseline
from memdrift.api.quantities import bytes_of
from memdrift.report.exhibit import GrownStack
from memdrift.report.panels import Picture
from memdrift.report.view import IncidentView

_RESTARTS = {"Evict": "restart", "Rollout": "rollout"}
_TOLD_APART = {"Capture", "File", "Close"}
"""Actions that have an entry of their own already."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline."""

    at: datetime
    what: str
    detail: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class RawProfile:
    """A stored profile.

    Attributes:
        name: what, of which pod, when.
        uri: where it is stored.
        address: where a browser can fetch it, "" where only the archive's own tools can.
        command: opens it with Go's own tool, compared with the young profile where there is one.
    """

    name: str
    kind: str
    bytes: int
    sha256: str
    uri: str
    address: str
    command: str


def timeline(incident: DriftIncident) -> tuple[Event, ...]:
    """What happened, oldest first."""
    status, found = incident.status, []
    for at, what in ((status.onset_time, "Growth began"), (status.confirmed_time, "Drift confirmed")):
        if at is not None:
            found.append(Event(at, what))
    found += [Event(each.taken_time, f"Profile taken: {each.kind}", each.pod) for each in status.profiles]
    found += [
        Event(each.time, "Profile failed", f"{each.pod}: {each.reason}: {each.message}", failed=True)
        for each in status.capture_failures
    ]
    if status.ticket is not None:
        found.append(Event(status.ticket.filed_time, "Ticket filed", status.ticket.url or status.ticket.tracker))
    found += [
        Event(
            each.time,
            f"{each.kind}: {str(each.state).lower()}",
            " ".join(part for part in (each.pod, each.detail) if part),
            failed=each.state is ActionState.FAILED,
        )
        for each in status.actions
        if each.kind not in _TOLD_APART or each.state is ActionState.FAILED
    ]
    if status.restart_finished_time is not None:
        found.append(Event(status.restart_finished_time, "All new pods ready"))
    if status.closed_time is not None:
        why = next((each.detail for each in reversed(status.actions) if each.kind == "Close"), "")
        found.append(Event(status.closed_time, f"Closed: {status.outcome}", why))
    return tuple(sorted(found, key=lambda each: each.at))


def charts(view: IncidentView) -> tuple[Picture, ...]:
    """One picture per pod with onset, captures and restarts, the worst pod first."""
    return tuple(_marked(picture, view.incident) for picture in view.exhibit.pictures)


def _marked(picture: Picture, incident: DriftIncident) -> Picture:
    status, pod = incident.status, picture.title.split(" ")[0]
    marks = list(picture.marks)
    if not marks and status.onset_time is not None:
        marks.append(("onset", status.onset_time.timestamp()))
    marks += [
        ("profile", each.taken_time.timestamp()) for each in status.profiles if each.pod == pod and each.kind == "heap"
    ]
    marks += [
        (_RESTARTS[each.kind], each.time.timestamp())
        for each in status.actions
        if each.kind in _RESTARTS and each.state is ActionState.DONE and each.pod in {pod, ""}
    ]
    step = (picture.ended_at - picture.began_at) / max(len(picture.panels[0].values), 1) if picture.panels else 0.0
    shown = [(word, at) for word, at in marks if at <= picture.ended_at + step]
    return replace(picture, marks=tuple(sorted(shown, key=lambda mark: mark[1])))


def stacks_of(view: IncidentView) -> tuple[Sequence[GrownStack], str]:
    """The growing stacks, and in words what they are: the exhibit's, else the largest ones of the incident's status."""
    if view.exhibit.stacks:
        return view.exhibit.stacks, view.exhibit.stacks_are
    findings = view.incident.status.findings
    if findings is None or not findings.stacks:
        return (), view.exhibit.stacks_are or "No profiles could be compared."
    stacks = [(tuple(reversed(each.frames)), bytes_of(each.growth)) for each in findings.stacks]
    return stacks, f"The largest {len(stacks)} growing stacks, compared with: {findings.compared_with}."


def raw_profiles(view: IncidentView) -> tuple[RawProfile, ...]:
    """The incident's profiles, then the baselines that they are compared with."""
    status = view.incident.status
    revision = status.profiles[0].revision if status.profiles else ""
    known = view.store.status.baselines if view.store is not None else []
    young = [each for each in known if each.revision == revision]
    others = [each for each in known if each.healthy and each.revision != revision]
    before = max(others, key=lambda each: each.taken_time).revision if others else ""
    healthy = [each for each in others if each.revision == before]
    base_of = {each.kind: each for each in reversed(young)}
    found = []
    for each in status.profiles:
        base = base_of.get(each.kind)
        found.append(_raw(view, f"{each.kind} of {each.pod}, {each.taken_time:%Y-%m-%d %H:%M} UTC", each, base))
    for words, rows in (("baseline", young), ("last healthy", healthy)):
        found += [_raw(view, f"{each.kind}, {words}, revision {each.revision}", each, None) for each in rows]
    return tuple(found)


def _raw(view: IncidentView, name: str, record: object, base: Baseline | None) -> RawProfile:
    uri, kind = str(getattr(record, "uri")), str(getattr(record, "kind"))  # noqa: B009 - ProfileRecord or Baseline
    against = f" -diff_base={shlex.quote(_opened(view, base.uri))}" if base is not None else ""
    return RawProfile(
        name=name,
        kind=kind,
        bytes=int(getattr(record, "bytes")),  # noqa: B009
        sha256=str(getattr(record, "sha256")),  # noqa: B009
        uri=uri,
        address=view.links.get(uri, ""),
        command=f"go tool pprof -http=localhost:{against} {shlex.quote(_opened(view, uri))}",
    )


def _opened(view: IncidentView, uri: str) -> str:
    """How the tool is given an object: by its address, by its path, else by the name it has once it was downloaded."""
    if view.links.get(uri):
        return view.links[uri]
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" else parts.path.rpartition("/")[2]
