"""Is it the same rise as at the same hours of last week?

Exists because the ramp after a quiet weekend looks like the onset of a leak. Explains the growth that a shorter window
found; a week never confirms by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from memdrift.drift.blocks import Bands, Floats, LifeBlocks, Window
from memdrift.drift.phrases import size_of
from memdrift.drift.slopes import theil_sen
from memdrift.drift.stretch import exists
from memdrift.drift.totals import with_heaps_of_containers
from memdrift.drift.verdict import Gate, GrowthKind, PodVerdict, Verdict, VerdictKind, VerdictReason

WEEK_SECONDS = 604_800
DAY_SECONDS = 86_400
_ALIKE_SHARE = 0.7
_LARGEST_NEW_SHARE = 1 - _ALIKE_SHARE
_FEWEST_BLOCKS = 3
_SMALLEST_COVERAGE = 0.8


@dataclass(frozen=True, slots=True)
class _Rises:
    """In bytes: now, at the same hours of last week, and what is new since then."""

    now: float
    then: float
    new: float


def explained_by_week(verdict: Verdict, week: Window) -> Verdict:
    """The drifting verdict of a shorter window with the gate `not-weekly`; `Steady` where last week explains it."""
    worst = verdict.drifting_pods[0]
    began = verdict.block_ended_at - verdict.window_seconds if worst.onset_at is None else worst.onset_at
    gate = not_weekly_gate(week, verdict.container, verdict.growth_kind, began, verdict.block_ended_at)
    explained = not gate.passed
    drifting = verdict.drifting_pods

    def told(pod: PodVerdict) -> PodVerdict:
        kind = VerdictKind.STEADY if explained else pod.kind
        return replace(pod, kind=kind, gates=(*pod.gates, gate)) if pod in drifting else pod

    pods = tuple(told(pod) for pod in verdict.pods)
    if not explained:
        return replace(verdict, pods=pods)
    return replace(
        verdict,
        kind=VerdictKind.STEADY,
        reason=VerdictReason.GROWTH_EXPLAINED,
        pods=pods,
        sentence=f"growth is explained: the same rise at the same hours last week; {gate.sentence}",
    )


def not_weekly_gate(week: Window, container: str, growth_kind: GrowthKind, onset_at: float, ended_at: float) -> Gate:
    """Is the growth of the last day, since its onset, more than what the same hours of last week brought?

    Explained only if memory rose alike a week ago (70 %), and fell again since, within the lives: a leak that grows as
    steadily for weeks rises alike too, but does not fall, and what a restart took away it has not given back. So rises
    are those of a median life, chained from block to block; a new pod adds none of its own. Passes, and says so, where
    a week of history is missing.

    Source: DETECTION.md, weeks: "compare with the same hours of last week where history allows".

    Args:
        week: eight days of blocks: the last day's hours lie a week back.
        container: which one.
        growth_kind: which memory is compared: live heap where that grew, resident memory else.
        onset_at: epoch seconds since when the shorter window saw memory grow.
        ended_at: epoch seconds of the shorter window's end.
    """
    since = max(onset_at, ended_at - DAY_SECONDS)
    rises = _rises(week, container, growth_kind, since, ended_at)
    threshold = 100.0 * _ALIKE_SHARE
    if rises is None:
        return Gate("not-weekly", None, threshold, "percent", True, "no week of history to compare with")
    share = 100.0 * rises.then / rises.now
    weekly = share >= threshold and rises.new <= _LARGEST_NEW_SHARE * rises.now
    told = (
        f"a median life rose {size_of(rises.now)} since, and {size_of(rises.then)} at the same hours last week "
        f"({share:.0f} %), {size_of(rises.new)} of it for good; {threshold:.0f} % that are given back explain it"
    )
    return Gate("not-weekly", share, threshold, "percent", not weekly, told)


def _rises(week: Window, container: str, growth_kind: GrowthKind, since: float, until: float) -> _Rises | None:
    """None where either span has too few blocks, or nothing rises now."""
    everyone = (*week.past_lives, *week.lives)
    own = [each for each in with_heaps_of_containers(everyone) if each.life.container == container]
    if not own:
        return None
    starts = own[0].starts
    chained, known = _median_life(own, growth_kind)
    spans = [_span(starts, week.block_seconds, since - back, until - back) for back in (0, WEEK_SECONDS)]
    whole = slice(spans[1].start, spans[0].stop)
    wanted = (until - since) / week.block_seconds * _SMALLEST_COVERAGE
    if any(span.stop - span.start < max(_FEWEST_BLOCKS, wanted) for span in spans):
        return None
    if float(np.mean(known[whole])) < _SMALLEST_COVERAGE:
        return None
    now, then = (_risen(chained[span]) for span in spans)
    new = _level(chained[spans[0]]) - _level(chained[spans[1]])
    return _Rises(now, then, new) if now > 0 else None


def _median_life(lives: Sequence[LifeBlocks], growth_kind: GrowthKind) -> tuple[Floats, Floats]:
    """Memory of a median life, its changes from block to block added up, and which blocks have a change."""
    on_heap = growth_kind is GrowthKind.HEAP and all(exists(each.live_heap) for each in lives)
    rows = np.stack([_own(each, each.live_heap if on_heap else each.resident) for each in lives])
    changes = np.diff(rows, axis=1)
    known = np.asarray(np.isfinite(changes).any(axis=0))
    middle = np.zeros(changes.shape[1])
    if known.any():
        middle[known] = np.nanmedian(changes[:, known], axis=0)
    return np.concatenate([[0.0], np.cumsum(middle)]), np.concatenate([known[:1], known]).astype(float)


def _own(blocks: LifeBlocks, bands: Bands) -> Floats:
    return np.where(blocks.starts >= blocks.life.started_at, bands.p50, np.nan)


def _span(starts: np.ndarray[tuple[int], np.dtype[np.int64]], length: int, since: float, until: float) -> slice:
    """The blocks that lie between two moments, as far as they are known."""
    inside = np.flatnonzero((starts + length > since) & (starts + length <= until + length / 2))
    return slice(int(inside[0]), int(inside[-1]) + 1) if len(inside) else slice(0, 0)


def _risen(values: Floats) -> float:
    return float(theil_sen(values[None, :]).middle[0]) * (len(values) - 1)


def _level(values: Floats) -> float:
    return float(np.median(values[-_FEWEST_BLOCKS:]))
