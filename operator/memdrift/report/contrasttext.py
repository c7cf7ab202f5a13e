"""Two profiles compared, in words and tables, for a terminal and a page.

Exists so that the answer to "what leaks?" is on top and the tables are below it. Names come from the profiled program:
decoding has taken out what could move a cursor, and long ones are cut here. Must not compute growth, and must not
import what takes long to import: a person waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from memdrift.evidence.breakdown import By, Row, rows
from memdrift.evidence.contrast import BYTES, GOROUTINES, HEAP, Contrast
from memdrift.evidence.leaks import Suspect
from memdrift.evidence.parts import Stack
from memdrift.evidence.sentence import bytes_for_people

LONGEST_NAME = 120
_BAR_CELLS = 8
_SHOWN_FRAMES = 6
_SHOWN_SUSPECTS = 5
_NOTICED_PERCENT = 0.05
_SHORTEST_PACE_SECONDS = 10.0
"""Below it "per hour" says nothing that the two totals do not."""


class GrowthTable(NamedTuple):
    """Headings and rows of text."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


class ContrastText:
    """The parts of the answer."""

    def __init__(self, contrast: Contrast) -> None:
        self._contrast = contrast

    def _amount(self, value: int) -> str:
        return amount(value, self._contrast.unit)

    def _change(self, value: int) -> str:
        return f"+{self._amount(value)}" if value > 0 else self._amount(value)

    def _share(self, value: int) -> str:
        return f"{self._contrast.growth.share_percent(value):.1f} %"

    def headline(self) -> str:
        """Both totals, the change and its pace."""
        contrast, net = self._contrast, self._contrast.growth.net_bytes
        span = contrast.seconds if contrast.seconds and contrast.seconds > 0 else None
        pace = (
            f", {self._amount(round(net * 3600 / span))} per hour"
            if span and span >= _SHORTEST_PACE_SECONDS and net > 0
            else ""
        )
        when = f" in {span_for_people(span)}" if span else ""
        totals = f"{self._amount(contrast.then.total)} → {self._amount(contrast.now.total)}"
        return f"{contrast.what}  {totals}  ({self._change(net)}{when}{pace})"

    def sentences(self) -> Iterable[str]:
        """What the totals are made of: many small objects are another leak than one large buffer."""
        contrast, growth = self._contrast, self._contrast.growth
        if not growth.bytes_by_stack:
            yield "nothing differs: every stack holds what it held"
            return
        grown = sum(value > 0 for value in growth.bytes_by_stack.values())
        yield (
            f"grew {self._amount(growth.positive_bytes)} on {grown:,} stack{'' if grown == 1 else 's'}, shrank "
            f"{self._amount(growth.positive_bytes - growth.net_bytes)} on {len(growth.bytes_by_stack) - grown:,}"
        )
        if contrast.what != HEAP:
            return
        objects = sum(growth.objects_by_stack.values())
        if objects > 0 and growth.net_bytes > 0:
            yield f"{objects:,} more objects, {bytes_for_people(growth.net_bytes // objects)} each on average"
        then, now = contrast.then.allocated_bytes, contrast.now.allocated_bytes
        if then is not None and now is not None and now > then:
            stayed = 100.0 * max(0, growth.net_bytes) / (now - then)
            yield f"{bytes_for_people(now - then)} was allocated meanwhile, {stayed:.2g} % of it stayed"

    def confidence(self) -> Iterable[str]:
        """How far the first suspect is to be believed, and by what name its leak is known elsewhere."""
        contrast = self._contrast
        if contrast.confidence_percent is not None:
            yield f"confidence in the first {contrast.confidence_percent:.0f} %: {contrast.confidence_reason}"
        if contrast.fingerprint:
            yield f"fingerprint {contrast.fingerprint}"

    def holders(self) -> GrowthTable:
        """Who holds the growth; of goroutines, what started them."""
        contrast = self._contrast
        if contrast.what == GOROUTINES:
            started = [(f"+{count:,}", shortened(entry)) for entry, count in contrast.entries[:_SHOWN_SUSPECTS]]
            return GrowthTable("Started", ("MORE", "STARTED WITH"), started)
        listed = [self._suspect_row(each) for each in contrast.suspects[:_SHOWN_SUSPECTS]]
        return GrowthTable("Suspects", ("GROWTH", "SHARE", "", "SUSPECT", "KEEPS", "MODULE"), listed)

    def _suspect_row(self, suspect: Suspect) -> tuple[str, ...]:
        share = self._contrast.growth.share_percent(suspect.growth_bytes)  # of all growth, like every other share here
        return (
            self._change(suspect.growth_bytes),
            f"{share:.1f} %",
            bar(share),
            shortened(suspect.function),
            suspect.retained_by or "-",
            shortened(f"{suspect.module or '-'} {suspect.version}".strip()),
        )

    def modules(self, count: int) -> GrowthTable:
        """Growth by module, with versions."""
        contrast = self._contrast
        found = rows(contrast, By.MODULE, count, cumulative_first=True)
        changed = {each.module: f"was {each.before or 'unknown'}" for each in contrast.changes}
        listed = [
            (
                self._change(row.cumulative),
                self._share(row.cumulative),
                shortened(row.name),
                row.version or "-",
                changed.get(row.name, ""),
            )
            for row in found
            if abs(contrast.growth.share_percent(row.cumulative)) >= _NOTICED_PERCENT
        ]
        return GrowthTable("Modules", ("GROWTH", "SHARE", "MODULE ON THE STACK", "VERSION", ""), listed)

    def stacks(self, count: int) -> GrowthTable:
        """The stacks that grew most, from the allocation outwards."""
        largest = self._contrast.growth.largest(max(1, count // 2))
        listed = [(self._change(value), self._share(value), callers(stack)) for stack, value in largest]
        return GrowthTable("Growing stacks", ("GROWTH", "SHARE", "GROWING STACK, THE ALLOCATION FIRST"), listed)

    def table(self, count: int, by: By, *, cumulative_first: bool) -> GrowthTable:
        """Flat and cumulative, as `go tool pprof -top -diff_base` has them."""
        found = rows(self._contrast, by, count, cumulative_first=cumulative_first)
        headings = ("FLAT", "FLAT %", "CUM", "CUM %", "NOW", by.value.upper())
        return GrowthTable(f"By {by}", headings, [self._table_row(row) for row in found])

    def _table_row(self, row: Row) -> tuple[str, ...]:
        return (
            self._change(row.flat),
            self._share(row.flat),
            self._change(row.cumulative),
            self._share(row.cumulative),
            self._amount(row.now),
            shortened(row.name),
        )


def amount(value: int, unit: str) -> str:
    """A value with its unit, for people."""
    if unit == BYTES:
        return bytes_for_people(value)
    if unit == "nanoseconds":
        return f"{value / 1e9:,.2f} s"
    return f"{value:,}"


def shortened(name: str, longest: int = LONGEST_NAME) -> str:
    """A name without its middle where it is too long: both its package and its method tell something."""
    if len(name) <= longest:
        return name
    half = (longest - 1) // 2
    return f"{name[:half]}…{name[half + 1 - longest :]}"


def span_for_people(seconds: float) -> str:
    """A span in its largest two units: `45 s`, `5 min 45 s`, `3 h 5 min`, `2 d 4 h`."""
    whole = round(seconds)
    for unit, size, smaller, part in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def bar(percent: float) -> str:
    """A share as a bar of at most eight cells."""
    eighths = round(min(100.0, max(0.0, percent)) / 100.0 * _BAR_CELLS * 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + ("▏▎▍▌▋▊▉"[part - 1] if part else "")


def callers(stack: Stack) -> str:
    """A stack in one line: the allocation and its nearest callers; recursion is folded."""
    folded: list[str] = []
    for function in stack:
        if not folded or folded[-1] != function:
            folded.append(function)
    shown = [shortened(function, 60) for function in folded[:_SHOWN_FRAMES]]
    more = len(folded) - len(shown)
    return " ← ".join(shown) + (f" ← … {more} more" if more else "")
