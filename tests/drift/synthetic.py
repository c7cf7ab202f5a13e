"""Growth that we add to healthy recorded series: what is found, how exactly, and what is called drift without any.

`python -m tests.drift.synthetic [--memory resident] [--floor-mib 0] [--ablate GATE …] [--names]` prints the tables.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from memdrift.drift.assessment import EXPLAINS, GATES, GROWS, MEASURED, SETTLES
from memdrift.drift.batch import Bools
from memdrift.drift.blocks import Floats
from memdrift.drift.judgement import judge_batch
from memdrift.drift.judgements import KINDS, Judgements
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import VerdictKind
from tests.drift.backgrounds import POLICY, Backgrounds, healthy

RAMPS = (0.02, 0.05, 0.10, 0.20, 0.50)
ONSETS = (0.0, 0.5)
TIED_SHARES = (0.3, 0.6)
LOAD_GATE = "not-explained-by-load"
DRIFT_GATES = (*MEASURED, *GROWS, *EXPLAINS, *SETTLES)
assert GATES[: len(DRIFT_GATES)] == DRIFT_GATES
_DRIFTING, _IMPACT = KINDS.index(VerdictKind.DRIFTING), KINDS.index(VerdictKind.DRIFTING_WITH_IMPACT)


@dataclass(frozen=True, eq=False, repr=False)
class Outcome:
    """What the detector said of windows to which the same was done.

    Attributes:
        added_bytes: what a ramp added until the end of the window, shape (rows,); 0 without a ramp.
        onset: at which share of the window the ramp began.
    """

    backgrounds: Backgrounds
    judged: Judgements
    added_bytes: Floats
    onset: float = 0.0

    @property
    def alarmed(self) -> Bools:
        return np.isin(self.judged.kinds, (_DRIFTING, _IMPACT))

    @property
    def impact(self) -> Bools:
        return np.asarray(self.judged.kinds == _IMPACT)

    @property
    def slope_errors(self) -> Floats:
        """Of the windows that were found: the slope's error as a share of the true slope."""
        true = self.added_bytes / (self.backgrounds.window_seconds * (1 - self.onset))
        return np.abs(self.judged.slopes[1][self.alarmed] / true[self.alarmed] - 1)

    @property
    def onset_errors(self) -> Floats:
        """Of the windows that were found: the onset's error as a share of the window."""
        seconds = self.judged.onset_seconds - self.onset * self.backgrounds.window_seconds
        return np.abs(seconds / self.backgrounds.window_seconds)[self.alarmed]

    @cached_property
    def failed(self) -> dict[str, Bools]:
        """Which windows fail, or could not be asked, each drift gate."""
        return {gate: ~self.judged.passed(gate) for gate in DRIFT_GATES}

    def first_failed(self) -> Counter[str]:
        """How often each gate is the first that a window without an alarm failed; alone-failed ones behind a plus."""
        counted: Counter[str] = Counter()
        for row in np.flatnonzero(~self.alarmed):
            names = [gate for gate in DRIFT_GATES if self.failed[gate][row]]
            counted[names[0] if names else "none"] += 1
            counted[f"only {names[0]}" if len(names) == 1 else ""] += 1
        del counted[""]
        return counted


def undisturbed(
    backgrounds: Backgrounds,
    policy: DetectionPolicy = POLICY,
    presented_as: str = "resident",
    ablated: Iterable[str] = (),
) -> Outcome:
    """The windows as they were recorded."""
    return _judged(backgrounds, backgrounds.memory, backgrounds.load, policy, presented_as, ablated)


def ramped(
    backgrounds: Backgrounds,
    growth: float,
    onset: float,
    policy: DetectionPolicy = POLICY,
    presented_as: str = "resident",
    ablated: Iterable[str] = (),
) -> Outcome:
    """The windows with a line added that begins at a share of the window and reaches a share of the median memory."""
    ramp = np.maximum(backgrounds.shares - onset, 0.0) / (1 - onset)
    memory = backgrounds.memory + growth * backgrounds.levels * ramp
    outcome = _judged(backgrounds, memory, backgrounds.load, policy, presented_as, ablated)
    return Outcome(backgrounds, outcome.judged, growth * backgrounds.levels[:, 0], onset)


def tied_to_doubled_load(
    backgrounds: Backgrounds,
    share: float,
    policy: DetectionPolicy = POLICY,
    presented_as: str = "resident",
    ablated: Iterable[str] = (),
    *,
    follows: bool = False,
) -> Outcome:
    """The windows that have load to double, with load doubled over their length, and memory in proportion to it.

    The recorded memory is what it was at the recorded load, so the share grows as load is multiplied. Where it follows,
    that share has no movement of its own any more, but every one of load's, however short.
    """
    backgrounds = backgrounds.rows_where(backgrounds.has_load_to_double)
    load = backgrounds.load * (1 + backgrounds.shares)
    if follows:
        usual = np.nanmean(backgrounds.load, axis=1, keepdims=True)
        relative = np.where(np.isfinite(load), load / np.where(usual > 0, usual, 1.0), 1.0)
        memory = (1 - share) * backgrounds.memory + share * backgrounds.levels * relative
    else:
        memory = backgrounds.memory * (1 + share * backgrounds.shares)
    return _judged(backgrounds, memory, load, policy, presented_as, ablated)


def _judged(
    backgrounds: Backgrounds,
    memory: Floats,
    load: Floats,
    policy: DetectionPolicy,
    presented_as: str,
    ablated: Iterable[str],
) -> Outcome:
    judged = judge_batch(backgrounds.batch(memory, load, presented_as), policy, frozenset(ablated))
    return Outcome(backgrounds, judged, np.zeros(backgrounds.rows))


def share_of(parts: Sequence[Bools]) -> float:
    """The share of True in all parts together."""
    return float(np.concatenate(parts).mean())


def _table(
    families: Sequence[Backgrounds], policy: DetectionPolicy, presented_as: str, ablated: frozenset[str]
) -> Iterator[str]:
    given = (policy, presented_as, ablated)
    yield f"{'':38}" + "".join(f"{name:>12}" for name in [*(each.family for each in families), "total"])
    counts = [each.rows for each in families]
    yield f"{'windows':38}" + "".join(f"{count:12}" for count in [*counts, sum(counts)])
    plain = [undisturbed(each, *given) for each in families]
    yield _shares("no ramp: Drifting %", [each.alarmed for each in plain])
    yield _shares("no ramp: DriftingWithImpact %", [each.impact for each in plain])
    yield from _blame(plain)
    for onset in ONSETS:
        for growth in RAMPS:
            found = [ramped(each, growth, onset, *given) for each in families]
            yield _shares(f"ramp {growth:.0%} from {onset:.0%}: found %", [each.alarmed for each in found])
            if growth in (0.2, 0.5):
                yield _medians("    median slope error %", [each.slope_errors for each in found])
                yield _medians("    median onset error % of window", [each.onset_errors for each in found])
                yield from _blame(found)
    for follows in (False, True):
        for share in TIED_SHARES:
            tied = [tied_to_doubled_load(each, share, *given, follows=follows) for each in families]
            how = " and all its moves" if follows else ""
            name = f"{share:.0%} tied to doubled load{how}"
            yield f"{name}: " + ", ".join(
                f"{each.backgrounds.rows} windows of {each.backgrounds.family}" for each in tied
            )
            yield _shares("    alarms %", [each.alarmed for each in tied])
            yield from _blame(tied)
            without = (policy, presented_as, ablated | {LOAD_GATE})
            free = [tied_to_doubled_load(each, share, *without, follows=follows) for each in families]
            yield _shares("    without the load gate %", [each.alarmed for each in free])


def _shares(name: str, parts: Sequence[Bools]) -> str:
    cells = [*(100 * part.mean() for part in parts), 100 * share_of(parts)]
    return f"{name:38}" + "".join(f"{cell:12.1f}" for cell in cells)


def _medians(name: str, parts: Sequence[Floats]) -> str:
    cells = [100 * float(np.median(part)) if len(part) else np.nan for part in [*parts, np.concatenate(parts)]]
    return f"{name:38}" + "".join(f"{cell:12.1f}" for cell in cells)


def _blame(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Per family, the first gate that windows without an alarm failed, and how many failed no other."""
    for each in outcomes:
        failed = each.first_failed()
        firsts = [
            f"{gate} {count}" + (f" ({failed[f'only {gate}']} only)" if failed[f"only {gate}"] else "")
            for gate, count in failed.most_common()
            if not gate.startswith("only ")
        ]
        yield f"        {each.backgrounds.family} first failed: {', '.join(firsts)}"


def _alarms(outcome: Outcome) -> Iterator[str]:
    """One line per alarm: every drift gate's figure."""
    for row in np.flatnonzero(outcome.alarmed):
        figures = ", ".join(f"{gate} {outcome.judged.figures(gate)[row]:.3g}" for gate in (*GROWS, *EXPLAINS))
        yield f"  {outcome.backgrounds.names[row]}{' IMPACT' if outcome.impact[row] else ''}: {figures}"


def _missed(outcome: Outcome) -> Iterator[str]:
    """One line per window without an alarm: the gates it failed, with their figures."""
    for row in np.flatnonzero(~outcome.alarmed):
        gates = [gate for gate in DRIFT_GATES if outcome.failed[gate][row]]
        figures = ", ".join(f"{gate} {outcome.judged.figures(gate)[row]:.3g}" for gate in gates)
        yield f"  {outcome.backgrounds.names[row]}: {figures}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="growth added to healthy recorded series")
    parser.add_argument("--ablate", nargs="*", default=[], choices=GATES, metavar="GATE")
    parser.add_argument("--memory", nargs="*", default=["resident", "live_heap"], choices=["resident", "live_heap"])
    parser.add_argument("--floor-mib", nargs="*", type=float, default=[16.0, 0.0], help="detection.minGrowthBytes")
    parser.add_argument(
        "--names", action="store_true", help="list every alarm, and the ramps of 50 %% that were missed"
    )
    arguments = parser.parse_args()
    families = healthy()
    ablated = frozenset(arguments.ablate)
    for presented_as in arguments.memory:
        for floor in arguments.floor_mib:
            policy = replace(POLICY, minimum_growth_bytes=floor * 1024.0**2)
            without = f", without {', '.join(sorted(ablated))}" if ablated else ""
            print(f"\n== memory presented as {presented_as}, absolute floor {floor:g} MiB{without}")
            for line in _table(families, policy, presented_as, ablated):
                print(line, flush=True)
            for backgrounds in families if arguments.names else ():
                given = (policy, presented_as, ablated)
                print(
                    f"-- {backgrounds.family}: alarms without a ramp",
                    *_alarms(undisturbed(backgrounds, *given)),
                    sep="\n",
                )
                tied = tied_to_doubled_load(backgrounds, 0.3, *given)
                print(f"-- {backgrounds.family}: alarms with 30 % tied to doubled load", *_alarms(tied), sep="\n")
                for onset in ONSETS:
                    print(f"-- {backgrounds.family}: 50 % from {onset:.0%} missed", sep="\n")
                    print(*_missed(ramped(backgrounds, 0.5, onset, *given)), sep="\n")


if __name__ == "__main__":
    main()
