"""Which of the metric's growth profiles must explain: that of the container and of the memory that grows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from memdrift.drift.blocks import Bands
from memdrift.remedy import ledger, spans
from memdrift.remedy.plan import concerns, plan_for
from memdrift.remedy.policy import combine
from tests import builders
from tests.remedy.test_guards import incident, restarted

NOW = builders.START + timedelta(seconds=200)


def test_growth_outside_the_heap_is_measured_outside_the_heap() -> None:
    window = builders.window((builders.pod(1),), NOW, builders.LEAKING)
    life = window.lives[0]
    flat = np.full(life.starts.size, 1e6)
    window = replace(window, lives=(replace(life, live_heap=Bands(flat, flat, flat, life.live_heap.count)),))
    until = NOW.timestamp()
    assert spans.metric_growth_bytes((window,), "uid-1", "app", 60.0, until) == pytest.approx(0.0)
    grown = spans.metric_growth_bytes((window,), "uid-1", "app", 60.0, until, resident=True)
    assert grown is not None
    assert grown > 40 * builders.MEBIBYTE


def test_the_live_heap_of_a_moment_is_that_of_the_youngest_block_up_to_it() -> None:
    window = builders.window((builders.pod(1),), NOW, builders.LEAKING)
    late = spans.live_heap_bytes((window,), "uid-1", "app", NOW.timestamp())
    early = spans.live_heap_bytes((window,), "uid-1", "app", (builders.START + timedelta(seconds=60)).timestamp())
    assert late is not None
    assert early is not None
    assert late - early == pytest.approx(24 * 140 / 60 * builders.MEBIBYTE, rel=0.1)
    assert spans.live_heap_bytes((window,), "uid-1", "app", builders.START.timestamp() - 60) is None
    assert spans.live_heap_bytes((window,), "gone", "app", NOW.timestamp()) is None


def test_the_ledger_counts_the_pods_of_the_plan_and_not_all_of_the_workload() -> None:
    closed = restarted(1, timedelta(hours=1))
    policy = combine(builders.store().spec, builders.administration(), builders.NAMESPACE)
    pods = tuple(builders.pod(number) for number in range(1, 6))
    plan = plan_for(closed, builders.target(*pods), policy)
    closed = closed.replace(status=closed.status.replace(plan=plan.record()))
    assert ledger.stopgaps((closed,), ())[0].pods == 2


@pytest.mark.parametrize("strategy", ["WorstFirst", "Rollout"])
def test_a_plan_of_many_pods_is_recognised_from_its_record(strategy: str) -> None:
    spec = builders.store(remediation={"strategy": strategy}).spec
    policy = combine(spec, builders.administration(), builders.NAMESPACE)
    target = builders.target(*(builders.pod(number) for number in range(1, 101)))
    subject = incident()
    plan = plan_for(subject, target, policy)
    subject = subject.replace(status=subject.status.replace(plan=plan.record()))
    written = plan_for(subject, target, policy)
    assert len(plan.record().pods) == len(plan.pods) <= 64
    assert concerns(written, subject, target)
    assert not concerns(written, subject, replace(target, uid="another"))
