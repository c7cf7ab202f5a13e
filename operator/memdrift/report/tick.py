"""What one tick of one store saw and did, as one value, and the sentence that tells it.

Exists so that the log line, the metrics and a person at a terminal speak of the same tick with the same words. Must not
measure, decide or read a clock: the scheduler fills it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from memdrift.drift.phrases import size_of, span_of
from memdrift.drift.verdict import VerdictKind


class TickResult(StrEnum):
    """How a tick ended."""

    DONE = "Done"
    """Facts were gathered, a step was chosen and carried out (doing nothing is a step)."""
    POSTPONED = "Postponed"
    """An outside system did not answer; the same step is tried again."""
    FAILED = "Failed"
    """memdrift itself failed; the log has the details, and nothing was done."""


@dataclass(frozen=True, slots=True)
class CaptureTold:
    """One attempt to take one profile.

    Attributes:
        result: `Stored` or `Failed`.
        reason: why it failed, "" otherwise.
        kind: which profile, `heap` or `goroutine`.
        seconds: how long the pod was asked; None where it was never reached.
        bytes: of the stored file; None where nothing was stored.
    """

    result: str
    reason: str = ""
    kind: str = "heap"
    seconds: float | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class RestartTold:
    """One pod evicted, or one rollout begun.

    Attributes:
        evidenced: whether relevant evidence was stored before.
    """

    strategy: str
    evidenced: bool


@dataclass(frozen=True, slots=True)
class FilingTold:
    """One answer of a tracker: `Filed`, `LeakAbsent`, `Refused` or `Unavailable`."""

    tracker: str
    result: str


@dataclass(frozen=True, slots=True)
class TickReport:
    """One tick. None and "" mean that there is no such thing, or that it is not known.

    Attributes:
        now: when the tick began.
        seconds: how long it took.
        verdict: of the worst container; None where the store could not be judged at all.
        verdict_reason: the word for it, a `VerdictReason` or the reason of a failed measurement.
        growth_bytes_per_hour: of the worst pod.
        seconds_to_limit: until the first pod reaches the limit that counts.
        latency_milliseconds: of the worst pod, at the objective's quantile.
        unknown_since: since when the verdict has been `Unknown` without a break.
        incident: name of the open incident, or of the one that this tick closed.
        stage: of that incident.
        outcome: only in the tick that closed the incident.
        step: name of the step that this tick carried out.
        hold_reason: why nothing is done now, a `Reason`.
        hold_message: the same with figures.
        consecutive_stopgaps: stopgaps in a row for the same leak.
        error: what failed, where `result` is not `Done`.
    """

    namespace: str
    store: str
    now: datetime
    seconds: float
    result: TickResult = TickResult.DONE
    verdict: VerdictKind | None = None
    verdict_reason: str = ""
    growth_bytes_per_hour: float | None = None
    seconds_to_limit: float | None = None
    latency_milliseconds: float | None = None
    objective_milliseconds: int | None = None
    evaluation_period_seconds: int | None = None
    unknown_since: datetime | None = None
    incident: str = ""
    stage: str = ""
    outcome: str = ""
    step: str = ""
    hold_reason: str = ""
    hold_message: str = ""
    hold_until: datetime | None = None
    consecutive_stopgaps: int = 0
    error: str = ""
    captures: tuple[CaptureTold, ...] = ()
    restarts: tuple[RestartTold, ...] = ()
    filings: tuple[FilingTold, ...] = ()
    archive_puts: tuple[str, ...] = ()
    """One result per object written: `Stored` or `Failed`."""

    @property
    def unknown_seconds(self) -> float:
        """For how long nothing has been known of the store; 0 while it is known."""
        return max(0.0, (self.now - self.unknown_since).total_seconds()) if self.unknown_since else 0.0


def sentence(report: TickReport) -> str:
    """The tick in one line for people, most important first, without a line break."""
    parts = [_judged(report), _incident(report), _done(report), _held(report)]
    told = "; ".join(part for part in parts if part)
    return f"{report.namespace}/{report.store}: {told} ({report.seconds:.2f} s)".replace("\n", " ")


def _judged(report: TickReport) -> str:
    if report.verdict is None:
        return "not judged"
    words = [f"{report.verdict} ({report.verdict_reason})" if report.verdict_reason else str(report.verdict)]
    if report.verdict is VerdictKind.UNKNOWN:
        return f"{words[0]} for {span_of(report.unknown_seconds)}" if report.unknown_since else words[0]
    if report.growth_bytes_per_hour is not None and report.verdict is not VerdictKind.STEADY:
        words.append(f"grows {size_of(report.growth_bytes_per_hour)}/h")
    if report.seconds_to_limit is not None:
        words.append(f"limit in {span_of(report.seconds_to_limit)}")
    if report.latency_milliseconds is not None:
        objective = f" of {report.objective_milliseconds}" if report.objective_milliseconds else ""
        words.append(f"latency {report.latency_milliseconds:.0f}{objective} ms")
    return ", ".join(words)


def _incident(report: TickReport) -> str:
    if not report.incident:
        return ""
    if report.outcome:
        return f"{report.incident} closed as {report.outcome}"
    return f"{report.incident} {report.stage}".strip()


def _done(report: TickReport) -> str:
    words = [report.step] if report.step else []
    stored = sum(capture.result == "Stored" for capture in report.captures)
    if report.captures:
        words.append(f"{stored} of {len(report.captures)} profiles stored")
    words.extend(
        f"restarted by {restart.strategy}{'' if restart.evidenced else ' WITHOUT evidence'}"
        for restart in report.restarts
    )
    words.extend(f"{filing.tracker}: {filing.result}" for filing in report.filings)
    if report.result is not TickResult.DONE:
        words.append(f"{report.result}: {report.error}" if report.error else str(report.result))
    return ", ".join(words)


def _held(report: TickReport) -> str:
    if not report.hold_reason:
        return ""
    until = f" until {report.hold_until:%Y-%m-%d %H:%M:%S %Z}" if report.hold_until else ""
    why = f": {report.hold_message}" if report.hold_message else ""
    return f"holds {report.hold_reason}{until}{why}"
