"""Windows in, verdicts out: one for every container of a store, and one for the pods' total.

The room's front door. Compares windows; how lives are judged is the business of `judgement`, how they are counted to
the verdict on a container that of `onewindow`. Hits over time are the caller's: two verdicts with the same
`block_ended_at` saw the same data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from memdrift.drift.blocks import POD_TOTAL, Window
from memdrift.drift.onewindow import SEVERITY, TELLING, verdict_of_window
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.together import LivesByContainer, Look, judged_together
from memdrift.drift.verdict import Verdict, VerdictKind, VerdictReason
from memdrift.drift.weeks import WEEK_SECONDS


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One window, what its lives' verdicts depended on, and its containers' verdicts."""

    look: Look
    week: Window | None
    lives: LivesByContainer
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def of(self, container: str) -> Verdict:
        if container not in self.verdicts:
            judged, look = self.lives.get(container, []), self.look
            self.verdicts[container] = verdict_of_window(look.window, container, judged, look.policy, self.week)
        return self.verdicts[container]


class JudgedWindows:
    """What was found in the windows of one store, so that a window without a new block is not judged again.

    A sampler returns the same `Window` object until something in it changes; identity is what is compared.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Judged] = {}
        self._said: tuple[tuple[Window, ...], DetectionPolicy, tuple[Verdict, ...]] | None = None

    def said(self, windows: Sequence[Window], policy: DetectionPolicy) -> tuple[Verdict, ...] | None:
        """The last verdicts, where these are the very same windows; else None."""
        if self._said is None or len(self._said[0]) != len(windows):
            return None
        same = all(one is other for one, other in zip(self._said[0], windows, strict=True)) and self._said[1] == policy
        return self._said[2] if same else None

    def say(self, windows: Sequence[Window], policy: DetectionPolicy, verdicts: tuple[Verdict, ...]) -> None:
        """What was said of these windows, to be said again."""
        self._said = (tuple(windows), policy, verdicts)

    def known(self, window: Window, longest: Window, week: Window | None, policy: DetectionPolicy) -> _Judged | None:
        """What is known of a window; None where it must be judged."""
        known = self._known.get(window.seconds)
        if known is None or known.look.window is not window or known.look.longest is not longest:
            return None
        return known if known.week is week and known.look.policy == policy else None

    def keep(self, judged: Sequence[_Judged]) -> None:
        """These windows from now on; other lengths are not configured any more."""
        self._known = {each.look.window.seconds: each for each in judged}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One store's windows to be judged.

    Attributes:
        policy: thresholds.
        known: what was found in the same store's windows before; only saves work.
    """

    windows: Sequence[Window]
    policy: DetectionPolicy
    known: JudgedWindows = field(default_factory=JudgedWindows)


def judge_each(windows: Sequence[Window], policy: DetectionPolicy) -> dict[int, tuple[Verdict, ...]]:
    """What each window says by itself, by its seconds: the verdicts that `judge` compares. A week confirms nothing."""
    if not windows:
        return {}
    (judged,) = _judged([Case(windows, policy)])
    return {
        each.look.window.seconds: tuple(each.of(container) for container in _in_order(set(each.lives)))
        for each in judged
    }


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
    return judge_many([Case(windows, policy, known or JudgedWindows())])[0]


def judge_many(cases: Sequence[Case]) -> list[tuple[Verdict, ...]]:
    """The same for many stores, in their order: what they have not yet judged is judged in one batch.

    Raises:
        ValueError: when a store has no window.
    """
    if not all(case.windows for case in cases):
        raise ValueError("windows is empty: detection.windowSeconds must name at least one window")
    found = []
    for case, judged in zip(cases, _judged(cases), strict=True):
        containers = {name for each in judged for name in each.lives}
        verdicts = tuple(_side_by_side([each.of(name) for each in judged]) for name in _in_order(containers))
        case.known.say(case.windows, case.policy, verdicts)
        found.append(verdicts)
        for each in judged:
            each.look.let_go()
    return found


def _judged(cases: Sequence[Case]) -> list[list[_Judged]]:
    """Each case's windows that may confirm, the shortest first; judged now where they are not known."""
    found: list[list[_Judged | None]] = []
    missing: list[tuple[int, int, Look, Window | None]] = []
    for number, case in enumerate(cases):
        by_length = sorted(case.windows, key=lambda window: window.seconds)
        longest = by_length[-1]
        week = longest if longest.seconds >= WEEK_SECONDS else None
        confirming = [window for window in by_length if window.seconds < WEEK_SECONDS] or by_length
        found.append([case.known.known(window, longest, week, case.policy) for window in confirming])
        missing += [
            (number, place, Look(window, longest, case.policy), week)
            for place, window in enumerate(confirming)
            if found[number][place] is None
        ]
    judged = judged_together([look for _, _, look, _ in missing])
    for (number, place, look, week), lives in zip(missing, judged, strict=True):
        found[number][place] = _Judged(look, week, lives)
    whole = [[each for each in of_case if each is not None] for of_case in found]
    for case, of_case in zip(cases, whole, strict=True):
        case.known.keep(of_case)
    return whole


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
