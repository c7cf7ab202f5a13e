"""A replayed past in words, rows and JSON, for a terminal, a page and other programs.

Exists so that all three say the same. Must not compute what the replay did not, and must not show a rate without its
exposure and bound.
"""

from __future__ import annotations

from datetime import UTC, datetime

from memdrift.backtest.trust import counted
from memdrift.cli.replaying import Replayed, Told
from memdrift.drift.phrases import size_of, span_of
from memdrift.report.past import page
from memdrift.report.svg import svg
from memdrift.report.tables import Row, plain, span

HEADINGS: Row = (
    "FLAGGED", "CONTAINER", "VERDICT", "PODS", "GROWTH", "LASTED", "ENDED", "RESTARTS", "OBJECTIVE BROKEN",
)  # fmt: skip
_ENDINGS = {"PodsEnded": "its pods ended", "Subsided": "by itself", "Resumed": "paused", "StillGoing": "not yet"}


def facts(replayed: Replayed, seconds: float) -> list[Row]:
    """What was looked at, how much of it could be judged, and the store's noise with its bound."""
    exposure, trust = replayed.exposure, replayed.trust
    week = 604_800.0
    windows = ", ".join(span_of(each) for each in sorted(replayed.store.spec.detection.window_seconds))
    below = trust.false_per_week_below
    noise = f"{counted(trust.subsided, 'finding')} ended while the pods lived on"
    weeks = f"{trust.healthy_weeks:.1f} healthy pod-weeks"
    restarts = trust.restarts_per_week_below
    return [
        ("store", f"{replayed.store.metadata.namespace}/{replayed.store.metadata.name}"),
        ("past", f"{iso(replayed.began_at)} to {iso(replayed.ended_at)}, windows of {windows}"),
        (
            "seen",
            f"{replayed.lives} lives of {counted(replayed.pods, 'pod')}, {exposure.measured / week:.1f} pod-weeks",
        ),
        ("judged", f"{100 * trust.judged_share:.0f} % of that time; {exposure.drifting / week:.2f} pod-weeks drifting"),
        ("findings", str(len(replayed.told)) if replayed.told else "none"),
        ("noise", f"{noise}, in {weeks}: {_bound(below)} false findings per pod-week (95 %)"),
        ("restart noise", f"{_bound(restarts)} restarts without a leak per pod-week (95 %)"),
        ("asked", f"{replayed.questions} questions to Prometheus; {seconds:.1f} s in all"),
    ]


def _bound(rate: float | None) -> str:
    return "no bound on" if rate is None else f"fewer than {rate:.2g}"


def row(told: Told) -> Row:
    """One finding under `HEADINGS`."""
    finding, pod = told.finding, told.pod
    restarts = [f"{counted(each.pods, 'pod')} {_short(each.at)}" for each in finding.stopgaps]
    end = finding.ended_at
    return (
        _short(finding.confirmed_at),
        plain(finding.container),
        "DriftingWithImpact" if finding.impact_at is not None else "Drifting",
        str(len(finding.pods)),
        f"{pod.growth_percent:.0f} % ({size_of(pod.growth_bytes)})" if pod else "-",
        span(end - finding.started_at) if end else "-",
        _ENDINGS[finding.ending],
        ", ".join(restarts) or "none",
        f"{_minutes(finding.broken_before_seconds)} before, {_minutes(finding.broken_after_seconds)} after",
    )


def sentence(told: Told) -> str:
    """One finding for people."""
    finding = told.finding
    said = plain(told.verdict.sentence) if told.verdict else "growth that load does not explain"
    names = ", ".join(plain(each) for each in finding.pods[:3]) + (" and more" if len(finding.pods) > 3 else "")
    done = (
        f"a restart of {counted(first.pods, 'pod')} would have been due at {_short(first.at)}"
        if (first := next(iter(finding.stopgaps), None))
        else "nothing would have been restarted"
    )
    return (
        f"{_short(finding.confirmed_at)}, seen in the window of {span_of(finding.window_seconds)}: {said}. Pods: "
        f"{names}. In Capture, profiles would have been taken then; {done}."
    )


def document(replayed: Replayed, seconds: float) -> dict[str, object]:
    """The same for other programs, JSON-ready; times are ISO 8601 in UTC."""
    trust, exposure, week = replayed.trust, replayed.exposure, 604_800.0
    return {
        "store": replayed.store.metadata.name,
        "namespace": replayed.store.metadata.namespace,
        "from": iso(replayed.began_at),
        "to": iso(replayed.ended_at),
        "detection": replayed.store.spec.detection.to_wire(),
        "findings": [_finding(each) for each in replayed.told],
        "noise": {
            "exposure_weeks": exposure.measured / week,
            "judged_weeks": exposure.judged / week,
            "healthy_weeks": trust.healthy_weeks,
            "judged_share": trust.judged_share,
            "ended_by_themselves": trust.subsided,
            "false_findings_per_week_below": trust.false_per_week_below,
            "false_restarts_per_week_below": trust.restarts_per_week_below,
        },
        "furthest_mode": str(trust.furthest),
        "advice": trust.advice,
        "lives": replayed.lives,
        "pods": replayed.pods,
        "questions": replayed.questions,
        "seconds": round(seconds, 3),
    }


def _finding(told: Told) -> dict[str, object]:
    finding, pod = told.finding, told.pod
    return {
        "container": finding.container,
        "started": iso(finding.started_at),
        "flagged": iso(finding.confirmed_at),
        "ended": iso(finding.ended_at) if finding.ended_at else None,
        "ending": str(finding.ending),
        "impact": iso(finding.impact_at) if finding.impact_at else None,
        "window_seconds": finding.window_seconds,
        "pods": list(finding.pods),
        "growth_bytes": pod.growth_bytes if pod else None,
        "growth_percent": pod.growth_percent if pod else None,
        "onset": iso(pod.onset_at) if pod and pod.onset_at else None,
        "sentence": told.verdict.sentence if told.verdict else None,
        "restarts": [{"at": iso(each.at), "pods": each.pods} for each in finding.stopgaps],
        "objective_broken_before_seconds": finding.broken_before_seconds,
        "objective_broken_after_seconds": finding.broken_after_seconds,
    }


def html(replayed: Replayed, seconds: float) -> str:
    """The page with a picture of every finding."""
    title = f"The past of {replayed.store.metadata.namespace}/{replayed.store.metadata.name}"
    rows = [row(each) for each in replayed.told]
    figures = [(sentence(each), svg(each.picture) if each.picture else "") for each in replayed.told]
    return page(title, facts(replayed, seconds), replayed.trust.advice, HEADINGS, rows, figures)


def iso(epoch_seconds: float) -> str:
    """A moment as `--at` reads it."""
    return f"{datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _short(epoch_seconds: float) -> str:
    return f"{datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%d %H:%M}"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min"
