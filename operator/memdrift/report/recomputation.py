"""A decision bundle judged again, and every figure that came out differently.

Exists to hold the promise that every number shown can be recomputed from what is stored. Judges by the detector's front
door only; must not read files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memdrift.drift.judge import judge
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import Verdict
from memdrift.report.bundle import Bundle, stored_form

TOLERANCE = 1e-9
"""Relative: another processor may sum in another order."""
_IDENTITIES = (("pod", "uid", "started_at"), ("container",), ("name",))
"""What tells entries of a list apart: pods, verdicts, gates."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure or word that is not what was stored.

    Attributes:
        place: which verdict, pod, gate and field.
        stored, again: "-" where it is missing.
    """

    place: str
    stored: str
    again: str


def recomputed(bundle: Bundle, policy: DetectionPolicy | None = None) -> tuple[Verdict, ...]:
    """The verdicts from the bundle's measurements, by its own policy unless another one is given.

    Raises:
        ValueError: the bundle holds no window.
    """
    return judge(bundle.windows, policy or bundle.policy or DetectionPolicy())


def differences(bundle: Bundle, again: Sequence[Verdict]) -> tuple[Difference, ...]:
    """Figure by figure; a field that the stored verdict does not have yet is no difference."""
    return tuple(_between("", list(bundle.verdicts), stored_form(again)))


def _between(place: str, stored: Any, again: Any) -> Iterator[Difference]:  # noqa: ANN401 - JSON
    if isinstance(stored, Mapping) and isinstance(again, Mapping):
        for name, value in stored.items():
            yield from _between(f"{place} {name}".strip(), value, again.get(name))
    elif isinstance(stored, list) and isinstance(again, list):
        yield from _between_lists(place, stored, again)
    elif not _same(stored, again):
        yield Difference(place, _shown(stored), _shown(again))


def _between_lists(place: str, stored: list[Any], again: list[Any]) -> Iterator[Difference]:
    theirs, ours = _named(stored), _named(again)
    for name in dict.fromkeys([*theirs, *ours]):
        where = f"{place} {name}".strip()
        if name in theirs and name in ours:
            yield from _between(where, theirs[name], ours[name])
        else:
            yield Difference(where, "stored" if name in theirs else "-", "computed" if name in ours else "-")


def _named(entries: list[Any]) -> dict[str, Any]:
    """The entries by what they are about, else by their position; a name that comes again is numbered."""
    found: dict[str, Any] = {}
    for number, entry in enumerate(entries):
        name = _name(entry) or str(number)
        found[name if name not in found else f"{name} #{number}"] = entry
    return found


def _name(entry: Any) -> str:  # noqa: ANN401 - JSON
    if not isinstance(entry, Mapping):
        return ""
    for identity in _IDENTITIES:
        if all(part in entry for part in identity):
            return "/".join(str(entry[part]) for part in identity)
    return ""


def _same(stored: Any, again: Any) -> bool:  # noqa: ANN401 - JSON
    numbers = [isinstance(each, int | float) and not isinstance(each, bool) for each in (stored, again)]
    if all(numbers):
        return math.isclose(stored, again, rel_tol=TOLERANCE) or (math.isnan(stored) and math.isnan(again))
    return bool(stored == again)


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
