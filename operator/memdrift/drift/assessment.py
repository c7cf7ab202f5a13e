"""One memory of many lives, put through every gate.

Exists so that live heap and resident memory are asked exactly the same questions. Judges one memory; which memory
decides is not its business.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memdrift.drift.batch import BandRows, Batch, Bools, Indices
from memdrift.drift.blocks import Floats
from memdrift.drift.buckets import buckets_of
from memdrift.drift.coverage import age_gate, coverage_gate, gap_gate
from memdrift.drift.explanation import not_explained_by_load_gate
from memdrift.drift.gates import NOT_ASKED, GateRows
from memdrift.drift.growth import Growth, growth_since_onset, material_gate, onset_gate, trend_gate, trends_since_onset
from memdrift.drift.impact import latency_objective_gate, latency_rises_gate, recent_latency, worth_relieving_gate
from memdrift.drift.novelty import new_high_gate
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.projection import seconds_to_limits
from memdrift.drift.settling import settled_gate
from memdrift.drift.shapes import line_not_step_gate, not_saturating_gate, still_growing_gate
from memdrift.drift.stretch import Stretch, rows_of, stretch_of
from memdrift.drift.verdict import VerdictReason

REASONS = tuple(VerdictReason)
CODES = {reason: code for code, reason in enumerate(REASONS)}

MEASURED = ("age", "coverage", "gap")
GROWS = ("onset", "trend", "material")
EXPLAINS = ("new-high", "line-not-step", "not-saturating", "still-growing", "not-explained-by-load")
SETTLES = ("settled",)
IMPACT = ("latency-rises", "latency-objective", "worth-relieving")
GATES = (*MEASURED, *GROWS, *EXPLAINS, *SETTLES, *IMPACT)
"""All gates in the order in which a person reads them. The first three say whether the life was measured; then, whether
memory grows; whether something else explains it; whether it is early; and whether it is worth a restart."""


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """What the gates say of one memory; arrays of shape (rows,).

    Attributes:
        reasons: codes of `REASONS`; `GROWTH_UNEXPLAINED` only where every drift gate passed.
        gates: in the order of `GATES`.
        whole: the judged stretch.
        growth: since the onset; without meaning where the memory was not measured.
        limits: seconds to the limit for people, page cache included, shape (3, rows): low, middle, high.
        latencies: recent ones, in milliseconds.
    """

    reasons: npt.NDArray[np.int8]
    gates: tuple[GateRows, ...]
    whole: Stretch
    growth: Growth
    limits: Floats
    latencies: Floats

    @property
    def grows(self) -> Bools:
        """Where there is a trend that matters, explained or not."""
        return np.asarray(~np.isin(self.reasons, _NOT_GROWING))

    @property
    def onset_blocks(self) -> Indices:
        """The block of the window at which growth began."""
        return self.growth.stretch.offsets


_NOT_GROWING = [
    CODES[reason]
    for reason in (
        VerdictReason.NO_GROWTH,
        VerdictReason.NO_SERIES,
        VerdictReason.TOO_YOUNG,
        VerdictReason.COVERAGE_LOW,
    )
]


def assess(
    batch: Batch,
    bands: BandRows,
    policy: DetectionPolicy,
    *,
    quieter: Bools,
    ratchet: Bools,
    headroom_bytes: Floats,
    ablated: frozenset[str] = frozenset(),
) -> Assessment:
    """Every gate's answer on one memory of each row.

    Args:
        batch: the lives, with their load.
        bands: the memory to judge.
        policy: thresholds.
        quieter: rows whose shape is that of the 10th percentile where it jumps less than the median.
        ratchet: rows whose memory only has a high-water mark.
        headroom_bytes: growth that needs no explanation.
        ablated: gates that every row passes.
    """
    whole = stretch_of(batch, bands, policy.warm_up_seconds, quieter)
    growth = growth_since_onset(whole)
    seconds = batch.window_seconds
    measured, grows = _measured(whole, seconds, policy), _grows(growth, seconds, policy, headroom_bytes)
    growing = _all_passed(measured + grows)
    rows = np.flatnonzero(growing)
    limits, told = seconds_to_limits(batch, growth.stretch.offsets, rows)
    ages = batch.ages + batch.blocks * batch.block_seconds
    latencies = recent_latency(whole)
    asked = (
        *measured,
        *grows,
        new_high_gate(whole, growth, bands.usual_high),
        line_not_step_gate(growth),
        not_saturating_gate(growth, growing),
        still_growing_gate(growth),
        not_explained_by_load_gate(whole, growth, seconds, policy, growing),
        settled_gate(ages, ratchet, limits[2], policy),
        latency_rises_gate(whole),
        latency_objective_gate(whole, latencies, buckets_of(batch, whole), policy),
        worth_relieving_gate(growth, limits[1], seconds),
    )
    gates = _without(asked, ablated)
    return Assessment(_reasons(gates), gates, whole, growth, told, latencies)


def grown(
    batch: Batch,
    bands: BandRows,
    policy: DetectionPolicy,
    *,
    quieter: Bools,
    headroom_bytes: Floats,
    ablated: frozenset[str] = frozenset(),
) -> Bools:
    """Which rows `assess` would say of that they grow, whatever explains it: for a memory that else nobody asks about.

    Args:
        batch: the lives.
        bands: the memory to judge.
        policy: thresholds.
        quieter: see `assess`.
        headroom_bytes: growth that needs no explanation.
        ablated: gates that every row passes.
    """
    whole = stretch_of(batch, bands, policy.warm_up_seconds, quieter)
    seconds = batch.window_seconds
    found = _all_passed(_without(_measured(whole, seconds, policy), ablated))
    if "trend" not in ablated:
        found &= trends_since_onset(whole)
    some = np.flatnonzero(found)
    if len(some):
        growth = growth_since_onset(rows_of(whole, some))
        grows = _grows(growth, seconds, policy, headroom_bytes[some])
        found[some] = _all_passed(_without(grows, ablated))
    return found


def _without(gates: tuple[GateRows, ...], ablated: frozenset[str]) -> tuple[GateRows, ...]:
    return tuple(gate.ablated() if gate.name in ablated else gate for gate in gates)


def _measured(whole: Stretch, window_seconds: int, policy: DetectionPolicy) -> tuple[GateRows, ...]:
    return age_gate(whole, window_seconds), coverage_gate(whole, policy), gap_gate(whole)


def _grows(
    growth: Growth, window_seconds: int, policy: DetectionPolicy, headroom_bytes: Floats
) -> tuple[GateRows, ...]:
    return onset_gate(growth), trend_gate(growth), material_gate(growth, window_seconds, policy, headroom_bytes)


def _all_passed(gates: tuple[GateRows, ...]) -> Bools:
    return np.asarray(np.logical_and.reduce([gate.passed for gate in gates]))


def _reasons(gates: tuple[GateRows, ...]) -> npt.NDArray[np.int8]:
    """The first of these that is true says why, in this order."""
    by_name = {gate.name: gate for gate in gates}
    failed = {name: by_name[name].answers == 0 for name in (*MEASURED, *GROWS, *EXPLAINS, *SETTLES)}
    not_asked = [by_name[name].answers == NOT_ASKED for name in EXPLAINS]

    def any_of(names: tuple[str, ...]) -> Bools:
        return np.asarray(np.logical_or.reduce([failed[name] for name in names]))

    return np.select(
        [
            failed["age"],
            any_of(MEASURED),
            any_of(GROWS),
            any_of(EXPLAINS),
            np.logical_or.reduce(not_asked),
            any_of(SETTLES),
        ],
        [
            CODES[VerdictReason.TOO_YOUNG],
            CODES[VerdictReason.COVERAGE_LOW],
            CODES[VerdictReason.NO_GROWTH],
            CODES[VerdictReason.GROWTH_EXPLAINED],
            CODES[VerdictReason.LOAD_MISSING],
            CODES[VerdictReason.NOT_SETTLED],
        ],
        default=CODES[VerdictReason.GROWTH_UNEXPLAINED],
    ).astype(np.int8)
