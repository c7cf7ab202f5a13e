"""The picture of a life, as text and as SVG: what rises is drawn rising, and holes stay holes."""

from __future__ import annotations

import xml.dom.minidom
from dataclasses import replace

import numpy as np
import pytest

from memdrift.report.chart import LABEL_COLUMNS, chart
from memdrift.report.panels import Panel, Picture
from memdrift.report.svg import svg

COLUMNS = 40


def picture(values: list[float], bound: float | None = None, **changes: object) -> Picture:
    panel = Panel("memory", np.array(values), lambda value: f"{value:g} B", bound)
    made = Picture("pod app", 0.0, 4 * 3600.0, (("onset", 3600.0),), (panel,))
    return replace(made, **changes)


def curve(lines: tuple[str, ...]) -> list[str]:
    """The panel's rows, without label and axis, padded."""
    rows = [line[LABEL_COLUMNS + 2 :] for line in lines if "┤" in line or "│" in line]
    return [row.ljust(COLUMNS) for row in rows]


def dots(row: str, columns: slice) -> bool:
    return any(0x2800 < ord(letter) <= 0x28FF for letter in row[columns])


def test_a_line_that_rises_goes_from_the_lowest_row_on_the_left_to_the_highest_on_the_right() -> None:
    rows = curve(chart(picture([1.0, 2.0, 3.0, 4.0]), COLUMNS))

    assert dots(rows[-1], slice(0, 8))
    assert dots(rows[0], slice(-8, None))
    assert not dots(rows[0], slice(0, 8))
    assert not dots(rows[-1], slice(-8, None))


def test_a_constant_series_is_one_row() -> None:
    rows = curve(chart(picture([5.0] * 20), COLUMNS))

    assert [dots(row, slice(None)) for row in rows] == [False, False, False, True]


def test_a_hole_is_not_bridged() -> None:
    rows = curve(chart(picture([1.0] * 10 + [np.nan] * 10 + [1.0] * 10), COLUMNS))

    assert not dots(rows[-1], slice(15, 25))
    assert dots(rows[-1], slice(0, 10))
    assert dots(rows[-1], slice(30, 40))


def test_nothing_measured_is_said() -> None:
    assert any("not measured" in line for line in chart(picture([np.nan, np.nan]), COLUMNS))


def test_the_onset_is_marked_under_its_column_and_in_the_curve() -> None:
    lines = chart(picture([1.0, 1.0, 2.0, 3.0]), COLUMNS)
    marked = next(line for line in lines if "▲ onset" in line)

    assert marked.index("▲") == LABEL_COLUMNS + 2 + COLUMNS // 4
    assert curve(lines)[0][COLUMNS // 4] == "┊"
    assert "01 Jan 01:00" in marked


def test_a_mark_at_the_end_does_not_leave_the_picture() -> None:
    lines = chart(picture([1.0, 2.0], marks=(("flagged", 4 * 3600.0),)), COLUMNS)

    assert max(map(len, lines)) <= LABEL_COLUMNS + 2 + COLUMNS
    assert any(line.endswith("▲") for line in lines)


def test_a_bound_within_the_range_is_drawn_and_named() -> None:
    inside, outside = (chart(picture([1.0, 10.0], bound), COLUMNS) for bound in (5.0, 50.0))

    assert any("╌" in line and line.endswith("5 B") for line in inside)
    assert not any("╌" in line for line in outside)


def test_many_values_keep_their_peaks() -> None:
    values = [1.0] * 5000
    values[2500] = 9.0

    assert dots(curve(chart(picture(values), COLUMNS))[0], slice(18, 22))


def test_hostile_names_neither_move_the_cursor_nor_break_the_document() -> None:
    hostile = picture([1.0, np.nan, 3.0], title="\x1b[31m<script>&", marks=(("<on>", 60.0),))

    assert "\x1b" not in "".join(chart(hostile, COLUMNS))
    text = svg(hostile)
    assert "<script>" not in text
    xml.dom.minidom.parseString(text)


@pytest.mark.parametrize("values", [[1.0], [np.nan], [0.0, 0.0], [1e12, 1.0, np.nan, 3.0]])
def test_every_series_can_be_drawn(values: list[float]) -> None:
    assert chart(picture(values), COLUMNS)
    xml.dom.minidom.parseString(svg(picture(values, bound=2.0)))


def test_holes_end_a_line_of_the_svg() -> None:
    assert svg(picture([1.0, 2.0, np.nan, 3.0, 4.0])).count("<polyline") == 2
