"""What one window says of one container: its lives counted, and where none speaks alone, all of them together.

Exists between the verdicts on single lives and the comparison of windows. Counts; how a life is judged is not its
business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from memdrift.drift.blocks import Window
from memdrift.drift.concealment import concealed_by
from memdrift.drift.kills import verdict_of_kills
from memdrift.drift.podverdict import JudgedLife
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.sentences import drifting_sentence, steady_sentence, unknown_sentence
from memdrift.drift.shortlives import verdict_by_age
from memdrift.drift.verdict import GrowthKind, Verdict, VerdictKind, VerdictReason
from memdrift.drift.weeks import explained_by_week

SEVERITY = (VerdictKind.UNKNOWN, VerdictKind.STEADY, VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT)
TELLING = (
    VerdictReason.LOAD_MISSING,
    VerdictReason.NOT_SETTLED,
    VerdictReason.COVERAGE_LOW,
    VerdictReason.TOO_YOUNG,
    VerdictReason.NO_SERIES,
)
"""Reasons for `Unknown`, the one that says most first."""


def verdict_of_window(
    window: Window, container: str, judged: list[JudgedLife], policy: DetectionPolicy, week: Window | None
) -> Verdict:
    """Each life alone; where that finds no drift, all short ones together, and the kernel's kills.

    Args:
        window: with its past lives.
        container: which one.
        judged: its living lives, the worst first.
        policy: thresholds.
        week: eight days of blocks that may explain growth; None where no week is asked for.
    """
    alone = _each_alone(window, container, judged, policy)
    if alone.drifting:
        return alone if week is None else explained_by_week(alone, week)
    unknown = alone.kind is VerdictKind.UNKNOWN
    by_age = verdict_by_age(window, container, judged, policy) if unknown else None
    return verdict_of_kills(window, container, judged, by_age) or by_age or alone


def _each_alone(window: Window, container: str, judged: list[JudgedLife], policy: DetectionPolicy) -> Verdict:
    drifting = [life for life in judged if life.pod.kind in SEVERITY[2:]]
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
    sentence += concealed_by(window, container, [life.pod for life in named])
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


def _lacks_load(life: JudgedLife) -> bool:
    return life.reason is VerdictReason.LOAD_MISSING


def _reason_of(unknown: Sequence[JudgedLife]) -> VerdictReason:
    """The reason of most lives; growth whose load is missing before all others."""
    counted = Counter(life.reason for life in unknown)
    if VerdictReason.LOAD_MISSING in counted:
        return VerdictReason.LOAD_MISSING
    return max(TELLING, key=lambda reason: counted[reason]) if counted else VerdictReason.NO_SERIES


def _few_drift(drifting: Sequence[JudgedLife], judged: Sequence[JudgedLife], policy: DetectionPolicy) -> str | None:
    if not drifting:
        return None
    needed = policy.minimum_drifting_pods
    return f"{len(drifting)} of {len(judged)} pods drift; detection.minDriftingPods asks for {needed}"
