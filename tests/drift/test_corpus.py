"""The floor of a first version on recorded series. The unit is the series; exposure stands beside every count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from memdrift.drift.blocks import Window
from memdrift.drift.judge import judge
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import Verdict, VerdictKind
from tests.drift import corpus

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not corpus.FOLDER.is_dir(), reason="../shared/drift-corpus is absent: recorded series stay there"
    ),
]

WINDOWS = (6 * 3600, 24 * 3600)
FAMILIES = ("kubeedge", "llm", "nezha", "rcd")  # machines (alibaba) have neither load nor a person's label
HITS = 2


@dataclass
class Score:
    id: str
    family: str
    label: str
    weeks: float
    episodes: int = 0
    impact_episodes: int = 0


def episodes(verdicts: Iterable[Verdict], kinds: set[VerdictKind]) -> int:
    hits = found = 0
    for verdict in verdicts:
        hits = hits + 1 if verdict.kind in kinds else 0
        found += hits == HITS
    return found


def verdicts(windows: Iterable[Window], policy: DetectionPolicy) -> list[Verdict]:
    return [judge([window], policy)[0] for window in windows]


def scored(recording: corpus.Recording) -> Score:
    measured = recording.latency[np.isfinite(recording.latency)]
    # Nobody recorded an objective: twice its usual latency is one that a healthy service meets.
    objective = 2 * float(np.median(measured)) if len(measured) else 200.0
    policy = replace(DetectionPolicy(), objective_milliseconds=max(objective, 1e-6))
    score = Score(recording.id, recording.family, recording.label, recording.exposure_weeks)
    for seconds in WINDOWS:
        seen = verdicts(corpus.windows_of(recording, seconds), policy)
        score.episodes += episodes(seen, {VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT})
        score.impact_episodes += episodes(seen, {VerdictKind.DRIFTING_WITH_IMPACT})
    return score


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return [scored(recording) for recording in corpus.recordings() if recording.family in FAMILIES]


def test_the_table_is_printed(scores, capsys):
    groups = defaultdict(list)
    for score in scores:
        groups[score.family, score.label].append(score)
    with capsys.disabled():
        print("\nfamily    label   series  alarmed  episodes  impact  exposure weeks")
        for (family, label), rows in sorted(groups.items()):
            alarmed = sum(row.episodes > 0 for row in rows)
            found, impact = sum(row.episodes for row in rows), sum(row.impact_episodes for row in rows)
            weeks = sum(row.weeks for row in rows)
            print(f"{family:9} {label:7} {len(rows):6} {alarmed:8} {found:9} {impact:7} {weeks:15.2f}")
    assert groups


def test_at_least_five_of_seven_leaks_are_found(scores):
    leaks = [score for score in scores if score.label == "leak"]
    assert len(leaks) == 7
    assert sum(leak.episodes > 0 for leak in leaks) >= 5, [leak.id for leak in leaks if not leak.episodes]


def test_the_leak_with_latency_has_impact(scores):
    assert any(score.impact_episodes for score in scores if score.family == "kubeedge")


def test_no_step_is_called_drift(scores):
    assert [score.id for score in scores if score.label == "step" and score.episodes] == []


def test_nothing_healthy_is_called_drift_with_impact(scores):
    assert [score.id for score in scores if score.label == "steady" and score.impact_episodes] == []
