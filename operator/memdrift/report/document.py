"""An incident's document for the archive, and its ticket.

Exists so that the evidence reads without the operator and without the cluster. Everything measured or read from a pod
is hostile text: the ticket escapes it for Markdown. Must not fetch anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from memdrift.api.driftincident import DriftIncident, Recommendation
from memdrift.api.featurestore import Owner
from memdrift.report.tables import plain

_ADVICE = {
    Recommendation.ROLL_BACK: "Roll back: `kubectl -n {namespace} rollout undo {kind}/{target}`",
    Recommendation.RESTART: "A restart buys time; nothing is known of the cause.",
    Recommendation.RAISE_LIMIT: "Raise the memory limit; the growth ends by itself.",
    Recommendation.FIX_FIRST: "Fix the growing code below; a restart only buys time.",
    Recommendation.INVESTIGATE: "The profiles do not name the cause: look outside the heap (cgo, stacks, mappings).",
}


def encode(incident: DriftIncident) -> bytes:
    """The incident as it stands, as UTF-8 JSON with sorted keys; equal incidents give equal bytes."""
    document = {
        "apiVersion": incident.api_version,
        "kind": incident.kind,
        "metadata": {
            "name": incident.metadata.name,
            "namespace": incident.metadata.namespace,
            "uid": incident.metadata.uid,
        },
        "spec": incident.spec.to_wire(),
        "status": incident.status.to_wire(),
    }
    return json.dumps(document, sort_keys=True, indent=1).encode()


def title(incident: DriftIncident) -> str:
    """One line for a ticket: store, suspect, growth."""
    status = incident.status
    suspect = status.findings.suspects[0] if status.findings and status.findings.suspects else None
    cause = f"{suspect.module or suspect.function} {suspect.version}".strip() if suspect else "cause not known"
    return f"Memory drift in {incident.spec.store_ref.name}: {plain(cause)}, {status.growth_per_hour or '?'}/h"


def code(text: str) -> str:
    """Foreign text as an inline code span that cannot end early, mention people or start markup; `-` where empty."""
    return "`" + (plain(text).replace("`", " ").strip()[:256] or "-") + "`"


def cell(text: str) -> str:
    """The same in a table, where a bar would end the cell even inside a span, and an escaped one not everywhere."""
    return code(text.replace("|", "¦"))


def prose(text: str) -> str:
    """A sentence of ours with foreign names in it: one line, no markup, nobody is mentioned."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", plain(text)).replace("@", "@\u200b")


def markdown(incident: DriftIncident, owner: Owner | None, target_kind: str, target_name: str) -> str:
    """The ticket's body: verdict, suspects, change, advice, evidence."""
    status = incident.status
    lines = [prose(status.verdict.sentence) if status.verdict else "Memory drifts.", ""]
    if owner is not None:
        lines += [f"Owner: {code(owner.team)} {code(owner.contact) if owner.contact else ''}".rstrip(), ""]
    if status.recommendation is not None:
        advice = _ADVICE[status.recommendation]
        lines += [
            advice.format(namespace=incident.metadata.namespace, kind=target_kind.lower(), target=target_name),
            "",
        ]
    if status.change is not None and status.change.sentence:
        lines += [f"Change: {code(status.change.sentence)}", ""]
    lines += _suspects(incident)
    lines += ["", "Evidence:", *(_evidence(incident))]
    return "\n".join(lines)


def _suspects(incident: DriftIncident) -> Iterable[str]:
    findings = incident.status.findings
    if findings is None or not findings.suspects:
        return ["No suspect: no profile of this growth is stored."]
    rows = ["| share | function | module | version |", "|---|---|---|---|"]
    rows += [
        f"| {each.share_percent} % | {cell(each.function)} | {cell(each.module)} | {cell(each.version)} |"
        for each in findings.suspects[:5]
    ]
    return rows


def _evidence(incident: DriftIncident) -> Iterable[str]:
    status = incident.status
    rows = [
        f"* {each.kind} of {code(each.pod)}, {each.bytes} bytes, sha256 {code(each.sha256)}: {code(each.uri)}"
        for each in status.profiles
    ]
    if status.archive is not None:
        rows.append(f"* incident document: {code(status.archive.uri)}")
    return rows or ["* none stored"]
