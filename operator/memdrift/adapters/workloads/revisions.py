"""Which pod templates a workload has had, and which of them a pod belongs to.

Exists because a restart by memdrift makes a new ReplicaSet of the same template: to people, and to every comparison, it
is the same revision. Must not read pods' states.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from memdrift.adapters.workloads.templates import settings_of
from memdrift.adapters.workloads.wire import ControllerRevision, Metadata, ReplicaSet
from memdrift.remedy.target import Revision

_OURS = "memdrift.io/"
_LABELS_OF_CONTROLLERS = frozenset(
    {"pod-template-hash", "controller-revision-hash", "rollouts-pod-template-hash", "pod-template-generation"}
)
_IDENTITY_DIGITS = 16
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Template:
    """A pod template at one place: in a ReplicaSet, a ControllerRevision or the workload."""

    identity: str
    number: int
    created_at: datetime
    images: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """A workload's templates.

    Attributes:
        revisions: newest last; the last one is the current template's.
        by_owner: identity by the UID of the ReplicaSet that owns a pod.
        by_label: identity by the value of a pod's `controller-revision-hash`.
    """

    revisions: tuple[Revision, ...]
    by_owner: Mapping[str, str]
    by_label: Mapping[str, str]


def of_replica_sets(current: Mapping[str, Any], sets: Iterable[ReplicaSet], number_annotation: str) -> History:
    """The history of a workload whose pods belong to these ReplicaSets, all of them its own."""
    templates = {
        held.metadata.uid: _template(
            held.spec.template, _number(held.metadata, number_annotation), held.metadata.creation_timestamp
        )
        for held in sets
    }
    return History(
        revisions=_revisions(templates.values(), identity_of(current), current),
        by_owner={uid: template.identity for uid, template in templates.items()},
        by_label={},
    )


def of_controller_revisions(
    current: Mapping[str, Any], held: Iterable[ControllerRevision], update_revision: str, *, observed: bool
) -> History:
    """The history of a StatefulSet or DaemonSet.

    The current template is the one that the controller named (or, for a DaemonSet, numbered highest), because a stored
    revision keeps its bytes when a new API server adds defaults, and the workload does not. Where the controller has
    not observed the newest change yet, it is the workload's own.
    """
    by_label: dict[str, str] = {}
    templates: list[Template] = []
    named, highest = "", -1
    for revision in held:
        template = _template(
            revision.data.get("spec", {}).get("template", {}), revision.revision, revision.metadata.creation_timestamp
        )
        templates.append(template)
        by_label[revision.metadata.name] = template.identity
        by_label[revision.metadata.labels.get("controller-revision-hash", revision.metadata.name)] = template.identity
        if revision.metadata.name == update_revision or (not update_revision and revision.revision > highest):
            named, highest = template.identity, revision.revision
    identity = named if observed and named else identity_of(current)
    return History(revisions=_revisions(templates, identity, current), by_owner={}, by_label=by_label)


def identity_of(template: Mapping[str, Any]) -> str:
    """Digest of a template without memdrift's annotations and without what controllers add."""
    content = {key: value for key, value in template.items() if key not in {"metadata", "$patch"}}
    metadata = template.get("metadata") or {}
    content["metadata"] = {
        **metadata,
        "labels": {k: v for k, v in (metadata.get("labels") or {}).items() if k not in _LABELS_OF_CONTROLLERS},
        "annotations": {k: v for k, v in (metadata.get("annotations") or {}).items() if not k.startswith(_OURS)},
    }
    canonical = json.dumps(_without_empty(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_IDENTITY_DIGITS]


def _template(template: Mapping[str, Any], number: int, created_at: datetime | None) -> Template:
    return Template(identity_of(template), number, created_at or _EPOCH, _images(template), settings_of(template))


def _images(template: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    containers = (template.get("spec") or {}).get("containers") or []
    return tuple(sorted((str(held.get("name", "")), str(held.get("image", ""))) for held in containers))


def _number(metadata: Metadata, annotation: str) -> int:
    written = metadata.annotations.get(annotation, "")
    return int(written) if written.isdecimal() else 0


def _revisions(
    templates: Iterable[Template], current: str, current_template: Mapping[str, Any]
) -> tuple[Revision, ...]:
    """One revision per identity, by number, the current one last; a rollback moves an old one to the end."""
    merged: dict[str, Revision] = {}
    for template in templates:
        known = merged.get(template.identity)
        merged[template.identity] = Revision(
            identity=template.identity,
            number=max(template.number, known.number if known else 0),
            created_at=min(template.created_at, known.created_at) if known else template.created_at,
            images=template.images,
            settings=template.settings,
        )
    newest = max(merged.values(), key=lambda held: held.number, default=None)
    last = merged.pop(current, None) or Revision(
        # The controller has not made a revision of it yet: it is younger than all that exist.
        identity=current,
        number=newest.number + 1 if newest else 1,
        created_at=max((held.created_at for held in merged.values()), default=_EPOCH),
        images=_images(current_template),
        settings=settings_of(current_template),
    )
    return (*sorted(merged.values(), key=lambda held: (held.number, held.created_at)), last)


def _without_empty(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The value without nulls and empty lists and objects, which mean the same as their absence."""
    if isinstance(value, dict):
        kept = {key: _without_empty(held) for key, held in value.items()}
        return {key: held for key, held in kept.items() if held not in (None, {}, [])}
    if isinstance(value, list):
        return [_without_empty(held) for held in value]
    return value
