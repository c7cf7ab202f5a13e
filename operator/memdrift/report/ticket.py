"""What a tracker is given of an incident: a title, Markdown for the body, and the chart for its attachments.

Exists so that nobody has to ask back: the first screen says what leaks, where, since when, since which change and what
to do. Everything measured or read from a pod is hostile and escaped. Must not know any tracker.
"""

from __future__ import annotations

from collections.abc import Iterator

from memdrift.api.featurestore import Mode, Strategy
from memdrift.drift.phrases import size_of
from memdrift.report import advice, chapters, document, words
from memdrift.report.markdown import cell, code, command, prose
from memdrift.report.svg import svg
from memdrift.report.ticketevidence import evidence
from memdrift.report.view import IncidentView

CHART_NAME = "chart.svg"
CHART_TYPE = "image/svg+xml"
MOST_SUSPECTS = 5
SMALLEST_PERCENT = 5
"""Of the growth; suspects below are chance, but the first one."""
MOST_FRAMES = 12
MOST_PODS = 6
_INTENTIONS = {
    Mode.OBSERVE: "memdrift only watches this store (mode `Observe`).",
    Mode.CAPTURE: "memdrift takes evidence and restarts nothing here (mode `Capture`).",
    Mode.APPROVE: "memdrift restarts nothing here without a person's yes to its plan (mode `Approve`).",
    Mode.ENFORCE: "memdrift buys time by itself, with the smallest restart that helps, once every guard agrees "
    "(mode `Enforce`).",
}


def ticket_title(view: IncidentView) -> str:
    """One line: store, suspect, growth."""
    return document.title(view.incident)


def ticket_markdown(view: IncidentView) -> str:
    """The body: verdict, place and owner, figures, advice, change, suspects, evidence."""
    chapter = (
        _verdict(view),
        _place(view),
        _figures(view),
        _advice(view),
        _change(view),
        _suspects(view),
        _stack(view),
        evidence(view),
        _next(view),
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


def _place(view: IncidentView) -> Iterator[str]:
    incident, spec = view.incident, view.store.spec if view.store is not None else None
    yield f"* Store: {code(f'{incident.metadata.namespace}/{incident.spec.store_ref.name}')}" + (
        f", {spec.target_ref.kind} {code(spec.target_ref.name)}" if spec is not None else ""
    )
    pods = [code(pod.name) for pod in incident.status.affected_pods]
    more = f" and {len(pods) - MOST_PODS} more" if len(pods) > MOST_PODS else ""
    if pods:
        yield f"* Pods: {', '.join(pods[:MOST_PODS])}{more}, container {code(incident.spec.container)}"
    yield f"* Incident: {code(incident.metadata.name)}"
    owner = spec.filing.owner if spec is not None and spec.filing is not None else None
    if owner is not None:
        yield f"* Owner: {code(owner.team)}{f', {code(owner.contact)}' if owner.contact else ''}"


def _figures(view: IncidentView) -> Iterator[str]:
    yield "| figure | value | |"
    yield "|---|---|---|"
    for each in words.figures(view):
        yield f"| {prose(each.name)} | {cell(each.value)} | {prose(each.note)} |"


def _advice(view: IncidentView) -> Iterator[str]:
    recommended, wanted = advice.recommended(view), advice.waits_for(view)
    yield "### What to do"
    if recommended is not None:
        yield from ("", prose(recommended.sentence))
        if recommended.command:
            yield from ("", *command(recommended.command))
    if wanted is not None:
        yield from ("", f"memdrift would buy time and waits for a yes: {prose(wanted[0])}", "", *command(wanted[1]))
        return
    if view.store is not None and view.incident.status.outcome is None:
        spec = view.store.spec
        unwilling = spec.remediation.strategy is Strategy.NONE and spec.mode in {Mode.APPROVE, Mode.ENFORCE}
        yield from ("", "memdrift restarts nothing here (strategy `None`)." if unwilling else _INTENTIONS[spec.mode])
    where = f"{view.incident.spec.store_ref.name} -n {view.incident.metadata.namespace}"
    yield from ("", "What it did, and why it did nothing else:", "", *command(f"kubectl memdrift explain {where}"))


def _change(view: IncidentView) -> Iterator[str]:
    change = view.incident.status.change
    if change is None or not change.sentence:
        return
    yield "### What changed"
    yield ""
    yield prose(change.sentence)
    if change.configuration:
        yield from ("", *(f"* {code(each)}" for each in change.configuration))
    guilty = [each for each in change.modules if each.in_growing_stacks]
    if guilty:
        yield ""
        yield "| module in growing stacks | last healthy | now |"
        yield "|---|---|---|"
        for each in guilty:
            yield f"| {cell(each.module)} | {cell(each.before or 'absent')} | {cell(each.after or 'absent')} |"


def _suspects(view: IncidentView) -> Iterator[str]:
    findings = view.incident.status.findings
    yield "### Suspects"
    yield ""
    if findings is None or not findings.suspects:
        yield "No suspect: no profile of this growth is stored."
        return
    shown = [each for at, each in enumerate(findings.suspects) if not at or each.share_percent >= SMALLEST_PERCENT]
    yield "| of the growth | function | module | version | keeps | confidence |"
    yield "|---|---|---|---|---|---|"
    for each in shown[:MOST_SUSPECTS]:
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


def _next(view: IncidentView) -> Iterator[str]:
    where = f"{view.incident.metadata.name} -n {view.incident.metadata.namespace}"
    yield "The report as one file, and your word on the growth (`Expected` or `Noise` keep memdrift quiet about it):"
    yield ""
    yield from command(f"kubectl memdrift report {where} -o report.html", f"kubectl memdrift judge {where} Leak")
