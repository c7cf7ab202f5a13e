"""The finding in words: what grew, who holds it, at which version, and which version did not.

Exists so that condition, ticket and page say the same. Must not add anything the figures do not say; names in it come
from the profiled process, so whoever shows it in HTML or Markdown escapes it there.
"""

from __future__ import annotations

from collections.abc import Iterable

from memdrift.evidence.findings import ModuleChange, Suspect

_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
_NAMED_FUNCTIONS = 2


def bytes_for_people(value: int) -> str:
    """A size with one decimal in the largest binary unit that fits: `56.1 MiB`, `58 MiB`, `512 B`."""
    for unit, size in _UNITS:
        if abs(value) >= size:
            return f"{value / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{value} B"


def _holder(leading: Suspect, of_module: list[Suspect]) -> str:
    kinds = dict.fromkeys(suspect.retained_by for suspect in of_module[:_NAMED_FUNCTIONS] if suspect.retained_by)
    kind = f" ({', '.join(kinds)})" if kinds else ""
    if len(of_module) == 1:
        held_by = leading.function + kind
    else:
        named = [suspect.function for suspect in of_module[:_NAMED_FUNCTIONS]]
        held_by = " and ".join(named) + kind
    if leading.version:
        return f"{held_by}, {leading.module} {leading.version}"
    if leading.module and not leading.function.startswith(("main.", leading.module)):
        return f"{held_by}, {leading.module}, version unknown"
    return held_by


def _change(module: str, changes: Iterable[ModuleChange]) -> str:
    for change in changes:
        if change.module == module:
            return f"; the last healthy revision had {change.before}"
    return ""


def suspects_sentence(
    total_bytes: int, suspects: tuple[Suspect, ...], changes: tuple[ModuleChange, ...], *, is_growth: bool
) -> str:
    """Who holds the largest part of `total_bytes`, which is growth, or all in use where nothing is compared."""
    what = "growth" if is_growth else "in use"
    if not suspects:
        return f"no function outside the Go runtime holds the {bytes_for_people(total_bytes)} {what}"
    leading = suspects[0]
    # Functions of one dependency are told together: the module is what somebody can change.
    same = [suspect for suspect in suspects if suspect.module == leading.module and suspect.version] or [leading]
    held = sum(suspect.growth_bytes for suspect in same)
    percent = min(100.0, 100.0 * held / total_bytes) if total_bytes > 0 else 0.0
    return (
        f"{bytes_for_people(held)} of {bytes_for_people(total_bytes)} {what} ({percent:.0f} %) is held by "
        f"{_holder(leading, same)}{_change(leading.module, changes)}"
    )


def goroutines_sentence(growing: tuple[tuple[str, int], ...], at_least: int) -> str:
    """The largest growth of goroutines, where it is at least so many; else ""."""
    if not growing or growing[0][1] < at_least:
        return ""
    entry, number = growing[0]
    return f"{number} more goroutines were started with {entry}"


def explained_sentence(explained_percent: float | None) -> str:
    """How much of the metric's growth the profiles account for; "" where that is unknown."""
    return "" if explained_percent is None else f"the profiles explain {explained_percent:.0f} % of the memory's growth"
