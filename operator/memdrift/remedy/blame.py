"""Which change the growth began with, if any, and how to take it back.

Exists because rolling back a guilty change is the cure, and because saying plainly that no change explains it saves a
night of searching. Must not compare profiles: it joins what they say with the workload's history.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memdrift.api.driftincident import ChangeRecord, DriftIncident, ModuleRecord, Recommendation
from memdrift.api.featurestore import Baseline
from memdrift.drift.verdict import GrowthKind
from memdrift.evidence.findings import Findings, ModuleChange
from memdrift.remedy.target import Revision, Target

_DIGEST_MARK = "sha256:"
_SHOWN_DIFFERENCES = 3


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the workload around the onset.

    Attributes:
        revision: identity of the one that drifts.
        onset: when the growth began; None where that is not known.
        healthy: the baselines of the last revision that was judged steady; empty where none was.
        young: the baselines of the revision that drifts.
        earlier: the store's other incidents.
    """

    target: Target
    namespace: str
    revision: str
    onset: datetime | None
    healthy: Sequence[Baseline] = ()
    young: Sequence[Baseline] = ()
    earlier: Sequence[DriftIncident] = ()


def revision_pair(
    target: Target, revision: str, healthy: Sequence[Baseline] = ()
) -> tuple[Revision | None, Revision | None]:
    """The last healthy revision, or where none is known the one before, and the revision that drifts."""
    identities = [each.identity for each in target.revisions]
    if revision not in identities:
        return None, None
    index = identities.index(revision)
    known = {each.revision for each in healthy}
    steady = [each for each in target.revisions[:index] if each.identity in known]
    before = steady[-1] if steady else (target.revisions[index - 1] if index else None)
    return before, target.revisions[index]


def change_of(findings: Findings, history: History) -> ChangeRecord:
    """What changed, whether it explains the growth, and in words: also that nothing does."""
    before, after = revision_pair(history.target, history.revision, history.healthy)
    modules = sorted(findings.changes, key=lambda change: (not change.in_growing_stacks, change.module))
    configuration = _differences(before, after)
    images_before, images_after = _images(before), _images(after)
    replaced = _image_behind_a_name(history)
    leaked_before = _leaked_before(findings, history, before)
    growing = [each for each in modules if each.in_growing_stacks]
    steady_before = before is not None and before.identity in {each.revision for each in history.healthy}
    something = images_before != images_after or bool(configuration)
    own = not findings.suspects or findings.suspects[0].ownership != "dependency"
    guilty = leaked_before is None and not findings.native and (bool(growing) or (steady_before and something and own))
    record = ChangeRecord(
        revision_before=str(before.number) if before else "",
        revision_after=str(after.number) if after else "",
        images_before=images_before,
        images_after=images_after,
        modules=[
            ModuleRecord(
                module=each.module, before=each.before, after=each.after, in_growing_stacks=each.in_growing_stacks
            )
            for each in modules
        ],
        configuration=configuration,
        guilty=guilty,
        command=rollback_command(history.target, history.namespace, before) if guilty else "",
    )
    if not guilty:
        why = _no_change(before, after, leaked_before, replaced, record)
        return record.replace(sentence="; ".join(each for each in (_began(history, before, after), why) if each))
    return record.replace(sentence="; ".join([_began(history, before, after), *_blamed(growing, record), *replaced]))


def _began(history: History, before: Revision | None, after: Revision | None) -> str:
    if before is None or after is None:
        return ""
    change = f"revision {before.number} → {after.number}"
    if history.onset is None or history.onset <= after.created_at:
        return f"began with {change}"
    return f"began {_span((history.onset - after.created_at).total_seconds())} after {change}"


def _blamed(growing: Sequence[ModuleChange], record: ChangeRecord) -> list[str]:
    if growing:
        went = [f"{each.module} went {each.before} → {each.after}" for each in growing[:_SHOWN_DIFFERENCES]]
        return [f"in the growing stacks {', '.join(went)}"]
    parts = ["the revision before was steady"]
    if record.images_before != record.images_after:
        pairs = zip(record.images_before, record.images_after, strict=False)
        parts += [f"the image went {old} → {new}" for old, new in pairs if old != new]
    if record.configuration:
        parts.append(f"changed: {', '.join(record.configuration[:_SHOWN_DIFFERENCES])}")
    return parts


def _no_change(
    before: Revision | None,
    after: Revision | None,
    leaked_before: str | None,
    replaced: list[str],
    record: ChangeRecord,
) -> str:
    if replaced:
        return replaced[0]
    if before is None or after is None:
        return "no change explains it: no revision before this one is known"
    if leaked_before is not None:
        return f"no change explains it: the same leak was there before, in {leaked_before}"
    differing = [*record.configuration]
    if record.images_before != record.images_after:
        differing.insert(0, "the image")
    if not differing and not record.modules:
        return "no change explains it: the two revisions do not differ in anything that matters here"
    named = f" ({', '.join(differing[:_SHOWN_DIFFERENCES])})" if differing else ""
    return f"no change explains it for certain: what differs{named} is not known to be in the growing stacks"


def _leaked_before(findings: Findings, history: History, before: Revision | None) -> str | None:
    """The incident in which an earlier revision had the same leak: then this change did not bring it."""
    fingerprints = {each.fingerprint for each in findings.clusters} | {findings.fingerprint}
    for incident in history.earlier:
        same = incident.status.fingerprint is not None and incident.status.fingerprint in fingerprints
        revisions = {pod.revision for pod in incident.status.affected_pods}
        if same and before is not None and before.identity in revisions:
            return incident.metadata.name
    return None


def _images(revision: Revision | None) -> list[str]:
    return [image for _, image in revision.images] if revision else []


def _differences(before: Revision | None, after: Revision | None) -> list[str]:
    """What differs in the templates besides the images; values only where they are names or amounts."""
    if before is None or after is None:
        return []
    old, new = dict(before.settings), dict(after.settings)
    return [
        _difference(what, old.get(what), new.get(what))
        for what in sorted({*old, *new})
        if old.get(what) != new.get(what)
    ]


def _difference(what: str, old: str | None, new: str | None) -> str:
    if old is None or new is None:
        return f"{what} {'was added' if old is None else 'was removed'}"
    if old.startswith(_DIGEST_MARK):
        return what
    return f"{what}: {old} → {new}"


def _image_behind_a_name(history: History) -> list[str]:
    """Whether pods of one revision run another image than its young pod did: a tag that was moved."""
    young = {image for each in history.young for image in each.images if "@" in image}
    if not young:
        return []
    running = {
        with_digest(container.image, container.image_id)
        for pod in history.target.pods
        if pod.revision == history.revision
        for container in pod.containers
    }
    moved = sorted(
        image for image in running - young if "@" in image and _name(image) in {_name(each) for each in young}
    )
    return [f"the image behind {_name(moved[0])} is another one than when the revision was young"] if moved else []


def with_digest(image: str, image_id: str) -> str:
    """`name:tag@sha256:…`; the name alone where the kubelet reported no digest."""
    digest = image_id.rpartition("@")[2] if "@" in image_id else image_id
    return f"{_name(image)}@{digest}" if digest.startswith(_DIGEST_MARK) else image


def _name(image: str) -> str:
    return image.partition("@")[0]


def rollback_command(target: Target, namespace: str, before: Revision | None) -> str:
    """The command that goes back to a revision, to be typed as it is."""
    name, where = shlex.quote(target.name), shlex.quote(namespace)
    to = f" --to-revision={before.number}" if before is not None else ""
    if target.kind == "Rollout":  # kubectl takes no option before the name of a plugin
        return f"kubectl argo rollouts undo {name}{to} -n {where}"
    return f"kubectl -n {where} rollout undo {target.kind.lower()}/{name}{to}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def recommendation(findings: Findings | None, change: ChangeRecord | None, growth_kind: str) -> Recommendation:
    """What memdrift would do if it were the owner."""
    if change is not None and change.guilty:
        return Recommendation.ROLL_BACK
    if growth_kind == GrowthKind.NATIVE or findings is None or findings.native or not findings.suspects:
        return Recommendation.INVESTIGATE
    return Recommendation.FIX_FIRST
