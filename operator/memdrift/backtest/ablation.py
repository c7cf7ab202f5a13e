"""What each gate is worth: the same replay with one gate at a time always passing.

Exists so that no gate stays for its story alone. Must not know what a gate asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memdrift.backtest.recording import Recording
from memdrift.backtest.replay import Judge, Replay, replayed
from memdrift.backtest.scores import Summary, scored, summary_of

AblatedJudge = Callable[[frozenset[str]], Judge]
"""The judge without the named gates."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """The summary without one gate and without those off throughout; `gate` is empty where only those were off."""

    gate: str
    summary: Summary


def ablations(
    recordings: Sequence[Recording],
    replay: Replay,
    judge: AblatedJudge,
    gates: Sequence[str],
    off_throughout: frozenset[str] = frozenset(),
) -> list[Ablation]:
    """The detector first, then each gate switched off, in order.

    Args:
        recordings: what to judge.
        replay: how.
        judge: makes the judge without some gates.
        gates: the gates to switch off one by one.
        off_throughout: gates that are never asked, because they would hide what the others do.
    """
    found = []
    for gate in ("", *(gate for gate in gates if gate not in off_throughout)):
        without = judge(off_throughout | ({gate} if gate else set()))
        found.append(Ablation(gate, summary_of(scored(recordings, replayed(recordings, replay, without)))))
    return found
