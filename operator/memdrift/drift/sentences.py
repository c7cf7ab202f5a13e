"""What a person reads first of a verdict.

Exists so that the same figures never get two wordings. Says what was judged; must not judge.
"""

from __future__ import annotations

from collections.abc import Sequence

from memdrift.drift.phrases import change_of, quantile_of, size_of, span_of
from memdrift.drift.podverdict import JudgedLife
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import Gate, VerdictKind, VerdictReason


def drifting_sentence(drifting: Sequence[JudgedLife], of: int, policy: DetectionPolicy, *, impact: bool) -> str:
    """Which memory of how many pods rose by how much while load did what, and what latency did; worst pod's figures."""
    worst = drifting[0]
    pod = worst.pod
    growth = (
        f"{worst.memory} of {len(drifting)} of {of} pods rose {pod.growth_percent:.0f} % "
        f"({size_of(pod.growth_bytes)}) in {span_of(worst.span_seconds)} "
        f"while load {change_of(pod.load_change_percent)}"
    )
    if pod.latency_milliseconds is None:
        return f"{growth}; latency is unknown"
    latency = (
        f"{quantile_of(policy.objective_quantile)} {'rose to' if impact else 'is'} {pod.latency_milliseconds:.0f} ms "
        f"(objective {policy.objective_milliseconds:.0f} ms)"
    )
    return f"{growth}; {latency}"


def steady_sentence(judged: Sequence[JudgedLife], reason: VerdictReason) -> str:
    """That nothing drifts, with what spoke against it for the pod that grew most."""
    worst = judged[0]
    pods = f"{len(judged)} pods" if len(judged) > 1 else "1 pod"
    failed = _first_failed(worst)
    why = f": {failed.sentence}" if failed else ""
    if reason is VerdictReason.GROWTH_EXPLAINED:
        return f"{worst.memory} of {pods} does not drift; growth is explained{why}"
    return f"{worst.memory} of {pods} does not drift{why}"


def unknown_sentence(unknown: Sequence[JudgedLife], of: int, reason: VerdictReason) -> str:
    """Why nothing can be said."""
    if not unknown or reason is VerdictReason.NO_SERIES:
        return "the memory query returned nothing for the store's pods"
    if reason is VerdictReason.LOAD_MISSING:
        pod = unknown[0].pod
        return (
            f"{unknown[0].memory} of {len(unknown)} of {of} pods rose {pod.growth_percent:.0f} % "
            f"({size_of(pod.growth_bytes)}), but the load that could explain it is missing"
        )
    failed = _first_failed(unknown[0])
    return f"{len(unknown)} of {of} pods cannot be judged: {failed.sentence if failed else reason.value}"


def _first_failed(life: JudgedLife) -> Gate | None:
    return life.refusal() if life.pod.kind is not VerdictKind.DRIFTING else None
