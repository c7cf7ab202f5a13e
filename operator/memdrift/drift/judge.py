"""Windows in, verdicts out: one for every container of a store, and one for the pods' total.

The room's front door. Counts lives and compares windows; how one life is judged is the business of `life`. Hits over
time are the caller's: two verdicts with the same `block_ended_at` saw the same data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from memdrift.drift.blocks import POD_TOTAL, LifeBlocks, Window
from memdrift.drift.life import JudgedLife, judged_life
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.sentences import drifting_sentence, steady_sentence, unknown_sentence
from memdrift.drift.totals import with_heap_of_containers
from memdrift.drift.verdict import GrowthKind, PodVerdict, Verdict, VerdictKind, VerdictReason

_SEVERITY = (VerdictKind.UNKNOWN, VerdictKind.STEADY, VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT)
_TELLING = (
    VerdictReason.LOAD_MISSING,
    VerdictReason.COVERAGE_LOW,
    VerdictReason.TOO_YOUNG,
    VerdictReason.NO_SERIES,
)
"""Reasons for `Unknown`, the one that says most first."""


def judge(windows: Sequence[Window], policy: DetectionPolicy) -> tuple[Verdict, ...]:
    """One verdict per container that any window knows, by name; the pods' total last.

    Any window may confirm: of those that found the most severe drift the shortest decides. Otherwise growth whose
    load is missing is `Unknown`, and then the longest window that could be judged decides. Without any life there is
    one `Unknown` verdict for the pods' total.

    Raises:
        ValueError: when no window is given.
    """
    if not windows:
        raise ValueError("windows is empty: detection.windowSeconds must name at least one window")
    by_length = sorted(windows, key=lambda window: window.seconds)
    containers = {blocks.life.container for window in by_length for blocks in window.lives} or {POD_TOTAL}
    ordered = sorted(containers, key=lambda name: (name == POD_TOTAL, name))
    return tuple(_side_by_side([_of_window(window, name, policy) for window in by_length]) for name in ordered)


def _side_by_side(verdicts: list[Verdict]) -> Verdict:
    """The deciding verdict of windows in ascending length."""
    drifting = [verdict for verdict in verdicts if verdict.drifting]
    if drifting:
        return max(drifting, key=lambda verdict: (_SEVERITY.index(verdict.kind), -verdict.window_seconds))
    unexplainable = [verdict for verdict in verdicts if verdict.reason is VerdictReason.LOAD_MISSING]
    if unexplainable:
        return unexplainable[0]
    steady = [verdict for verdict in verdicts if verdict.kind is VerdictKind.STEADY]
    if steady:
        return steady[-1]
    return min(verdicts, key=lambda verdict: _TELLING.index(verdict.reason))


def _of_window(window: Window, container: str, policy: DetectionPolicy) -> Verdict:
    lives = [blocks for blocks in window.lives if blocks.life.container == container]
    judged = sorted((_judged(blocks, window, policy) for blocks in lives), key=_worst_first)
    drifting = [life for life in judged if life.pod.kind in _SEVERITY[2:]]
    if drifting and len(drifting) >= policy.minimum_drifting_pods:
        return _drifting(window, container, policy, judged, drifting)
    unknown = [life for life in judged if life.pod.kind is VerdictKind.UNKNOWN]
    if 2 * len(unknown) > len(judged) or not judged or any(_lacks_load(life) for life in unknown):
        reason = _reason_of(unknown)
        named = [life for life in unknown if life.reason is reason]
        sentence = unknown_sentence(named, len(judged), reason)
        return _verdict(window, container, VerdictKind.UNKNOWN, reason, named, unknown, sentence)
    known = [life for life in judged if life.pod.kind is not VerdictKind.UNKNOWN]
    explained = any(life.reason is VerdictReason.GROWTH_EXPLAINED for life in known)
    reason = VerdictReason.GROWTH_EXPLAINED if explained else VerdictReason.NO_GROWTH
    named = [life for life in known if life.reason is reason] or known
    sentence = _few_drift(drifting, judged, policy) or steady_sentence(named, reason)
    return _verdict(window, container, VerdictKind.STEADY, reason, named, judged, sentence)


def _drifting(
    window: Window, container: str, policy: DetectionPolicy, judged: list[JudgedLife], drifting: list[JudgedLife]
) -> Verdict:
    with_impact = [life for life in drifting if life.pod.kind is VerdictKind.DRIFTING_WITH_IMPACT]
    impact = bool(with_impact) and len(with_impact) >= policy.minimum_drifting_pods
    kind = VerdictKind.DRIFTING_WITH_IMPACT if impact else VerdictKind.DRIFTING
    reason = VerdictReason.GROWTH_WITH_LATENCY if impact else VerdictReason.GROWTH_UNEXPLAINED
    named = drifting if not impact else with_impact + [life for life in drifting if life not in with_impact]
    sentence = drifting_sentence(named, len(judged), policy, impact=impact)
    return _verdict(window, container, kind, reason, named, judged, sentence)


def _verdict(
    window: Window,
    container: str,
    kind: VerdictKind,
    reason: VerdictReason,
    named: Sequence[JudgedLife],
    pods: Sequence[JudgedLife],
    sentence: str,
) -> Verdict:
    return Verdict(
        container=container,
        kind=kind,
        reason=reason,
        growth_kind=named[0].pod.growth_kind if named else GrowthKind.NONE,
        window_seconds=window.seconds,
        block_ended_at=window.ended_at,
        pods=tuple(life.pod for life in pods),
        sentence=sentence,
        queries=window.queries,
        impact_allowed=not window.latency_scope_is_store,
    )


def _judged(blocks: LifeBlocks, window: Window, policy: DetectionPolicy) -> JudgedLife:
    return judged_life(with_heap_of_containers(blocks, window.lives), window.seconds, policy)


def _worst_first(life: JudgedLife) -> tuple[int, float, str, float]:
    pod: PodVerdict = life.pod
    return -_SEVERITY.index(pod.kind), -pod.growth_bytes, pod.uid, pod.started_at


def _lacks_load(life: JudgedLife) -> bool:
    return life.reason is VerdictReason.LOAD_MISSING


def _reason_of(unknown: Sequence[JudgedLife]) -> VerdictReason:
    """The reason of most lives; growth whose load is missing before all others."""
    counted = Counter(life.reason for life in unknown)
    if VerdictReason.LOAD_MISSING in counted:
        return VerdictReason.LOAD_MISSING
    return max(_TELLING, key=lambda reason: counted[reason]) if counted else VerdictReason.NO_SERIES


def _few_drift(drifting: Sequence[JudgedLife], judged: Sequence[JudgedLife], policy: DetectionPolicy) -> str | None:
    if not drifting:
        return None
    needed = policy.minimum_drifting_pods
    return f"{len(drifting)} of {len(judged)} pods drift; detection.minDriftingPods asks for {needed}"
