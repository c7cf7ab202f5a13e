"""Two profiles compared, as one self-contained page with the flame graph of the growth.

Names come from the profiled program and are escaped by the page's skeleton. Must not compute growth.
"""

from __future__ import annotations

from markupsafe import Markup

from memdrift.evidence.breakdown import By
from memdrift.evidence.contrast import BYTES, Contrast
from memdrift.report import flamesvg, page
from memdrift.report.contrasttext import ContrastText, GrowthTable

SCRIPTS = ("incident.js",)


def contrast_page(contrast: Contrast, names: tuple[str, str], count: int, by: By, *, cumulative_first: bool) -> str:
    """The page; `count` is the most rows of each table."""
    text = ContrastText(contrast)
    stacks = [(stack[::-1], value) for stack, value in contrast.growth.bytes_by_stack.items()]
    drawn = (
        flamesvg.flame_svg(stacks, {each.function for each in contrast.suspects[:1]}) if contrast.unit == BYTES else ""
    )
    tables: list[GrowthTable] = [
        text.holders(),
        text.modules(count),
        text.stacks(count),
        text.table(count, by, cumulative_first=cumulative_first),
    ]
    return page.render(
        "contrast.html",
        scripts=SCRIPTS if drawn else (),
        names=names,
        headline=text.headline(),
        sentences=[*text.sentences(), *text.confidence()],
        oddities=contrast.oddities,
        flame=Markup(drawn),  # noqa: S704 - escaped there
        kinds=flamesvg.KINDS,
        tables=[table for table in tables if table.rows],
    )
