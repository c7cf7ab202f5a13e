"""What a tracker is given of an incident: a title, Markdown for the body, and the chart for its attachments.

Exists so that nobody has to ask back: the first screen says what leaks, since when, since which change and what to do.
Everything measured or read from a pod is hostile and escaped. Must not know any tracker.
"""

from __future__ import annotations

from collections.abc import Iterator

from memdrift.drift.phrases import size_of
from memdrift.report import advice, chapters, document, words
from memdrift.report.markdown import cell, code, link, prose
from memdrift.report.page import address
from memdrift.report.svg import svg
from memdrift.report.view import IncidentView

CHART_NAME = "chart.svg"
CHART_TYPE = "image/svg+xml"
MOST_SUSPECTS = 5
MOST_FRAMES = 12
MOST_PROFILES = 8
LONGEST_COMMAND = 2048


def ticket_title(view: IncidentView) -> str:
    """One line: store, suspect, growth."""
    return document.title(view.incident)


def ticket_markdown(view: IncidentView) -> str:
    """The body: verdict, figures, advice, suspects, change, evidence."""
    chapter = (
        _verdict(view),
        _figures(view),
        _advice(view),
        _suspects(view),
        _stack(view),
        _change(view),
        _evidence(view),
    )
    return "\n".join(line for lines in chapter for line in (*lines, "")).rstrip() + "\n"


def chart_svg(view: IncidentView) -> bytes | None:
    """Memory, load and latency of the worst pod as an SVG file; None where nothing was measured."""
    pictures = chapters.charts(view)
    return svg(pictures[0]).encode() if pictures else None


def _verdict(view: IncidentView) -> Iterator[str]:
    yield f"**{prose(words.headline(view.incident))}**"
    yield ""
    yield prose(" ".join(words.sentences(view.incident)) or "Memory drifts.")
    owner = view.store.spec.filing.owner if view.store is not None and view.store.spec.filing is not None else None
    if owner is not None:
        yield ""
        yield f"Owner: {code(owner.team)} {code(owner.contact) if owner.contact else ''}".rstrip()


def _figures(view: IncidentView) -> Iterator[str]:
    yield "| figure | value | |"
    yield "|---|---|---|"
    for each in words.figures(view):
        yield f"| {prose(each.name)} | {cell(each.value)} | {prose(each.note)} |"


def _advice(view: IncidentView) -> Iterator[str]:
    recommended, wanted = advice.recommended(view), advice.waits_for(view)
    if recommended is not None:
        yield "### What to do"
        yield ""
        yield prose(recommended.sentence) + (
            f" {code(recommended.command, LONGEST_COMMAND)}" if recommended.command else ""
        )
    if wanted is not None:
        yield ""
        yield f"memdrift would buy time and waits for a yes: {prose(wanted[0])} {code(wanted[1], LONGEST_COMMAND)}"


def _suspects(view: IncidentView) -> Iterator[str]:
    findings = view.incident.status.findings
    yield "### Suspects"
    yield ""
    if findings is None or not findings.suspects:
        yield "No suspect: no profile of this growth is stored."
        return
    yield "| share | function | module | version | retains | sure |"
    yield "|---|---|---|---|---|---|"
    for each in findings.suspects[:MOST_SUSPECTS]:
        names = " | ".join(cell(text) for text in (each.function, each.module, each.version, each.retained_by))
        sure = f"{each.confidence_percent} %" if each.confidence_percent is not None else "-"
        yield f"| {each.share_percent} % | {names} | {sure} |"
    if findings.confidence_reason:
        yield ""
        yield f"How sure: {prose(findings.confidence_reason)}"
    for number, step in enumerate(findings.next_steps[:MOST_SUSPECTS]):
        if not number:
            yield from ("", "What to try next:", "")
        yield f"{number + 1}. {prose(step)}"


def _stack(view: IncidentView) -> Iterator[str]:
    stacks, _ = chapters.stacks_of(view)
    functions, growth = max(stacks, key=lambda each: each[1], default=((), 0))
    if growth <= 0 or not functions:
        return
    yield f"The stack that grew most, by {size_of(growth)}, the allocation first:"
    yield ""
    for function in functions[::-1][:MOST_FRAMES]:
        yield f"1. {code(function)}"


def _change(view: IncidentView) -> Iterator[str]:
    change = view.incident.status.change
    if change is None or not change.sentence:
        return
    yield "### What changed"
    yield ""
    yield code(change.sentence, 1024)
    if change.configuration:
        yield from ("", *(f"* {code(each)}" for each in change.configuration))
    guilty = [each for each in change.modules if each.in_growing_stacks]
    if guilty:
        yield ""
        yield "| module in growing stacks | last healthy | now |"
        yield "|---|---|---|"
        for each in guilty:
            yield f"| {cell(each.module)} | {cell(each.before or 'absent')} | {cell(each.after or 'absent')} |"


def _evidence(view: IncidentView) -> Iterator[str]:
    status = view.incident.status
    yield "### Evidence"
    yield ""
    if address(view.page_url):
        yield f"* {link('the incident as it stands', view.page_url)}"
    for name, stored in (("report", status.report), ("incident document", status.archive)):
        if stored is not None:
            followed = address(view.links.get(stored.uri, ""))
            yield f"* {link(name, followed) if followed else name}: {code(stored.uri, 1024)}"
    profiles = chapters.raw_profiles(view)
    for each in profiles[:MOST_PROFILES]:
        followed = address(each.address)
        at = f" ({link('download', followed)})" if followed else ""
        yield f"* {prose(each.name)}, {each.bytes} bytes, sha256 {code(each.sha256)}: {code(each.uri, 1024)}{at}"
        yield f"  {code(each.command, LONGEST_COMMAND)}"
    if not profiles and status.archive is None:
        yield "* none stored"
    incident = view.incident.metadata
    yield ""
    judged = f"kubectl memdrift judge {incident.name} -n {incident.namespace} Leak|Expected|Noise"
    yield f"Say what it is: {code(judged, LONGEST_COMMAND)}"
