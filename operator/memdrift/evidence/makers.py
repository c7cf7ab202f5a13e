"""Functions of our own that only make memory for their callers, and who keeps what they made.

Exists because such a function is on top of every leak that goes through it, and is to blame for none of them: two leaks
of one program would look like one. Must not touch what the standard library or a dependency makes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

HELD_SHARE = 0.02
"""A caller that holds less than this of what it was given holds nothing to speak of: it only passes by."""
SHARE_OF_CALLER = 0.2
"""A caller for whom less than this was made is left aside."""
CALLERS_LOOKED_AT = 2

Lineage = tuple[str, ...]
"""An own function and its nearest own callers, normalised, innermost first."""


def handed_over(
    lineages: Mapping[Lineage, int], makers: Collection[str], held: Mapping[str, int], running: Collection[str]
) -> Iterator[tuple[str, str, int]]:
    """Maker, keeper and growth of what was made for callers that keep something themselves, or still run.

    Args:
        lineages: growth by own function and its own callers.
        makers: functions that show no sign of keeping anything.
        held: growth by the function that allocated it.
        running: functions of growing goroutines.
    """
    made: dict[str, int] = {}
    for line, value in lineages.items():
        made[line[0]] = made.get(line[0], 0) + max(0, value)
    for (maker, keeper), value in _by_keeper(lineages, held, running).items():
        if maker not in makers or value <= 0 or value < SHARE_OF_CALLER * made[maker]:
            continue
        if keeper in running or held.get(keeper, 0) >= HELD_SHARE * value:
            yield maker, keeper, value


def _by_keeper(
    lineages: Mapping[Lineage, int], held: Mapping[str, int], running: Collection[str]
) -> dict[tuple[str, str], int]:
    """Growth by maker and the nearest caller that keeps something; where none does, by maker and its direct caller."""
    pairs: dict[tuple[str, str], int] = {}
    direct: dict[Lineage, int] = {}
    for line, value in lineages.items():
        direct[line[:2]] = direct.get(line[:2], 0) + value
    for line, value in lineages.items():
        least = HELD_SHARE * max(direct[line[:2]], 1)
        callers = [name for name in line[1:] if name != line[0]]  # a function that calls itself is not its own keeper
        keepers = [name for name in callers if name in running or held.get(name, 0) >= least]
        for caller in keepers[:1] or line[1:2]:
            pairs[line[0], caller] = pairs.get((line[0], caller), 0) + value
    return pairs
