"""The finding in words: what grew, who holds it, at which version, and which version did not.

Exists so that condition, ticket and page say the same. Must not add anything the figures do not say; names in it come
from the profiled process, so whoever shows it in HTML or Markdown escapes it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memdrift.evidence.leaks import Cluster, ModuleChange, Suspect

_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
_NAMED_FUNCTIONS = 2


def bytes_for_people(value: int) -> str:
    """A size with one decimal in the largest binary unit that fits: `56.1 MiB`, `58 MiB`, `512 B`."""
    for unit, size in _UNITS:
        if abs(value) >= size:
            return f"{value / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{value} B"


def rate_for_people(bytes_per_hour: float | None) -> str:
    """`, 61 MiB per hour` after a size; "" where the rate is not known."""
    return "" if bytes_per_hour is None else f", {bytes_for_people(round(bytes_per_hour))} per hour"


def _holder(leading: Suspect, of_module: list[Suspect]) -> str:
    kinds = dict.fromkeys(suspect.retained_by for suspect in of_module[:_NAMED_FUNCTIONS] if suspect.retained_by)
    words = [", ".join(kinds)] if kinds else []
    words += [f"made in {leading.made_by}"] if leading.made_by else []
    words += [f"called by {leading.called_by}"] if leading.called_by else []
    kind = f" ({'; '.join(words)})" if words else ""
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
        if change.module == module and change.before:
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
    rates = [suspect.growth_bytes_per_hour for suspect in same if suspect.growth_bytes_per_hour is not None]
    rate = rate_for_people(sum(rates)) if rates else ""
    return (
        f"{bytes_for_people(held)} of {bytes_for_people(total_bytes)} {what} ({percent:.0f} %{rate}) is held by "
        f"{_holder(leading, same)}{_change(leading.module, changes)}"
    )


def goroutines_sentence(growing: tuple[tuple[str, int], ...], at_least: int) -> str:
    """The largest growth of goroutines, where it is at least so many; else ""."""
    if not growing or growing[0][1] < at_least:
        return ""
    entry, number = growing[0]
    return f"{number} more goroutines were started with {entry}"


def leaked_sentence(leaked: tuple[tuple[str, int], ...]) -> str:
    """Goroutines that the runtime knows to be blocked for ever; "" where there is none."""
    if not leaked:
        return ""
    entry, number = leaked[0]
    return (
        f"{number} goroutines started with {entry} are blocked for ever, as the runtime's goroutineleak profile proves"
    )


def explained_sentence(explained_percent: float | None) -> str:
    """How much of the metric's growth the profiles account for; "" where that is unknown."""
    return "" if explained_percent is None else f"the profiles explain {explained_percent:.0f} % of the memory's growth"


def others_sentence(clusters: Sequence[Cluster]) -> str:
    """The leaks beside the leading one; "" where there is only one."""
    if len(clusters) < 2:
        return ""
    named = ", ".join(f"{each.owner} ({each.share_percent:.0f} %)" for each in clusters[1:])
    return f"a second leak, or more, grows at the same time: {named}"


def native_sentence(growth_bytes: int, metric_growth_bytes: float) -> str:
    """Growth that the heap does not account for."""
    held = f"grew by {bytes_for_people(growth_bytes)}" if growth_bytes > 0 else "is flat"
    return (
        f"resident memory grew by {bytes_for_people(round(metric_growth_bytes))} while the heap {held}: the growth is "
        "outside the Go heap (Native)"
    )
