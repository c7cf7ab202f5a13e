"""Many stores judged at once: nobody's verdict depends on whom it was judged with, and gates wait to be read."""

from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, replace

from memdrift.drift import judge as front_door
from memdrift.drift.blocks import POD_TOTAL, Window
from memdrift.drift.judge import Case, JudgedWindows, judge, judge_each, judge_many
from memdrift.drift.verdict import Gate, gates_later
from tests.drift.series import EPOCH, POLICY, flat, life, line, noise, window

N = 48
SLOW = 1800


def stores() -> list[tuple[Window, ...]]:
    """Leaking and calm ones, of one container and of two, with and without heap, load and a longer window."""
    found: list[tuple[Window, ...]] = []
    for seed in range(6):
        heap = (line(N, 200, 60) if seed % 2 else flat(N, 200)) + noise(N, seed)
        app = life(live_heap=heap, resident=heap + 50, pod=f"pod-{seed}")
        alone = life(resident=heap, pod=f"pod-{seed}", container=POD_TOTAL)
        sidecar = replace(app, life=replace(app.life, container="sidecar"))
        total = replace(app, life=replace(app.life, container=POD_TOTAL))
        long = life(live_heap=heap[::-1].copy(), block_seconds=SLOW, pod=f"pod-{seed}")
        found += [(window(app, total), window(long)), (window(app, sidecar, total),), (window(alone),)]
    return [*found, (Window(21600, 450, float(EPOCH), ()),)]


def test_a_verdict_does_not_depend_on_whom_it_is_judged_with():
    several = stores()
    together = judge_many([Case(windows, POLICY) for windows in several])
    assert together == [judge(windows, POLICY) for windows in several]
    assert any(verdict.drifting for verdicts in together for verdict in verdicts)


def test_other_thresholds_are_judged_apart():
    windows = stores()[3]
    strict = replace(POLICY, minimum_growth_percent=1000.0)
    loose, refused = judge_many([Case(windows, POLICY), Case(windows, strict)])
    assert any(verdict.drifting for verdict in loose)
    assert not any(verdict.drifting for verdict in refused)


def test_gates_read_late_are_those_read_at_once():
    windows = stores()[3]
    early = judge_each(windows, POLICY)
    read_at_once = {seconds: [pod.gates for each in found for pod in each.pods] for seconds, found in early.items()}
    late = judge_each(windows, POLICY)
    for verdicts in (judge(windows, POLICY), *late.values()):
        assert all(isinstance(gate, Gate) for each in verdicts for pod in each.pods for gate in pod.gates)
    assert read_at_once == {
        seconds: [pod.gates for each in found for pod in each.pods] for seconds, found in late.items()
    }


def test_gates_are_built_once_and_by_whoever_looks():
    (pod,) = judge((window(life(live_heap=flat(N, 200))),), POLICY)[0].pods
    built: list[int] = []

    def build() -> tuple[Gate, ...]:
        built.append(1)
        return (Gate("trend", 0.5, 0.4, "tau", True, "said"),)

    waiting = replace(pod, gates=gates_later(build))
    assert not built
    assert asdict(waiting)["gates"][0]["sentence"] == "said"
    assert pickle.loads(pickle.dumps(waiting)) == copy.copy(waiting) == replace(waiting, gates=build())
    assert len(built) == 2  # once for the field, once above


def test_what_was_said_is_said_again_for_the_very_same_windows(monkeypatch):
    windows, known = stores()[0], JudgedWindows()
    first = judge(windows, POLICY, known)
    monkeypatch.setattr(front_door, "judged_together", lambda looks: [] if not looks else 1 / 0)
    assert known.said(windows, POLICY) is first
    assert judge(windows, POLICY, known) == first
    assert known.said(windows, replace(POLICY, minimum_growth_percent=1000.0)) is None
    assert known.said(windows[:1], POLICY) is None
    assert known.said(tuple(replace(each) for each in windows), POLICY) is None


def test_a_length_that_is_not_configured_any_more_is_forgotten():
    (short, long), known = stores()[0], JudgedWindows()
    judge((short, long), POLICY, known)
    assert known.known(short, long, None, POLICY) is not None
    judge((long,), POLICY, known)
    assert known.known(long, long, None, POLICY) is not None
    assert known.known(short, long, None, POLICY) is None
