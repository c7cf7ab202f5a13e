"""The evidence chapter of a ticket: where report and profiles lie, and how somebody opens what grew.

Exists so that the proof is one command away. Must not link to what `page.address` does not accept.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from memdrift.api.driftincident import StoredDocument
from memdrift.drift.phrases import size_of
from memdrift.report import chapters
from memdrift.report.chapters import RawProfile
from memdrift.report.markdown import cell, code, command, link, prose
from memdrift.report.page import address
from memdrift.report.view import IncidentView

MOST_PROFILES = 8
_DIGEST_CHARACTERS = 12
_SMALL_BYTES = 102_400


def evidence(view: IncidentView) -> Iterator[str]:
    """Lines of Markdown under a heading of their own."""
    status, profiles = view.incident.status, chapters.raw_profiles(view)
    yield "### Evidence"
    yield ""
    if address(view.page_url):
        yield f"* {link('the incident as it stands', view.page_url)}"
    for name, stored in (("report", status.report), ("incident document", status.archive)):
        if stored is not None:
            yield f"* {_document(view, name, stored)}"
    if not profiles:
        yield "* no profile is stored"
        return
    folder = _folder([each.uri for each in profiles])
    yield from ("", f"Profiles below {code(folder, 1024)}:" if folder else "Profiles:", "")
    yield "| profile | size | sha256 begins | stored at |"
    yield "|---|---|---|---|"
    for each in profiles[:MOST_PROFILES]:
        followed = address(each.address)
        where = f"{link('download', followed)} " if followed else ""
        digest = code(each.sha256[:_DIGEST_CHARACTERS])
        stored_at = cell(each.uri.removeprefix(folder))
        yield f"| {prose(each.name)} | {_size(each.bytes)} | {digest} | {where}{stored_at} |"
    yield from _opening(view, next((each for each in profiles if each.kind == "heap"), profiles[0]))


def _folder(uris: list[str]) -> str:
    """What all of them begin with, up to a slash: said once, it leaves names that fit into a table."""
    first, last = min(uris), max(uris)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[: first.rfind("/", 0, same) + 1]


def _size(size_bytes: int) -> str:
    return size_of(size_bytes) if size_bytes >= _SMALL_BYTES else f"{size_bytes} B"


def _document(view: IncidentView, name: str, stored: StoredDocument) -> str:
    followed = address(view.links.get(stored.uri, ""))
    return f"{link(name, followed) if followed else name}: {code(stored.uri, 1024)}"


def _opening(view: IncidentView, profile: RawProfile) -> Iterator[str]:
    """How the growth is looked at; from a volume that only the operator mounts nobody can open a file."""
    yield ""
    status = view.incident.status
    if urlsplit(profile.uri).scheme == "file" and not profile.address and status.affected_pods:
        where = f"{status.affected_pods[0].name} -n {view.incident.metadata.namespace}"
        taken = f"kubectl memdrift profile {where} --container {view.incident.spec.container}"
        yield "These lie on the volume of memdrift's pod. To take one now, with your own rights, while the pod lives:"
        yield from ("", *command(taken))
    else:
        yield from ("To see what grew:", "", *command(profile.command))
