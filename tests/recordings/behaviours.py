"""What is recorded: the nine behaviours, the three load levels, and how load develops beside each.

Exists as the one table that programs, load, files and manifest follow. Must not start anything.
"""

from dataclasses import dataclass
from typing import Literal

Label = Literal["leak", "steady"]


@dataclass(frozen=True)
class Level:
    """A mean rate of requests."""

    name: str
    requests_per_second: float


@dataclass(frozen=True)
class Trend:
    """Factors on the level's rate: from the start, in a line, to a share of the recording, then constant."""

    start: float = 1.0
    end: float = 1.0
    reached_at_share: float = 1.0


@dataclass(frozen=True)
class Behaviour:
    """One behaviour of the Go program.

    Attributes:
        name: as the program's `-behaviour` knows it.
        onset_shares: when a leak begins, as a share of the recording, by level; empty for a healthy program.
        period_seconds: length of the sine that the load follows.
    """

    name: str
    label: Label
    note: str
    trend: Trend = Trend()
    period_seconds: int = 120
    onset_shares: tuple[float, ...] = ()

    def onset_seconds(self, level: Level, seconds: int) -> float | None:
        """Seconds from the start of a recording of this length to the leak's onset; None for a healthy program."""
        return round(self.onset_shares[LEVELS.index(level)] * seconds, 1) if self.onset_shares else None


LEVELS = (Level("low", 20), Level("middle", 40), Level("high", 80))
SWING = 0.2
"""The sine's half height as a share of the rate."""

FALLING = Trend(1.15, 0.8)
BEHAVIOURS = (
    Behaviour("context_children", "leak", "child contexts never cancelled, load falls", FALLING, 130, (0.1, 0.4, 0.1)),
    Behaviour("goroutines", "leak", "hedged call whose loser waits for ever", Trend(), 110, (0.1, 0.1, 0.4)),
    Behaviour("growing_map", "leak", "answers remembered for ever, load falls", FALLING, 140, (0.1, 0.4, 0.1)),
    Behaviour("unclosed_body", "leak", "HTTP response bodies neither read nor closed", Trend(), 125, (0.1, 0.1, 0.4)),
    Behaviour("warming_cache", "steady", "bounded LRU cache fills up", Trend(), 115),
    Behaviour("gc_sawtooth", "steady", "much garbage, collected seldom, and a batch that is flushed", Trend(), 135),
    Behaviour("load_driven", "steady", "memory per request at work, load doubles", Trend(0.65, 1.35), 120),
    Behaviour("growing_pool", "steady", "pool grows to the highest concurrency seen", Trend(0.6, 1.1, 0.4), 105),
    Behaviour("page_cache", "steady", "page cache of a growing file, heap and resident memory stay", Trend(), 145),
)
UPSTREAM = "upstream"
"""The behaviour of the program that `unclosed_body` asks; it is not recorded."""
