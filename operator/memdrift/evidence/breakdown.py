"""The growth by function, file or module, as rows: flat, cumulative, and what is held now.

Exists so that terminal, JSON and tests read the same figures. Must not format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from heapq import nsmallest
from typing import NamedTuple

from memdrift.evidence.contrast import Contrast
from memdrift.evidence.modules import OriginKind, Origins
from memdrift.evidence.stacks import cumulative_by, cumulative_by_function, flat_by, flat_by_function

STANDARD, UNKNOWN = "(standard library)", "(unknown)"


class By(StrEnum):
    """What a row is."""

    FUNCTION = "function"
    FILE = "file"
    MODULE = "module"


class Row(NamedTuple):
    """One function, file or module.

    Attributes:
        flat: change of what it holds itself.
        cumulative: change of what it and everything it called hold.
        now: what it holds itself now.
        module, version: where it is from; "" where unknown.
    """

    name: str
    flat: int
    cumulative: int
    now: int
    module: str
    version: str


def rows(contrast: Contrast, by: By, most: int, *, cumulative_first: bool = False) -> list[Row]:
    """What changed most, the largest change first whether it grew or shrank, ties by name."""
    place_of = places(contrast.origins, by)
    grown = contrast.growth.bytes_by_stack
    if by is By.FUNCTION:
        flat, cumulative = flat_by_function(grown), cumulative_by_function(grown)
    else:
        flat, cumulative = flat_by(grown, place_of), cumulative_by(grown, place_of)
    now = flat_by(contrast.now.totals, place_of)
    described = _describing(contrast.origins, by)
    order = (cumulative, flat) if cumulative_first else (flat, cumulative)

    def largest_first(name: str) -> tuple[int, int, str]:
        return -abs(order[0].get(name, 0)), -abs(order[1].get(name, 0)), name

    return [
        Row(name, flat.get(name, 0), cumulative.get(name, 0), now.get(name, 0), *described(name))
        for name in nsmallest(most, flat.keys() | cumulative.keys(), key=largest_first)
    ]


def places(origins: Origins, by: By) -> Mapping[str, str]:
    """The file or module of every function, or the function itself."""
    if by is By.FUNCTION:
        return {function: function for function in origins.files}
    if by is By.FILE:
        return {function: file or UNKNOWN for function, file in origins.files.items()}
    return {function: module_of(function, origins) for function in origins.files}


def module_of(function: str, origins: Origins) -> str:
    """The module in words: the standard library and unknown ones have names of their own."""
    origin = origins.origin(function)
    if origin.kind is OriginKind.STANDARD:
        return STANDARD
    return origin.module or UNKNOWN


def _describing(origins: Origins, by: By) -> Callable[[str], tuple[str, str]]:
    if by is By.FUNCTION:
        return lambda function: (module_of(function, origins), origins.origin(function).version)
    if by is By.MODULE:
        return lambda module: (module, origins.versions.get(module, ""))
    of_files = {file: function for function, file in origins.files.items()}
    return lambda file: (
        (module_of(of_files[file], origins), origins.origin(of_files[file]).version) if file in of_files else ("", "")
    )
