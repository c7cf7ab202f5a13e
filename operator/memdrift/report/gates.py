"""Verdicts window by window as rows, and in a sentence why growth was not called drift.

Exists so that a person can disagree with every gate, and learn from which one a leak was missed. Must not judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memdrift.drift.blocks import POD_TOTAL
from memdrift.drift.phrases import size_of, span_of
from memdrift.drift.verdict import Gate, PodVerdict, Verdict, VerdictKind
from memdrift.report.tables import Row, plain

POD_HEADINGS: Row = ("WINDOW", "CONTAINER", "POD", "VERDICT", "GROWTH", "PER HOUR", "MEMORY", "FIRST GATE THAT SAID NO")
_MOST_NAMED = 3

ByWindow = Mapping[int, Sequence[Verdict]]
"""Verdicts by the window's seconds, each window judged alone."""


def gate_rows_of(gates: Sequence[Gate]) -> Sequence[Row]:
    """Every gate with its figure, under `tables.GATE_HEADINGS`."""
    words = {True: "yes", False: "no", None: "not asked"}
    return [
        (
            gate.name,
            _number(gate.figure),
            _number(gate.threshold),
            gate.unit,
            words[gate.passed],
            plain(gate.sentence),
        )
        for gate in gates
    ]


def refusing(pod: PodVerdict) -> Gate | None:
    """The first gate that said no, else the first that could not be asked; None where all agreed."""
    said_no = [gate for gate in pod.gates if gate.passed is False]
    return next(iter(said_no), next((gate for gate in pod.gates if gate.passed is None), None))


def told_apart(verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
    """Without the pods' total where it is the same as the only container."""
    return [each for each in verdicts if each.container != POD_TOTAL] if len(verdicts) <= 2 else verdicts


def pod_rows(by_window: ByWindow) -> Sequence[Row]:
    """One row per window, container and pod, under `POD_HEADINGS`."""
    rows = []
    for seconds, verdicts in sorted(by_window.items()):
        for verdict in told_apart(verdicts) or verdicts:
            rows += [_pod_row(seconds, verdict.container, pod) for pod in verdict.pods]
            if not verdict.pods:
                rows.append((span_of(seconds), verdict.container, "-", verdict.kind, "-", "-", "-", verdict.sentence))
    return rows


def _pod_row(seconds: int, container: str, pod: PodVerdict) -> Row:
    pace, gate = pod.growth_bytes_per_hour, refusing(pod)
    grown = pod.growth_bytes != 0
    return (
        span_of(seconds),
        plain(container),
        plain(pod.pod),
        pod.kind,
        f"{pod.growth_percent:.1f} % ({size_of(pod.growth_bytes)})" if grown else "-",
        f"{size_of(pace.middle)} [{size_of(pace.low)}, {size_of(pace.high)}]" if pace else "-",
        size_of(pod.memory_bytes) if pod.memory_bytes is not None else "-",
        _short(gate) if gate else "none",
    )


def _short(gate: Gate) -> str:
    if gate.passed is None or gate.figure is None:
        return f"{gate.name}: not asked"
    threshold = "" if gate.threshold is None else f", {_number(gate.threshold)} asked"
    return f"{gate.name}: {_number(gate.figure)} {gate.unit}{threshold}"


def _number(figure: float | None) -> str:
    """Four digits, and large ones without an exponent."""
    if figure is None:
        return "-"
    return f"{figure:.0f}" if abs(figure) >= 1000 else f"{figure:.4g}"


def why(verdicts: Sequence[Verdict], by_window: ByWindow) -> str:
    """One sentence per store: what was said of it, and by which gates it was not said more."""
    worst = _worst(verdicts)
    said = f"{worst.kind}: {plain(worst.sentence)}."
    if worst.kind is VerdictKind.DRIFTING_WITH_IMPACT:
        return said
    windows = {worst.window_seconds: [worst]} if worst.drifting else by_window
    reasons = [
        reason
        for seconds, judged in sorted(windows.items())
        if (reason := _of_window(seconds, judged, worst.container, only_drifting=worst.drifting))
    ]
    more = "Impact was denied" if worst.drifting else "Drift was denied"
    return f"{said} {more} {'; '.join(reasons)}." if reasons else said


def _of_window(seconds: int, verdicts: Sequence[Verdict], container: str, *, only_drifting: bool) -> str:
    own = [verdict for verdict in verdicts if verdict.container == container]
    pods = [pod for verdict in own for pod in (verdict.drifting_pods if only_drifting else verdict.pods)]
    refusals = [(pod, gate) for pod in pods if (gate := refusing(pod)) is not None]
    words = [f"{_short(gate)} ({plain(pod.pod)})" for pod, gate in refusals[:_MOST_NAMED]]
    more = len(refusals) - len(words)
    return (
        f"in the window of {span_of(seconds)} by {', '.join(words)}{f' and {more} more' if more else ''}"
        if words
        else ""
    )


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    order = [VerdictKind.DRIFTING_WITH_IMPACT, VerdictKind.DRIFTING, VerdictKind.UNKNOWN, VerdictKind.STEADY]
    return min(told_apart(verdicts) or verdicts, key=lambda each: order.index(each.kind))


def deciding(verdicts: Sequence[Verdict], pod: str = "") -> tuple[Verdict, PodVerdict] | None:
    """The verdict to be shown in full, with its worst pod or the pod of that name; None where none was judged."""
    worst = _worst(verdicts)
    ordered = [worst, *(each for each in verdicts if each is not worst)]
    found = [(each, one) for each in ordered for one in each.pods if not pod or one.pod == pod]
    return found[0] if found else None
