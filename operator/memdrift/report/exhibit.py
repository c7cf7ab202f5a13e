"""What a report shows beyond the incident's own status: the measured series and the growing stacks; and as JSON.

Exists because the resource is bounded and the measurements pass: what the pages and the ticket show later is kept in
the archive once, when the incident is filed. Must not measure or decode profiles.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from memdrift.report.panels import UNITS, Panel, Picture, unit_of

VERSION = 1
_LAST_MOMENT = 253_402_300_799.0
"""Of the format: fields are only ever added to it."""

GrownStack = tuple[tuple[str, ...], int]
"""Function names from the root to the allocation, and by how many bytes the stack grew."""


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """The measurements and stacks of one incident.

    Attributes:
        pictures: one per drifting pod, the worst first.
        stacks: growth of the worst pod's heap, negative where it shrank; empty where no profile could be compared.
        stacks_are: in words, what the stacks compare, or why there are none.
    """

    pictures: tuple[Picture, ...] = ()
    stacks: tuple[GrownStack, ...] = ()
    stacks_are: str = ""


def encode(exhibit: Exhibit) -> bytes:
    """UTF-8 JSON; missing measurements are null; every function name is written once."""
    names: dict[str, int] = {}
    stacks = [[[names.setdefault(frame, len(names)) for frame in frames], growth] for frames, growth in exhibit.stacks]
    document = {
        "version": VERSION,
        "pictures": [_picture(each) for each in exhibit.pictures],
        "functions": list(names),
        "stacks": stacks,
        "stacksAre": exhibit.stacks_are,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def decode(content: bytes) -> Exhibit:
    """What `encode` wrote.

    Raises:
        ValueError: not an exhibit of a version that is known here, or a broken one.
    """
    try:
        document = json.loads(content)
    except RecursionError as error:
        raise ValueError("an exhibit that is nested too deeply") from error
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ValueError(f"not an exhibit of version {VERSION}")
    try:
        functions = [str(name) for name in document["functions"]]
        return Exhibit(
            pictures=tuple(_restored(each) for each in document["pictures"]),
            stacks=tuple(
                (tuple(functions[index] for index in frames), int(growth)) for frames, growth in document["stacks"]
            ),
            stacks_are=str(document["stacksAre"]),
        )
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise ValueError(f"an exhibit that is not whole: {error!r}") from error


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "title": picture.title,
        "beganAt": picture.began_at,
        "endedAt": picture.ended_at,
        "marks": [list(mark) for mark in picture.marks],
        "panels": [
            {
                "name": panel.name,
                "unit": unit_of(panel),
                "bound": panel.bound,
                "values": [round(float(value), 6) if np.isfinite(value) else None for value in panel.values],
            }
            for panel in picture.panels
        ],
    }


def _restored(document: Mapping[str, Any]) -> Picture:
    return Picture(
        title=str(document["title"]),
        began_at=_moment(document["beganAt"]),
        ended_at=_moment(document["endedAt"]),
        marks=tuple((str(word), _moment(at)) for word, at in document["marks"]),
        panels=tuple(
            Panel(
                name=str(panel["name"]),
                values=np.array([np.nan if value is None else value for value in panel["values"]], dtype=np.float64),
                label=UNITS[panel["unit"]],
                bound=panel["bound"],
            )
            for panel in document["panels"]
        ),
    )


def _moment(value: float | str) -> float:
    """Epoch seconds that a calendar knows."""
    seconds = float(value)
    if not 0.0 <= seconds <= _LAST_MOMENT:
        raise ValueError(f"{seconds:g} is no moment between 1970 and 9999")
    return seconds
