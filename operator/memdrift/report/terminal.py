"""An incident's report for a terminal: text alone, without colours or anything that moves a cursor.

Must not print.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from memdrift.drift.phrases import size_of
from memdrift.report import advice, chapters, words
from memdrift.report.chart import chart
from memdrift.report.tables import plain
from memdrift.report.view import IncidentView

MOST_SUSPECTS = 5
MOST_STACKS = 3
MOST_FRAMES = 10
MOST_CHARTS = 2


def terminal_lines(view: IncidentView) -> tuple[str, ...]:
    """The report, most important first; every line is free of control characters."""
    chapter = (_verdict, _figures, _advice, _charts, _suspects, _stacks, _change, _timeline, _profiles)
    return tuple(plain(line) for write in chapter for line in (*write(view), ""))


def _verdict(view: IncidentView) -> Iterator[str]:
    incident = view.incident
    told = ", ".join(each.word for each in words.badges(incident))
    yield f"{incident.metadata.namespace}/{incident.metadata.name}  [{told}]"
    yield words.headline(incident)
    yield from words.sentences(incident)


def _figures(view: IncidentView) -> Iterator[str]:
    for each in words.figures(view):
        yield f"  {each.name:<17} {each.value}{f'  ({each.note})' if each.note else ''}"


def _advice(view: IncidentView) -> Iterator[str]:
    recommended, wanted, status = advice.recommended(view), advice.waits_for(view), view.incident.status
    if recommended is not None:
        yield f"What to do: {recommended.sentence}"
        if recommended.command:
            yield f"  {recommended.command}"
    if wanted is not None:
        yield f"memdrift would buy time and waits for a yes: {wanted[0]}"
        yield f"  {wanted[1]}"
    if status.reason and status.outcome is None:
        yield f"Why memdrift waits: {status.reason}: {status.message or ''}"


def _charts(view: IncidentView) -> Iterator[str]:
    for picture in chapters.charts(view)[:MOST_CHARTS]:
        yield from chart(picture)


def _suspects(view: IncidentView) -> Iterator[str]:
    findings = view.incident.status.findings
    if findings is None or not findings.suspects:
        yield "No profile of this growth names a function."
        return
    yield "Suspects"
    for each in findings.suspects[:MOST_SUSPECTS]:
        where = f"{each.module} {each.version}".strip()
        kept = f", retains {each.retained_by}" if each.retained_by else ""
        yield f"  {each.share_percent:>4} %  {each.function}  ({where or 'module not known'}, {each.growth}{kept})"
    if findings.confidence_reason:
        sure = f"{findings.confidence_percent} %: " if findings.confidence_percent is not None else ""
        yield f"How sure: {sure}{findings.confidence_reason}"
    yield from (f"  {number}. {step}" for number, step in enumerate(findings.next_steps, 1))


def _stacks(view: IncidentView) -> Iterator[str]:
    stacks, _ = chapters.stacks_of(view)
    grown = heapq.nlargest(MOST_STACKS, (each for each in stacks if each[1] > 0 and each[0]), key=lambda each: each[1])
    for functions, growth in grown:
        yield f"Stack that grew by {size_of(growth)}, the allocation first"
        yield from (f"    {function}" for function in functions[::-1][:MOST_FRAMES])


def _change(view: IncidentView) -> Iterator[str]:
    change = view.incident.status.change
    yield (
        f"What changed: {change.sentence or 'no change explains the growth'}"
        if change
        else "Nothing is known of a change."
    )
    yield from (f"  {each}" for each in (change.configuration if change else []))
    for each in change.modules if change else []:
        if each.in_growing_stacks:
            yield f"  {each.module}: {each.before or 'absent'} → {each.after or 'absent'}"


def _timeline(view: IncidentView) -> Iterator[str]:
    yield "Timeline"
    for event in chapters.timeline(view.incident):
        yield f"  {event.at:%Y-%m-%d %H:%M:%S}  {event.what}{f': {event.detail}' if event.detail else ''}"


def _profiles(view: IncidentView) -> Iterator[str]:
    for each in chapters.raw_profiles(view):
        yield f"{each.name}: {each.uri}"
        yield f"  {each.command}"
