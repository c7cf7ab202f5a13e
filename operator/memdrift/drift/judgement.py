"""The verdicts on many lives in one window: which memory decides, what kind of growth it is, does latency follow.

Stands between the gates, which know one memory, and the container's verdict, which counts lives and compares windows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memdrift.drift.assessment import CODES, IMPACT, Assessment, assess, grown
from memdrift.drift.batch import BandRows, Batch, Bools, Indices
from memdrift.drift.blocks import Floats
from memdrift.drift.judgements import GROWTH_KINDS, KINDS, UNMEASURED, Judgements, named
from memdrift.drift.memories import collector_headroom_bytes, either, rise_bytes
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.projection import latest_of
from memdrift.drift.verdict import GrowthKind, VerdictKind, VerdictReason

LARGEST_BATCH = 2048
"""Rows that are judged at once: fewer pay more for each call, and more need memory for all their pairs of blocks."""

_KIND = {kind: code for code, kind in enumerate(KINDS)}
_GROWTH_KIND = {kind: code for code, kind in enumerate(GROWTH_KINDS)}
_UNKNOWN = [*UNMEASURED, CODES[VerdictReason.LOAD_MISSING], CODES[VerdictReason.NOT_SETTLED]]
_LEAST_RISE_SHARE = 0.5
"""Of a growth that matters, that the last quarter's median must be above another quarter's to be worth all questions: a
line that began in the last third is so by 0.6, one from the start by 0.75."""


def judge_batch(batch: Batch, policy: DetectionPolicy, ablated: frozenset[str] = frozenset()) -> Judgements:
    """The verdict on every row.

    Live heap decides where it exists: in use and resident memory creep for a while in a healthy process (LEAK.md).
    Resident memory beside it, less what the collector may take; the working set last, and never as drift
    (DETECTION.md).

    Args:
        batch: the rows.
        policy: thresholds.
        ablated: names of gates that every row passes, for a study of what each is worth.
    """
    if batch.size > LARGEST_BATCH:
        cuts = [slice(first, first + LARGEST_BATCH) for first in range(0, batch.size, LARGEST_BATCH)]
        return _joined([judge_batch(batch.rows(cut), policy, ablated) for cut in cuts])
    maker = _Maker(batch, policy, ablated)
    maker.main_memory()
    maker.native_memory()
    maker.page_cache()
    return maker.judgements()


def _joined(parts: list[Judgements]) -> Judgements:
    """The rows of all parts, in their order."""
    offsets = np.cumsum([0, *(len(part.assessments) for part in parts)])
    numbers = [
        np.where(part.which < 0, -1, part.which + offset) for part, offset in zip(parts, offsets[:-1], strict=True)
    ]
    return Judgements(
        block_seconds=parts[0].block_seconds,
        kinds=np.concatenate([part.kinds for part in parts]),
        reasons=np.concatenate([part.reasons for part in parts]),
        growth_kinds=np.concatenate([part.growth_kinds for part in parts]),
        on_heap=np.concatenate([part.on_heap for part in parts]),
        assessments=tuple(assessment for part in parts for assessment in part.assessments),
        which=np.concatenate(numbers),
        position=np.concatenate([part.position for part in parts]),
        memory_bytes=np.concatenate([part.memory_bytes for part in parts]),
        resident_bytes=np.concatenate([part.resident_bytes for part in parts]),
    )


class _Maker:
    """Collects assessments, each deciding for the rows that the ones before it did not decide."""

    def __init__(self, batch: Batch, policy: DetectionPolicy, ablated: frozenset[str]) -> None:
        self._batch = batch
        self._policy = policy
        self._ablated = ablated
        size = batch.size
        self._reasons = np.full(size, CODES[VerdictReason.NO_SERIES], dtype=np.int8)
        self._growth = np.full(size, _GROWTH_KIND[GrowthKind.NONE], dtype=np.int8)
        self._impact = np.zeros(size, dtype=bool)
        self._which = np.full(size, -1, dtype=np.intp)
        self._position = np.zeros(size, dtype=np.intp)
        self._assessments: list[Assessment] = []
        self._has_heap = batch.live_heap.exists if batch.live_heap else np.zeros(size, dtype=bool)
        self._has_resident = batch.resident.exists if batch.resident else np.zeros(size, dtype=bool)

    def main_memory(self) -> None:
        """Live heap where it exists, resident memory elsewhere."""
        known = self._has_heap | self._has_resident
        rows = np.flatnonzero(known)
        if not len(rows):
            return
        bands = either(self._batch.live_heap, self._batch.resident, self._has_heap)
        found = self._assess(rows, bands, ratchet=~self._has_heap[rows], headroom=np.zeros(len(rows)))
        grown = np.where(self._has_heap[rows], _GROWTH_KIND[GrowthKind.HEAP], _GROWTH_KIND[GrowthKind.UNSPECIFIED])
        self._decide(rows, found, np.arange(len(rows)), grown)

    def native_memory(self) -> None:
        """Resident memory over a live heap that does not drift."""
        batch, floor = self._batch, self._policy.minimum_growth_bytes
        settled = ~np.isin(self._reasons, [CODES[VerdictReason.GROWTH_UNEXPLAINED], *_UNKNOWN])
        rows = np.flatnonzero(self._has_heap & self._has_resident & settled)
        if not len(rows) or batch.live_heap is None or batch.resident is None:
            return
        headroom = collector_headroom_bytes(batch.live_heap, batch.resident, batch.runtime_limits)[rows] + floor
        room = rise_bytes(batch.resident)[rows] >= _LEAST_RISE_SHARE * (headroom + floor)
        rows, headroom = rows[room], headroom[room]
        growing = self._grown(rows, batch.resident, headroom)
        rows, headroom = rows[growing], headroom[growing]
        if not len(rows):
            return
        found = self._assess(rows, batch.resident, ratchet=np.ones(len(rows), dtype=bool), headroom=headroom)
        deciding = np.isin(found.reasons, [CODES[VerdictReason.GROWTH_UNEXPLAINED], CODES[VerdictReason.LOAD_MISSING]])
        native = np.full(len(rows), _GROWTH_KIND[GrowthKind.NATIVE])
        self._decide(rows, found, np.flatnonzero(deciding), native)

    def page_cache(self) -> None:
        """Growth of the working set alone is named, and explained."""
        batch = self._batch
        if batch.working_set is None:
            return
        still = self._reasons == CODES[VerdictReason.NO_GROWTH]
        rows = np.flatnonzero(still & batch.working_set.exists)
        if not len(rows):
            return
        floor = _LEAST_RISE_SHARE * self._policy.minimum_growth_bytes
        rows = rows[rise_bytes(batch.working_set)[rows] >= floor]
        cached = rows[self._grown(rows, batch.working_set, np.zeros(len(rows)))]
        self._reasons[cached] = CODES[VerdictReason.GROWTH_EXPLAINED]
        self._growth[cached] = _GROWTH_KIND[GrowthKind.CACHE]

    def judgements(self) -> Judgements:
        """All rows."""
        batch = self._batch
        kinds = np.full(batch.size, _KIND[VerdictKind.STEADY], dtype=np.int8)
        kinds[np.isin(self._reasons, _UNKNOWN)] = _KIND[VerdictKind.UNKNOWN]
        drifts = self._reasons == CODES[VerdictReason.GROWTH_UNEXPLAINED]
        kinds[drifts] = _KIND[VerdictKind.DRIFTING]
        kinds[drifts & self._impact] = _KIND[VerdictKind.DRIFTING_WITH_IMPACT]
        on_heap = self._has_heap & (self._growth != _GROWTH_KIND[GrowthKind.NATIVE])
        resident = latest_of(batch.resident, batch.size)
        return Judgements(
            block_seconds=batch.block_seconds,
            kinds=kinds,
            reasons=self._reasons,
            growth_kinds=self._growth,
            on_heap=on_heap,
            assessments=tuple(self._assessments),
            which=self._which,
            position=self._position,
            memory_bytes=np.where(on_heap, latest_of(batch.live_heap, batch.size), resident),
            resident_bytes=resident,
        )

    def _assess(self, rows: Indices, bands: BandRows, *, ratchet: Bools, headroom: Floats) -> Assessment:
        everything = len(rows) == self._batch.size
        return assess(
            self._batch if everything else self._batch.rows(rows),
            bands if everything else bands.rows(rows),
            self._policy,
            quieter=~self._has_heap[rows] | (headroom > 0) | ratchet,
            ratchet=ratchet,
            headroom_bytes=headroom,
            ablated=self._ablated,
        )

    def _grown(self, rows: Indices, bands: BandRows, headroom: Floats) -> Bools:
        """Of these rows: nothing else is asked of those that do not grow, since nothing of them would be shown."""
        if not len(rows):
            return np.zeros(0, dtype=bool)
        quieter = ~self._has_heap[rows] | (headroom > 0)
        return grown(
            self._batch.rows(rows),
            bands.rows(rows),
            self._policy,
            quieter=quieter,
            headroom_bytes=headroom,
            ablated=self._ablated,
        )

    def _decide(self, rows: Indices, found: Assessment, deciding: Indices, grown: npt.NDArray[np.int_]) -> None:
        """Let an assessment speak for some of its rows."""
        here = rows[deciding]
        self._reasons[here] = found.reasons[deciding]
        self._growth[here] = np.where(found.grows, grown, _GROWTH_KIND[GrowthKind.NONE])[deciding]
        impact = np.logical_and.reduce([named(found.gates, name).passed for name in IMPACT])
        self._impact[here] = impact[deciding]
        self._which[here] = len(self._assessments)
        self._position[here] = deciding
        self._assessments.append(found)
