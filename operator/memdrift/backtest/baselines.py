"""What people use today, on the same blocks, windows and persistence as ours, so that only the rule differs.

Exists so that a claim to be better can be repeated. Each rule is the published or usual one; where it needs a limit and
none is recorded it stays silent, which counts for it. Rows that ours would call unmeasured are unmeasured here too.
Must not be tuned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memdrift.backtest.replay import Judge
from memdrift.drift.assessment import CODES
from memdrift.drift.batch import Batch, Bools, Indices
from memdrift.drift.blocks import Floats
from memdrift.drift.coverage import age_gate, coverage_gate, gap_gate
from memdrift.drift.judgements import KINDS
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.stretch import stretch_of
from memdrift.drift.verdict import VerdictKind, VerdictReason

MannKendall = Callable[[Floats], tuple[float, float, float]]
"""Values without holes in, p, z and Sen's slope per step out: `pymannkendall.original_test`."""

MATERIAL_PERCENT = 5.0
PREDICTED_SECONDS = 86_400.0
LBR_R_SQUARED = 0.8
LBR_CRITICAL_SECONDS = 7 * 86_400.0
"""How far ahead Precog looks for the limit (arXiv 2106.08938)."""
LBR_FEWEST_BLOCKS = 8
COROOT_DROP_SHARE = 0.5
COROOT_PERCENT_PER_HOUR = 10.0
COROOT_FEWEST_BLOCKS = 10
_HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What a rule sees: block medians after the warm-up, NaN where a block is missing, and behind the last one.

    Attributes:
        hours: middle of each block since the stretch began, shape (blocks,).
        limits: bytes, NaN where there is none, shape (rows,).
    """

    medians: Floats
    hours: Floats
    window_hours: float
    limits: Floats


Rule = Callable[[Rows], Bools]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A rule's verdicts, in the codes of `drift.judgement`."""

    kinds: npt.NDArray[np.int8]
    reasons: npt.NDArray[np.int8]


def baselines(mann_kendall: MannKendall) -> Mapping[str, Judge]:
    """Every rule as a judge, by its name."""
    seen: dict[bytes, tuple[float, float, float]] = {}

    def tested(rows: Rows) -> Floats:
        found = []
        for medians in rows.medians:
            key = medians.tobytes()
            if key not in seen:
                seen[key] = mann_kendall(medians[np.isfinite(medians)])
            found.append(seen[key])
        return np.array(found).reshape(-1, 3)

    rules: dict[str, Rule] = {
        "mann-kendall p < .05": lambda rows: _significant(tested(rows), 0.05),
        "mann-kendall p < .001, sen >= 5 %": lambda rows: _significant_and_material(tested(rows), rows),
        "deriv > 5 % per window": lambda rows: _material(_line(rows).slopes, rows),
        "predict_linear 24 h > limit": _predicted,
        "lbr r2 > .8 reaches limit": _backward_regression,
        "coroot >= 10 %/h": _coroot,
    }
    return {name: _judge(rule) for name, rule in rules.items()}


def _judge(rule: Rule) -> Judge:
    steady, drifting, unknown = (
        KINDS.index(kind) for kind in (VerdictKind.STEADY, VerdictKind.DRIFTING, VerdictKind.UNKNOWN)
    )

    def judge(batch: Batch, policy: DetectionPolicy) -> Answers:
        kinds = np.full(batch.size, unknown, dtype=np.int8)
        reasons = np.full(batch.size, CODES[VerdictReason.COVERAGE_LOW], dtype=np.int8)
        measured, rows = _rows(batch, policy)
        if len(measured):
            kinds[measured] = np.where(rule(rows), drifting, steady)
        return Answers(kinds, reasons)

    return judge


def _rows(batch: Batch, policy: DetectionPolicy) -> tuple[Indices, Rows]:
    """The rows that were measured well enough, by the detector's own gates."""
    memory = batch.live_heap or batch.resident
    hours = np.asarray((np.arange(batch.blocks) + 0.5) * batch.block_seconds / _HOUR_SECONDS, dtype=np.float64)
    if memory is None:
        return np.empty(0, np.intp), Rows(np.empty((0, batch.blocks)), hours, 1.0, np.empty(0))
    stretch = stretch_of(batch, memory, policy.warm_up_seconds, np.zeros(batch.size, bool))
    gates = (age_gate(stretch, batch.window_seconds), coverage_gate(stretch, policy), gap_gate(stretch))
    measured = np.flatnonzero(np.logical_and.reduce([gate.passed for gate in gates]))
    window_hours = batch.window_seconds / _HOUR_SECONDS
    return measured, Rows(stretch.middle[measured], hours, window_hours, batch.limits[measured])


def _significant(tests: Floats, p: float) -> Bools:
    return np.asarray((tests[:, 0] < p) & (tests[:, 1] > 0))


def _significant_and_material(tests: Floats, rows: Rows) -> Bools:
    step_hours = rows.hours[1] - rows.hours[0]
    return _significant(tests, 0.001) & _material(tests[:, 2] / step_hours, rows)


def _material(bytes_per_hour: Floats, rows: Rows) -> Bools:
    grown = bytes_per_hour * rows.window_hours
    return np.asarray((grown > 0) & (100.0 * grown > MATERIAL_PERCENT * np.nanmedian(rows.medians, axis=1)))


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Least squares per row: bytes per hour, bytes at the youngest block, share of the variance explained."""

    slopes: Floats
    ends: Floats
    r_squared: Floats


def _line(rows: Rows, kept: Bools | None = None) -> _Lines:
    there = np.isfinite(rows.medians) if kept is None else np.isfinite(rows.medians) & kept
    count = np.maximum(there.sum(axis=1), 1)
    times = np.where(there, rows.hours, 0.0)
    values = np.where(there, rows.medians, 0.0)
    middle, mean = times.sum(axis=1) / count, values.sum(axis=1) / count
    moved = np.where(there, times - middle[:, None], 0.0)
    left = np.where(there, values - mean[:, None], 0.0)
    spread, total = (moved**2).sum(axis=1), (left**2).sum(axis=1)
    slopes = np.divide((moved * left).sum(axis=1), spread, out=np.zeros(len(count)), where=spread > 0)
    r_squared = np.divide(slopes**2 * spread, total, out=np.zeros(len(count)), where=total > 0)
    last = np.where(there, rows.hours, -np.inf).max(axis=1)
    return _Lines(slopes, mean + slopes * (last - middle), r_squared)


def _predicted(rows: Rows) -> Bools:
    line = _line(rows)
    return np.asarray(line.ends + line.slopes * PREDICTED_SECONDS / _HOUR_SECONDS > rows.limits)


def _backward_regression(rows: Rows) -> Bools:
    """Precog's linear backward regression: of the lines that end now, the one that explains most."""
    there = np.isfinite(rows.medians)
    from_the_end = np.cumsum(there[:, ::-1], axis=1)[:, ::-1]
    slopes, ends, best = (np.zeros(len(there)) for _ in range(3))
    for blocks in range(LBR_FEWEST_BLOCKS, there.shape[1] + 1):
        line = _line(rows, from_the_end <= blocks)
        better = (line.r_squared > best) & (from_the_end[:, 0] >= blocks)
        slopes, ends, best = (
            np.where(better, new, old)
            for new, old in ((line.slopes, slopes), (line.ends, ends), (line.r_squared, best))
        )
    reached = ends + slopes * LBR_CRITICAL_SECONDS / _HOUR_SECONDS >= rows.limits
    return np.asarray((best > LBR_R_SQUARED) & (slopes > 0) & reached)


def _coroot(rows: Rows) -> Bools:
    """The longest run without a drop by half, of at least ten points, whose last quarter still climbs."""
    return np.array([_climbs(medians[np.isfinite(medians)], rows.hours) for medians in rows.medians], dtype=bool)


def _climbs(values: Floats, hours: Floats) -> bool:
    drops = np.flatnonzero(values[1:] < COROOT_DROP_SHARE * values[:-1]) + 1
    run = max(np.split(values, drops), key=len)
    if len(run) < COROOT_FEWEST_BLOCKS:
        return False
    quarter = len(run) // 4
    if run[-quarter:].mean() <= run[-2 * quarter : -quarter].mean():
        return False
    moved = hours[: len(run)] - hours[: len(run)].mean()
    slope = float((moved * (run - run.mean())).sum() / (moved**2).sum())
    return bool(100.0 * slope / run[0] >= COROOT_PERCENT_PER_HOUR)
