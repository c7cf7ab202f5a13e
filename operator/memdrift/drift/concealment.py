"""What hides growth from everybody else: an autoscaler that adds young pods, or one that raises the limit.

Exists so that the verdict's sentence names it: the pods' mean looks flat and the limit far away, while the old pods
grow as before. Names only; must not judge.
"""

from __future__ import annotations

from collections.abc import Sequence

from memdrift.drift.blocks import Life, LifeBlocks, Window
from memdrift.drift.phrases import size_of
from memdrift.drift.verdict import PodVerdict


def concealed_by(window: Window, container: str, drifting: Sequence[PodVerdict]) -> str:
    """A clause to be put behind a drifting verdict's sentence; "" where nothing hides the growth."""
    own = [each for each in window.lives if each.life.container == container]
    past = [each for each in window.past_lives if each.life.container == container]
    return _young_pods(window, own, past, drifting) + _raised_limit([each.life for each in (*past, *own)], drifting)


def _young_pods(
    window: Window, own: Sequence[LifeBlocks], past: Sequence[LifeBlocks], drifting: Sequence[PodVerdict]
) -> str:
    """Whether the number of pods grew while the oldest ones drift. Source: DETECTION.md, autoscalers (HPA)."""
    began = window.ended_at - window.seconds
    before = {each.life.pod for each in (*past, *own) if each.life.started_at <= began}
    now = {each.life.pod for each in own}
    young = [each.life.started_at for each in own if each.life.started_at > began]
    oldest = bool(young) and all(pod.started_at < min(young) for pod in drifting)
    if not before or len(now) <= len(before) or not oldest:
        return ""
    return (
        f"; meanwhile the number of pods rose from {len(before)} to {len(now)}: young pods hide the growth in every "
        "mean, so the oldest ones are judged"
    )


def _raised_limit(lives: Sequence[Life], drifting: Sequence[PodVerdict]) -> str:
    """Whether the limit rose. Source: DETECTION.md, autoscalers (VPA): growth counts against the first limit."""
    ordered = sorted(lives, key=lambda life: life.started_at)
    limits = [limit for life in ordered for limit in (life.first_limit_bytes, life.limit_bytes) if limit]
    if not limits or max(limits) <= limits[0]:
        return ""
    held = max((pod.resident_bytes or pod.memory_bytes or 0.0 for pod in drifting), default=0.0)
    return (
        f"; the memory limit was raised from {size_of(limits[0])} to {size_of(max(limits))} meanwhile: of the first "
        f"one {100 * held / limits[0]:.0f} % are held"
    )
