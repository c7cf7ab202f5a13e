"""Windows in, verdicts out: one for every container of a store, and one for the pods' total.

The room's front door. Compares windows; how lives are judged is the business of `judgement`, how they are counted to
the verdict on a container that of `onewindow`. Hits over time are the caller's: two verdicts with the same
`block_ended_at` saw the same data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memdrift.drift.batch import batch_of
from memdrift.drift.blocks import POD_TOTAL, Life, Window
from memdrift.drift.judgement import judge_batch
from memdrift.drift.onewindow import SEVERITY, TELLING, verdict_of_window
from memdrift.drift.peers import with_peers
from memdrift.drift.podverdict import JudgedLife, judged_life
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.totals import with_heap_of_containers
from memdrift.drift.verdict import PodVerdict, Verdict, VerdictKind, VerdictReason
from memdrift.drift.weeks import WEEK_SECONDS


class JudgedWindows:
    """What was found in the windows of one store, so that a window without a new block is not judged again.

    A sampler returns the same `Window` object until something in it changes; identity is what is compared.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Judged] = {}

    def of(self, window: Window, longest: Window, week: Window | None, policy: DetectionPolicy) -> _Judged:
        """What is known of a window, or its lives judged now."""
        known = self._known.get(window.seconds)
        same = known is not None and known.window is window and known.longest is longest and known.week is week
        if known is None or not same or known.policy != policy:
            lives = _judged_lives(window, longest, policy)
            known = self._known[window.seconds] = _Judged(window, longest, week, policy, lives, {})
        return known


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One window, what its lives' verdicts depended on, and its containers' verdicts as far as they were asked for."""

    window: Window
    longest: Window
    week: Window | None
    policy: DetectionPolicy
    lives: dict[str, list[JudgedLife]]
    verdicts: dict[str, Verdict]

    def of(self, container: str) -> Verdict:
        if container not in self.verdicts:
            judged = self.lives.get(container, [])
            self.verdicts[container] = verdict_of_window(self.window, container, judged, self.policy, self.week)
        return self.verdicts[container]


def judge_each(windows: Sequence[Window], policy: DetectionPolicy) -> dict[int, tuple[Verdict, ...]]:
    """What each window says by itself, by its seconds: the verdicts that `judge` compares. A week confirms nothing."""
    by_length = sorted(windows, key=lambda window: window.seconds)
    week = by_length[-1] if by_length and by_length[-1].seconds >= WEEK_SECONDS else None
    known = JudgedWindows()
    found = {}
    for window in [each for each in by_length if each.seconds < WEEK_SECONDS] or by_length:
        judged = known.of(window, by_length[-1], week, policy)
        found[window.seconds] = tuple(judged.of(container) for container in _in_order(set(judged.lives)))
    return found


def judge(
    windows: Sequence[Window], policy: DetectionPolicy, known: JudgedWindows | None = None
) -> tuple[Verdict, ...]:
    """One verdict per container that any window knows, by name; the pods' total last.

    Any window may confirm: of those that found the most severe drift the shortest decides. A week (or more) beside
    shorter windows confirms nothing; it may explain what they found. Otherwise growth whose load is missing is
    `Unknown`, and then the longest window that could be judged decides. Without any life there is one `Unknown` verdict
    for the pods' total.

    Args:
        windows: of one store.
        policy: thresholds.
        known: what was found in the same store's windows before; only saves work.

    Raises:
        ValueError: when no window is given.
    """
    if not windows:
        raise ValueError("windows is empty: detection.windowSeconds must name at least one window")
    by_length = sorted(windows, key=lambda window: window.seconds)
    week = by_length[-1] if by_length[-1].seconds >= WEEK_SECONDS else None
    confirming = [window for window in by_length if window.seconds < WEEK_SECONDS] or by_length
    remembered = known or JudgedWindows()
    judged = [remembered.of(window, by_length[-1], week, policy) for window in confirming]
    containers = {name for each in judged for name in each.lives}
    return tuple(_side_by_side([each.of(name) for each in judged]) for name in _in_order(containers))


def _in_order(containers: set[str]) -> list[str]:
    """By name, the pods' total last; the total alone where there is no container."""
    return sorted(containers or {POD_TOTAL}, key=lambda name: (name == POD_TOTAL, name))


def _side_by_side(verdicts: list[Verdict]) -> Verdict:
    """The deciding verdict of windows in ascending length."""
    drifting = [verdict for verdict in verdicts if verdict.drifting]
    if drifting:
        return max(drifting, key=lambda verdict: (SEVERITY.index(verdict.kind), -verdict.window_seconds))
    unexplainable = [verdict for verdict in verdicts if verdict.reason is VerdictReason.LOAD_MISSING]
    if unexplainable:
        return unexplainable[0]
    steady = [verdict for verdict in verdicts if verdict.kind is VerdictKind.STEADY]
    if steady:
        return steady[-1]
    return min(verdicts, key=lambda verdict: TELLING.index(verdict.reason))


def _judged_lives(window: Window, longest: Window, policy: DetectionPolicy) -> dict[str, list[JudgedLife]]:
    """All lives of a window, judged at once, by container; the worst first. The longest window knows their past."""
    if not window.lives:
        return {}
    lives = [with_heap_of_containers(blocks, window.lives) for blocks in window.lives]
    known = (
        {}
        if longest is window
        else {_name(blocks.life): with_heap_of_containers(blocks, longest.lives) for blocks in longest.lives}
    )
    earlier = [known.get(_name(blocks.life)) for blocks in lives]
    judgements = judge_batch(batch_of(lives, window.seconds, earlier), policy)
    found: dict[str, list[JudgedLife]] = {}
    for row, blocks in enumerate(lives):
        judged = judged_life(judgements, row, blocks.life, window.seconds, float(blocks.starts[0]), policy)
        found.setdefault(blocks.life.container, []).append(judged)
    return {container: with_peers(sorted(judged, key=_worst_first)) for container, judged in found.items()}


def _name(life: Life) -> tuple[str, str, float]:
    return life.uid, life.container, life.started_at


def _worst_first(life: JudgedLife) -> tuple[int, float, str, float]:
    pod: PodVerdict = life.pod
    return -SEVERITY.index(pod.kind), -pod.growth_bytes, pod.uid, pod.started_at
