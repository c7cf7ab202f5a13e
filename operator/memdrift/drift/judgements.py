"""Verdicts on many rows as arrays of codes, and what each of them rests on.

Exists because figures are wanted for a whole fleet or a whole past, and objects only where somebody reads. Holds and
looks up; must not judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memdrift.drift.assessment import CODES, GATES, MEASURED, Assessment
from memdrift.drift.batch import Bools, Indices
from memdrift.drift.blocks import Floats
from memdrift.drift.gates import FAILED, GateRows
from memdrift.drift.verdict import Gate, GrowthKind, VerdictKind, VerdictReason

KINDS = tuple(VerdictKind)
GROWTH_KINDS = tuple(GrowthKind)
UNMEASURED = [
    CODES[reason] for reason in (VerdictReason.TOO_YOUNG, VerdictReason.COVERAGE_LOW, VerdictReason.NO_SERIES)
]
"""Codes of the reasons why only the first gates were asked."""

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Judgements:
    """One verdict per row; arrays of shape (rows,) unless said.

    Attributes:
        kinds, reasons, growth_kinds: codes of `KINDS`, `REASONS` and `GROWTH_KINDS`.
        on_heap: whether live heap was judged; resident memory otherwise.
        assessments: what each row's verdict rests on: an assessment and the row in it.
        which: the number of each row's assessment; -1 where no memory exists.
        position: its row there.
        memory_bytes, resident_bytes: of the youngest block.
    """

    block_seconds: int
    kinds: Codes
    reasons: Codes
    growth_kinds: Codes
    on_heap: Bools
    assessments: tuple[Assessment, ...]
    which: Indices
    position: Indices
    memory_bytes: Floats
    resident_bytes: Floats

    def assessment(self, row: int) -> tuple[Assessment, int] | None:
        """What the row's verdict rests on."""
        number = int(self.which[row])
        return None if number < 0 else (self.assessments[number], int(self.position[row]))

    def gates_of(self, row: int) -> tuple[Gate, ...]:
        """The gates of one row that were asked, with sentences."""
        found = self.assessment(row)
        if found is None:
            return ()
        assessment, local = found
        asked = GATES if self.reasons[row] not in UNMEASURED else MEASURED
        return tuple(gate.of(local) for gate in assessment.gates if gate.name in asked)

    def refusal_of(self, row: int) -> Gate | None:
        """The first gate of one row that failed, with its sentence; None where none did."""
        found = self.assessment(row)
        if found is None:
            return None
        assessment, local = found
        asked = GATES if self.reasons[row] not in UNMEASURED else MEASURED
        refusing = (gate for gate in assessment.gates if gate.name in asked and gate.answers[local] == FAILED)
        return next((gate.of(local) for gate in refusing), None)

    def figures(self, gate: str) -> Floats:
        """A gate's figure in every row; NaN where it was not asked."""
        return self.gathered([named(each.gates, gate).figures for each in self.assessments])

    def passed(self, gate: str) -> Bools:
        """Which rows pass a gate."""
        answers = [named(each.gates, gate).answers.astype(np.float64) for each in self.assessments]
        return np.asarray(self.gathered(answers) == 1)

    @property
    def slopes(self) -> Floats:
        """Bytes per second since the onset: low, middle and high, shape (3, rows)."""
        parts = [np.stack(each.growth.slopes) / self.block_seconds for each in self.assessments]
        return np.stack([self.gathered([part[bound] for part in parts]) for bound in range(3)])

    @property
    def growth_bytes(self) -> Floats:
        """From the onset to the end of the window."""
        return self.gathered([each.growth.amounts for each in self.assessments])

    @property
    def growth_percents(self) -> Floats:
        """The same, of the memory at the onset."""
        return self.gathered([each.growth.percents_of_start for each in self.assessments])

    @property
    def onset_seconds(self) -> Floats:
        """From the window's beginning to the onset."""
        return self.gathered([each.onset_blocks.astype(np.float64) * self.block_seconds for each in self.assessments])

    def gathered(self, parts: list[Floats]) -> Floats:
        """One figure per row from each assessment's own rows; NaN where a row has no assessment."""
        found = np.full(len(self.kinds), np.nan)
        for number, part in enumerate(parts):
            rows = self.which == number
            found[rows] = part[self.position[rows]]
        return found


def named(gates: tuple[GateRows, ...], name: str) -> GateRows:
    """A gate by its name."""
    return gates[GATES.index(name)]
