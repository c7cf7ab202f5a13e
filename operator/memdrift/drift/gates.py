"""A gate's answer for many rows, and for one of them in words.

Exists because figures are wanted for every row and sentences only where somebody reads. Holds answers; must not judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memdrift.drift.batch import Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.verdict import Gate

PASSED, FAILED, NOT_ASKED = 1, 0, -1

Answers = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class GateRows:
    """One question put to many rows.

    Attributes:
        name: see `verdict.Gate`.
        figures, thresholds: shape (rows,), in `unit`; NaN where there is none.
        answers: `PASSED`, `FAILED` or `NOT_ASKED`, shape (rows,).
        say: the sentence for one row.
    """

    name: str
    unit: str
    figures: Floats
    thresholds: Floats
    answers: Answers
    say: Callable[[int], str]

    @property
    def passed(self) -> Bools:
        """Which rows passed; a row that was not asked did not."""
        return np.asarray(self.answers == PASSED)

    def ablated(self) -> GateRows:
        """The same figures, but every row passes: what the verdict would be without this gate."""
        answers = np.full(len(self.answers), PASSED, dtype=np.int8)
        return GateRows(self.name, self.unit, self.figures, self.thresholds, answers, self.say)

    def of(self, row: int) -> Gate:
        """The gate of one row, with its sentence."""
        answer = int(self.answers[row])
        return Gate(
            name=self.name,
            figure=_number(self.figures[row]),
            threshold=_number(self.thresholds[row]),
            unit=self.unit,
            passed=None if answer == NOT_ASKED else answer == PASSED,
            sentence=self.say(row),
        )


def gate_rows(
    name: str,
    unit: str,
    figures: Floats,
    thresholds: Floats | float,
    passed: Bools,
    say: Callable[[int], str],
    asked: Bools | None = None,
) -> GateRows:
    """A gate with one threshold for all rows, or one for each; rows that were not asked have no figure."""
    answers = passed.astype(np.int8)
    if asked is not None:
        answers = np.where(asked, answers, np.int8(NOT_ASKED)).astype(np.int8)
        figures = np.where(asked, figures, np.nan)
    return GateRows(
        name, unit, figures, np.broadcast_to(np.asarray(thresholds, dtype=float), figures.shape), answers, say
    )


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
