"""An incident as one self-contained HTML page.

Exists so that whoever is on call reads one page, alone and without the cluster, and knows what leaks, since when, since
which change, and what to do. Must not fetch, and must not decide anything that the incident does not say.
"""

from __future__ import annotations

import heapq

from markupsafe import Markup

from memdrift.drift.phrases import size_of, span_of
from memdrift.report import advice, chapters, flamesvg, page, words
from memdrift.report.flame import MOST_FRAMES
from memdrift.report.svg import svg
from memdrift.report.view import IncidentView

SCRIPTS = ("incident.js",)
"""For the header of whoever shows the file: `page.policy(SCRIPTS)`."""
LIVE_SCRIPTS = ("live.js", *SCRIPTS)
"""The same for the operator's own page, which shows the newest state: `page.policy(LIVE_SCRIPTS, live=True)`."""
MOST_CHARTS = 8
MOST_STACKS = 10


def incident_page(view: IncidentView, *, live: bool = False) -> str:
    """The whole page; a live one is for the server that it came from, whose newest state it shows."""
    incident, status = view.incident, view.incident.status
    pictures = chapters.charts(view)
    stacks, stacks_are = chapters.stacks_of(view)
    suspects = status.findings.suspects if status.findings else []
    drawn = flamesvg.flame_svg(stacks, {each.function for each in suspects[:1]})
    grown = heapq.nsmallest(MOST_STACKS, (each for each in stacks if each[1] > 0), key=lambda each: (-each[1], each[0]))
    total = sum(growth for _, growth in stacks if growth > 0)
    return page.render(
        "incident.html",
        scripts=LIVE_SCRIPTS if live else SCRIPTS,
        live=live,
        view=view,
        incident=incident,
        status=status,
        store=view.store,
        headline=words.headline(incident),
        badges=words.badges(incident),
        sentences=words.sentences(incident),
        figures=words.figures(view),
        advice=advice.recommended(view),
        waits_for=advice.waits_for(view),
        charts=[(picture.title, Markup(svg(picture))) for picture in pictures[:MOST_CHARTS]],  # noqa: S704 - escaped there
        more_charts=max(len(pictures) - MOST_CHARTS, 0),
        flame=Markup(drawn),  # noqa: S704 - escaped there
        most_frames=MOST_FRAMES,
        stacks_are=stacks_are,
        kinds=flamesvg.KINDS,
        shrunk=size_of(-sum(growth for _, growth in stacks if growth < 0)),
        has_shrunk=any(growth < 0 for _, growth in stacks),
        stacks=[(frames[::-1], size_of(growth), 100 * growth / total) for frames, growth in grown],
        suspects=suspects,
        events=chapters.timeline(incident),
        ledger=view.store.status.ledger if view.store is not None else [],
        profiles=chapters.raw_profiles(view),
        in_words=span_of,
        size=size_of,
    )
