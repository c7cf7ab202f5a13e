"""What a store's own past says about leaving `Observe`: its noise, with the bound that the exposure allows.

Exists so that the advice rests on this very store, and says how little a short past proves. Must not judge blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from memdrift.backtest.bounds import upper_rate
from memdrift.backtest.findings import Ending, Finding
from memdrift.backtest.stopgaps import WEEK_SECONDS
from memdrift.backtest.storewide import Exposure

LEAST_JUDGED_SHARE = 0.5
LEAST_WEEKS = 2.0
"""Healthy pod-weeks below which the absence of noise says nothing: the bound is above one and a half a week."""
ENFORCE_WEEKS = 12.0
"""Healthy pod-weeks without noise that bound false restarts below one in four pod-weeks."""


class Furthest(StrEnum):
    """The furthest mode that a past does not speak against; the words of `spec.mode`."""

    OBSERVE = "Observe"
    CAPTURE = "Capture"
    APPROVE = "Approve"
    ENFORCE = "Enforce"


@dataclass(frozen=True, slots=True)
class Trust:
    """Figures and advice.

    Attributes:
        healthy_weeks: pod-weeks that were judged and in which the pod did not drift.
        judged_share: of the pods' time.
        subsided: findings that ended while their pods lived on, and did not resume.
        false_per_week_below: by how many false findings per pod-week at most, with 95 % confidence, if those that
            subsided or resumed were noise and the others were not; None without exposure.
        restarts_per_week_below: the same for findings with impact.
        advice: one or two sentences.
    """

    healthy_weeks: float
    judged_share: float
    subsided: int
    false_per_week_below: float | None
    restarts_per_week_below: float | None
    furthest: Furthest
    advice: str


def trust_in(findings: Sequence[Finding], exposure: Exposure) -> Trust:
    """The advice for a past."""
    healthy = (exposure.judged - exposure.drifting) / WEEK_SECONDS
    share = exposure.judged / exposure.measured if exposure.measured else 0.0
    subsided = [each for each in findings if each.ending is Ending.SUBSIDED]
    resumed = [each for each in findings if each.ending is Ending.RESUMED]
    doubtful = [*subsided, *resumed]
    with_impact = [each for each in doubtful if each.impact_at is not None]
    furthest, why = _advice(findings, len(subsided), healthy, share)
    if resumed and furthest in {Furthest.APPROVE, Furthest.ENFORCE}:
        furthest, why = (
            Furthest.CAPTURE,
            (
                f"{counted(len(resumed), 'finding')} paused and came again in the same pod's life: a slow leak under "
                "changing load, or noise that returns. The figures count them as noise; look at each."
            ),
        )
    lead = "Stay in Observe" if furthest is Furthest.OBSERVE else f"Nothing speaks against {furthest}"
    return Trust(
        healthy_weeks=healthy,
        judged_share=share,
        subsided=len(subsided),
        false_per_week_below=upper_rate(len(doubtful), healthy),
        restarts_per_week_below=upper_rate(len(with_impact), healthy),
        furthest=furthest,
        advice=f"{lead}: {why}",
    )


def _advice(findings: Sequence[Finding], subsided: int, healthy_weeks: float, share: float) -> tuple[Furthest, str]:
    told = counted(len(findings), "finding")
    if share < LEAST_JUDGED_SHARE:
        return Furthest.OBSERVE, (
            f"only {100 * share:.0f} % of the pods' time could be judged. Lives may be too short for the windows, or "
            "series may be missing: `memdrift explain STORE --at TIME` names the gate."
        )
    if subsided:
        return Furthest.OBSERVE, (
            f"of {told}, {subsided} ended while the pods lived on, which is noise, or growth that stopped. Look "
            "at each; `--set detection.minGrowthPercent=…` shows what another threshold leaves out."
        )
    if not findings and healthy_weeks < LEAST_WEEKS:
        return Furthest.OBSERVE, f"{healthy_weeks:.1f} healthy pod-weeks prove little. Ask for more days, or later."
    if not findings:
        return Furthest.APPROVE, (
            "this past holds no finding, hence no false one. It does not show either that a leak would be found."
        )
    lasting = f"{told} lasted until the pods ended or the past did"
    restarts = sum(len(each.stopgaps) for each in findings)
    if not restarts or healthy_weeks < LEAST_WEEKS:
        return Furthest.CAPTURE, (
            f"{lasting}, and profiles would have been taken. "
            + (
                f"{healthy_weeks:.1f} healthy pod-weeks are too few for more."
                if restarts
                else "Nothing was to restart."
            )
        )
    asked = f"{lasting}; a restart would have been due {counted(restarts, 'time')} at most"
    if healthy_weeks < ENFORCE_WEEKS:
        return Furthest.APPROVE, f"{asked}. For Enforce, {healthy_weeks:.1f} healthy pod-weeks are too few."
    return Furthest.ENFORCE, f"{asked}."


def counted(number: int, word: str) -> str:
    """A number with its noun: `1 pod`, `2 pods`."""
    return f"{number} {word}{'' if number == 1 else 's'}"
