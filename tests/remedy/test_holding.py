"""What `Holding` waits for by itself, before any guard is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memdrift.api.driftincident import ActionRecord, ActionState, FindingsRecord, TicketRecord
from memdrift.remedy import baselines, holding
from memdrift.remedy.reasons import Reason
from memdrift.remedy.steps import Analyse, Begin, Step, Wait
from tests.remedy.test_guards import NOW, Setting

CURRENT = baselines.inputs((), "r2", "app", ())


def step(inputs: str, analysed_seconds_ago: int | None) -> Step:
    """Of an incident that every guard agrees to restart, with findings made from some baselines."""
    tried = [] if analysed_seconds_ago is None else [NOW - timedelta(seconds=analysed_seconds_ago)]
    status = {
        "findings": FindingsRecord(
            compared_with="baseline", profile_growth="50Mi", explained_percent=95, inputs=inputs
        ),
        "actions": [ActionRecord(kind="Analyse", state=ActionState.FAILED, time=time) for time in tried],
        "ticket": TicketRecord(tracker="log", filed_time=NOW),
    }
    return holding.hold(Setting(status=status).case())


@pytest.mark.parametrize("analysed_seconds_ago", [None, 5, 70])
def test_findings_of_the_baselines_that_there_are_may_restart(analysed_seconds_ago: int | None) -> None:
    assert isinstance(step(CURRENT, analysed_seconds_ago), Begin)


@pytest.mark.parametrize("analysed_seconds_ago", [None, 60, 70])
def test_stale_findings_are_made_anew(analysed_seconds_ago: int | None) -> None:
    assert step("of other baselines", analysed_seconds_ago) == Analyse("features-9")


def test_stale_findings_that_cannot_be_made_anew_hold_though_every_guard_agrees() -> None:
    waits = step("of other baselines", 5)
    assert isinstance(waits, Wait)
    assert waits.incident == "features-9"
    assert waits.hold.reason is Reason.EVIDENCE_MISSING
    assert "a baseline came after the findings" in waits.hold.message
    assert waits.hold.until == NOW + timedelta(seconds=holding.RETRY_SECONDS)
