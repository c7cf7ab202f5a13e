"""The answer of `diff` as lines for a terminal.

Must not know where they are printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memdrift.evidence.breakdown import By
from memdrift.evidence.contrast import Contrast
from memdrift.report.contrasttext import ContrastText, GrowthTable, shortened

_RIGHT = frozenset(("GROWTH", "SHARE", "FLAT", "FLAT %", "CUM", "CUM %", "NOW", "MORE"))
_BOLD, _DIM, _RED, _GREEN, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


def lines(
    contrast: Contrast, names: tuple[str, str], count: int, by: By, *, cumulative_first: bool, colour: bool
) -> str:
    """The whole answer.

    Args:
        contrast: what is shown.
        names: of the two files, the earlier one first.
        count: most rows of each table.
        by: what the rows of the last table are.
        cumulative_first: its order.
        colour: with escape sequences of a terminal.
    """
    text = ContrastText(contrast)
    from_to = f"from {shortened(names[0])} to {shortened(names[1])}"
    sections = [
        [_painted(text.headline(), _BOLD, colour), _painted(from_to, _DIM, colour), *text.sentences()],
        [*_columns(text.holders(), colour), *text.confidence()],
        _columns(text.modules(count), colour),
        _columns(text.stacks(count), colour),
        _columns(text.table(count, by, cumulative_first=cumulative_first), colour),
        [f"Read with care: {sentence}" for sentence in contrast.oddities],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _columns(table: GrowthTable, colour: bool) -> list[str]:  # noqa: FBT001 - private, and every caller passes it on
    if not table.rows:
        return []
    widths = [max(map(len, column)) for column in zip(table.headings, *table.rows, strict=True)]
    head = _painted(_line(table.headings, table.headings, widths), _BOLD, colour)
    return [head, *(_grown(cells[0], _line(table.headings, cells, widths), colour) for cells in table.rows)]


def _line(headings: Sequence[str], cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (
        cell.rjust(width) if heading in _RIGHT else cell.ljust(width)
        for heading, cell, width in zip(headings, cells, widths, strict=True)
    )
    return "  ".join(padded).rstrip()


def _grown(figure: str, line: str, colour: bool) -> str:  # noqa: FBT001 - as above
    """The line with its first figure in the colour of growth or of shrinking."""
    paint = _RED if figure.startswith("+") else _GREEN if figure.startswith("-") else ""
    return line.replace(figure, _painted(figure, paint, colour), 1) if paint else line


def _painted(words: str, paint: str, colour: bool) -> str:  # noqa: FBT001 - as above
    return f"{paint}{words}{_PLAIN}" if colour else words
