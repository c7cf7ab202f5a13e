"""What is told of every row of a batch, as plain figures in lists.

Exists because a look into an array costs more than the figure is worth, ten thousand times over. Takes out what was
computed, and the level of load beside it; must not judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memdrift.drift.assessment import Assessment
from memdrift.drift.batch import Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.explanation import fewest_load_blocks
from memdrift.drift.judgements import Judgements
from memdrift.drift.stretch import Stretch


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """One figure per row; without meaning where no memory was measured.

    Attributes:
        grows: whether there is a trend that matters.
        onset_seconds: from the window's beginning to the first judged block of the growth.
        growth_bytes, growth_percents, span_seconds: since the onset.
        hourly_bytes: low, middle and high.
        limits_seconds: to the limit for people: low, middle and high.
        latencies: recent ones, in milliseconds; None where unknown.
        loads: of the youngest quarter since the onset, per second; None where unknown.
        load_changes: against the first quarter, in percent; None where unknown.
    """

    grows: list[bool]
    onset_seconds: list[float]
    growth_bytes: list[float]
    growth_percents: list[float]
    span_seconds: list[float]
    hourly_bytes: list[list[float]]
    limits_seconds: list[list[float]]
    latencies: list[float | None]
    loads: list[float | None]
    load_changes: list[float | None]

    @classmethod
    def of(cls, judgements: Judgements) -> Columns:
        """The figures of all rows."""
        seconds, assessments, gathered = judgements.block_seconds, judgements.assessments, judgements.gathered
        levels = [_load_levels(each.growth.stretch) for each in assessments]
        hourly = [
            gathered([each.growth.slopes[bound] * 3600.0 / seconds for each in assessments]) for bound in (0, 1, 2)
        ]
        limits = [gathered([each.limits[bound] for each in assessments]) for bound in (0, 1, 2)]
        grows = gathered([each.grows.astype(np.float64) for each in assessments])
        return cls(
            grows=[each == 1.0 for each in grows.tolist()],
            onset_seconds=gathered([seconds * _onsets(each) for each in assessments]).tolist(),
            growth_bytes=judgements.growth_bytes.tolist(),
            growth_percents=judgements.growth_percents.tolist(),
            span_seconds=gathered([(each.growth.span_blocks + 1) * seconds for each in assessments]).tolist(),
            hourly_bytes=np.stack(hourly, axis=1).tolist(),
            limits_seconds=np.stack(limits, axis=1).tolist(),
            latencies=known_figures(gathered([each.latencies for each in assessments])),
            loads=known_figures(gathered([last for last, _ in levels])),
            load_changes=known_figures(gathered([change for _, change in levels])),
        )


def _onsets(assessment: Assessment) -> Floats:
    """The first judged block of the growth, counted from the window's first."""
    missing = np.argmax(assessment.growth.stretch.present, axis=1)
    return np.asarray(assessment.onset_blocks + missing, dtype=np.float64)


def _load_levels(stretch: Stretch) -> tuple[Floats, Floats]:
    """The load of the youngest quarter, and its change in percent against the first one; NaN where unknown."""
    finite = np.isfinite(stretch.load)
    enough = np.array([fewest_load_blocks(int(length)) for length in stretch.lengths])
    known: Bools = np.asarray(finite.sum(axis=2) >= enough[:, None])
    total = np.where(known[:, :, None], stretch.load, 0.0).sum(axis=1)
    there = np.isfinite(total) & np.asarray(known.any(axis=1))[:, None]
    counts = there.sum(axis=1)
    last, first = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    for count in np.unique(counts[counts > 0]).tolist():
        rows = np.flatnonzero(counts == count)
        levels = total[rows][there[rows]].reshape(len(rows), count)
        quarter = max(count // 4, 1)
        first[rows] = np.median(levels[:, :quarter], axis=1)
        last[rows] = np.median(levels[:, -quarter:], axis=1)
    change = np.divide(100.0 * (last - first), first, out=np.full(len(counts), np.nan), where=first > 0)
    return last, change


def known_figures(values: Floats) -> list[float | None]:
    """Plain figures; None where there is none."""
    return [value if known else None for value, known in zip(values.tolist(), np.isfinite(values), strict=True)]
