"""How much may be asked in a time: so many a second, and some seconds' worth at once.

Exists so that nobody's questions become load on the API server. Must not know what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Allowance:
    """Fills by so many a second, up to what may come at once; full at its beginning."""

    per_second: float
    at_once: float
    refilled_at: float
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.at_once

    def take(self, now: float, reserve: float = 0.0) -> bool:
        """Take one, unless fewer than the reserve were left then."""
        self.left = min(self.left + (now - self.refilled_at) * self.per_second, self.at_once)
        self.refilled_at = now
        if self.left < 1 + reserve:
            return False
        self.left -= 1
        return True
